package main

import (
	"fmt"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// mostCarry is how long it may take to carry all of a table of 100000 leases: the target.
const mostCarry = 6 * time.Second

// result is all that was measured.
type result struct {
	options
	machine  string
	subjects []*subject
}

// met reports whether the target was met.
func (r *result) met() bool {
	for _, s := range r.subjects {
		if s.table.leases == 100_000 && s.name == "all of it" && s.runs.Median() > mostCarry {
			return false
		}
	}
	return true
}

func (r *result) page() printer.Page {
	var p printer.Page
	p.Text(printer.Text(r.machine))
	p.Text(printer.Textf("leases of DHCPv4 from one database to another, as Kea's role through the API server; history kept: %t; %d runs of each", r.history, r.rounds))
	p.Blank()
	t := printer.Table{Columns: []printer.Column{
		{Header: "leases", Align: printer.Right},
		{Header: "newer", Align: printer.Right},
		{Header: "what"},
		{Header: "median", Align: printer.Right},
		{Header: "middle half", Align: printer.Right},
		{Header: "min", Align: printer.Right},
		{Header: "max", Align: printer.Right},
		{Header: "rows", Align: printer.Right},
	}}
	for _, s := range r.subjects {
		t.Add(
			printer.Textf("%d", s.table.leases), printer.Textf("%d", s.table.newer), printer.Text(s.name), printer.Text(seconds(s.runs.Median())),
			printer.Textf("%s to %s", seconds(s.runs.Quantile(0.25)), seconds(s.runs.Quantile(0.75))),
			printer.Text(seconds(s.runs.Quantile(0))), printer.Text(seconds(s.runs.Quantile(1))), printer.Textf("%d", s.carried),
		)
	}
	p.Table(t)
	p.Blank()
	verdict := map[bool]string{true: "met", false: "missed"}[r.met()]
	p.Text(printer.Textf("all of 100000 leases, wanted within %s: %s", mostCarry, verdict))
	return p
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
