package cmd

import (
	"strconv"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// The observers are what -v does with each call: a line on ErrOut. Without -v
// they are nil. Calls carry no arguments, so nothing secret can show.

func (e *Env) observeKube() func(kube.Call) {
	if e.verbose == 0 {
		return nil
	}
	return func(c kube.Call) {
		result := ""
		if c.Code != 0 {
			result = strconv.Itoa(c.Code)
		}
		e.trace("kubernetes", c.Verb+" "+c.What, result, c.Err, c.Duration)
	}
}

func (e *Env) observeKea() func(kea.Call) {
	if e.verbose == 0 {
		return nil
	}
	return func(c kea.Call) {
		result := printer.Bytes(c.Bytes)
		if c.Attempts > 1 {
			result += ", tried " + strconv.Itoa(c.Attempts) + " times"
		}
		e.trace("kea", c.Command+" "+string(c.Service)+" "+c.Endpoint, result, c.Err, c.Duration)
	}
}

func (e *Env) observeSQL() func(keadb.Call) {
	if e.verbose == 0 {
		return nil
	}
	return func(c keadb.Call) { e.trace("sql", c.Name+" "+c.Target, "", c.Err, c.Duration) }
}

// trace writes the line of one call. Calls end at the same time.
func (e *Env) trace(kind, what, result string, err error, took time.Duration) {
	outcome := printer.Text(result)
	if err != nil {
		outcome = printer.Bad.Text(err.Error())
	}
	var p printer.Page
	p.Text(printer.Join(" ",
		printer.Dim.Text(kind), printer.Text(what), outcome, printer.Dim.Text("in "+took.Round(100*time.Microsecond).String())))
	canvas := e.errCanvas()
	canvas.Width = 0
	e.tracing.Lock()
	defer e.tracing.Unlock()
	_ = p.Write(e.ErrOut, canvas) // a trace that cannot be written must not stop the command
}
