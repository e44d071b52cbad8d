package main

import (
	"fmt"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// The targets.
const (
	mostStatus  = 2.5 // times kubectl get pods
	mostVersion = 25 * time.Millisecond
	mostSize    = 65 << 20
)

// result is all that was measured.
type result struct {
	machine               string
	size                  int64
	rounds                int
	pods, status, version subject
}

// target is one thing to be met.
type target struct {
	what, got, want string
	met, known      bool
}

func (r *result) targets() []target {
	ratio := r.status.runs.Ratio(r.pods.runs)
	return []target{
		{
			what: "kubectl kea status", got: fmt.Sprintf("%.2f times kubectl get pods", ratio), want: fmt.Sprintf("at most %.1f times", mostStatus),
			met: ratio <= mostStatus, known: ratio > 0,
		},
		{
			what: "kubectl kea version", got: millis(r.version.runs.Median()), want: "at most " + millis(mostVersion),
			met: r.version.runs.Median() <= mostVersion, known: len(r.version.runs) > 0,
		},
		{
			what: "size of the binary", got: printer.Bytes(r.size), want: "at most " + printer.Bytes(mostSize),
			met: r.size <= mostSize, known: true,
		},
	}
}

// met reports whether every target was measured and met.
func (r *result) met() bool {
	for _, t := range r.targets() {
		if !t.known || !t.met {
			return false
		}
	}
	return true
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func (r *result) page() printer.Page {
	var p printer.Page
	p.Text(printer.Text(r.machine))
	p.Text(printer.Textf("%d runs of each, taking turns", r.rounds))
	p.Blank()
	times := printer.Table{Columns: []printer.Column{
		{Header: "command"},
		{Header: "median", Align: printer.Right},
		{Header: "middle half", Align: printer.Right},
		{Header: "min", Align: printer.Right},
		{Header: "max", Align: printer.Right},
		{Header: "ratio", Align: printer.Right},
	}}
	for _, s := range []subject{r.pods, r.status, r.version} {
		if s.missing != "" {
			times.Add(printer.Text(s.name), printer.Text("-"))
			continue
		}
		times.Add(printer.Text(s.name), printer.Text(millis(s.runs.Median())),
			printer.Textf("%s to %s", millis(s.runs.Quantile(0.25)), millis(s.runs.Quantile(0.75))),
			printer.Text(millis(s.runs.Quantile(0))), printer.Text(millis(s.runs.Quantile(1))),
			ratioCell(s.runs.Ratio(r.pods.runs)))
	}
	p.Table(times)
	p.Blank()
	targets := printer.Table{Columns: []printer.Column{{Header: "target"}, {Header: "measured"}, {Header: "wanted"}, {}}}
	for _, t := range r.targets() {
		verdict, got := "missed", t.got
		switch {
		case !t.known:
			verdict, got = "not measured", "-"
		case t.met:
			verdict = "met"
		}
		targets.Add(printer.Text(t.what), printer.Text(got), printer.Text(t.want), printer.Text(verdict))
	}
	p.Table(targets)
	for _, s := range []subject{r.pods, r.status, r.version} {
		if s.missing != "" {
			p.Blank()
			p.Text(printer.Textf("not measured: %s", s.missing))
		}
	}
	return p
}

func ratioCell(ratio float64) printer.Line {
	if ratio == 0 {
		return printer.Text("-")
	}
	return printer.Textf("%.2f", ratio)
}
