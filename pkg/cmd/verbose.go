package cmd

import (
	"sync"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// observe is what -v does with each call to Kubernetes: a line on ErrOut. It
// is nil without -v.
func (e *Env) observe() func(kube.Call) {
	if e.verbose == 0 {
		return nil
	}
	var mu sync.Mutex
	return func(call kube.Call) {
		result := printer.Line{}
		switch {
		case call.Err != nil:
			result = printer.Bad.Text(call.Err.Error())
		case call.Code != 0:
			result = printer.Textf("%d", call.Code)
		}
		var p printer.Page
		p.Text(printer.Join(" ",
			printer.Dim.Text("kubernetes"),
			printer.Text(call.Verb),
			printer.Text(call.What),
			result,
			printer.Dim.Text("in "+call.Duration.Round(100*time.Microsecond).String()),
		))
		canvas := e.errCanvas()
		canvas.Width = 0
		mu.Lock()
		defer mu.Unlock()
		_ = p.Write(e.ErrOut, canvas)
	}
}
