package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// mostLatency is how many times as long an exchange may take with the history on: the target.
const mostLatency = 1.15

// result is all that was measured.
type result struct {
	options
	machine string
	how     string // the rate was found
	on, off side
	events  string
}

// ratio is how much longer an exchange takes, in the median pair: the machine's mood changes less within a pair than from
// one to the next.
func (r *result) ratio() float64 {
	ratios := []float64{}
	for i := range min(len(r.on.medians), len(r.off.medians)) {
		ratios = append(ratios, float64(r.on.medians[i])/float64(r.off.medians[i]))
	}
	slices.Sort(ratios)
	if n := len(ratios); n%2 == 0 && n > 0 {
		return (ratios[n/2-1] + ratios[n/2]) / 2
	}
	return ratios[len(ratios)/2]
}

func (r *result) met() bool { return r.ratio() <= mostLatency && r.on.lost <= r.off.lost }

func (r *result) page() printer.Page {
	var p printer.Page
	p.Text(printer.Text(r.machine))
	p.Text(printer.Textf("new clients of DHCPv4, %g exchanges a second, %s; %d pairs of runs of %s, taking turns", r.rate, cmp.Or(r.how, "as asked for"), r.rounds, r.duration))
	p.Blank()
	t := printer.Table{Columns: []printer.Column{
		{Header: "history"},
		{Header: "median", Align: printer.Right},
		{Header: "of the runs", Align: printer.Right},
		{Header: "99 of 100", Align: printer.Right},
		{Header: "exchanges", Align: printer.Right},
		{Header: "lost", Align: printer.Right},
	}}
	add := func(name string, s side) {
		t.Add(printer.Text(name), printer.Text(millis(s.medians.Median())), printer.Textf("%s to %s", millis(s.medians.Quantile(0)), millis(s.medians.Quantile(1))),
			printer.Text(millis(s.tails.Median())), printer.Textf("%d", s.started), printer.Textf("%d", s.lost))
	}
	add("off", r.off)
	add("on", r.on)
	p.Table(t)
	p.Blank()
	p.Text(printer.Textf("written: %s", r.events))
	verdict := map[bool]string{true: "met", false: "missed"}[r.met()]
	p.Text(printer.Textf("%.2f times as long in the median pair, wanted at most %.2f and no more losses: %s", r.ratio(), mostLatency, verdict))
	return p
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }
