package main

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// The targets.
const (
	mostQuick   = 1.5 // times kubectl kea status
	mostExport  = 1.3 // times port-forward and psql \copy
	leastAPI    = 8.0 // times as long through the API
	mostMemory  = 100 << 20
	mostMemoryX = 1.25 // of an export of 10000 leases: flat
)

// result is all that was measured.
type result struct {
	options
	machine                                                 string
	status, export, copied, raw, sorted, api, small, middle *subject
	quick                                                   []*subject
	compared                                                int    // lines that were the same as psql's
	differs                                                 string // the first that was not
}

// target is one thing to be met.
type target struct {
	what, got, want string
	met             bool
}

func (r *result) targets() []target {
	all := []target{}
	for _, q := range r.quick {
		ratio := q.runs.Ratio(r.status.runs)
		all = append(all, target{q.name, fmt.Sprintf("%.2f times status", ratio), fmt.Sprintf("at most %.1f", mostQuick), ratio <= mostQuick})
	}
	ratio, api := r.export.runs.Ratio(r.copied.runs), r.api.runs.Ratio(r.export.runs)
	growth := float64(r.export.peak) / float64(r.small.peak)
	return append(
		all,
		target{r.export.name, fmt.Sprintf("%.2f times port-forward and psql", ratio), fmt.Sprintf("at most %.1f", mostExport), ratio <= mostExport},
		target{"the API's pages", fmt.Sprintf("%.1f times the export", api), fmt.Sprintf("at least %.0f", leastAPI), api >= leastAPI},
		target{"memory of the export", megabytes(r.export.peak), "at most " + megabytes(mostMemory), r.export.peak <= mostMemory},
		target{"memory, 10000 to all", fmt.Sprintf("%.2f times", growth), fmt.Sprintf("at most %.2f", mostMemoryX), growth <= mostMemoryX},
		target{"same lines as psql's", cmp.Or(r.differs, strconv.Itoa(r.compared-2)), strconv.Itoa(r.leases), r.differs == "" && r.compared == r.leases+2},
	)
}

// met reports whether every target was met.
func (r *result) met() bool {
	for _, t := range r.targets() {
		if !t.met {
			return false
		}
	}
	return true
}

func (r *result) page() printer.Page {
	var p printer.Page
	p.Text(printer.Text(r.machine))
	p.Text(printer.Textf("%d leases of DHCPv4 in 50 VLANs, %d runs of each, taking turns", r.leases, r.rounds))
	p.Blank()
	times := printer.Table{Columns: []printer.Column{
		{Header: "command"},
		{Header: "median", Align: printer.Right},
		{Header: "middle half", Align: printer.Right},
		{Header: "min", Align: printer.Right},
		{Header: "max", Align: printer.Right},
		{Header: "memory", Align: printer.Right},
		{Header: "lines", Align: printer.Right},
	}}
	for _, s := range append(append([]*subject{r.status}, r.quick...), r.export, r.copied, r.raw, r.sorted, r.api, r.middle, r.small) {
		times.Add(
			printer.Text(s.name), printer.Text(seconds(s.runs.Median())),
			printer.Textf("%s to %s", seconds(s.runs.Quantile(0.25)), seconds(s.runs.Quantile(0.75))),
			printer.Text(seconds(s.runs.Quantile(0))), printer.Text(seconds(s.runs.Quantile(1))), printer.Text(megabytes(s.peak)), printer.Textf("%d", s.rows),
		)
	}
	p.Table(times)
	p.Blank()
	targets := printer.Table{Columns: []printer.Column{{Header: "target"}, {Header: "measured"}, {Header: "wanted"}, {}}}
	for _, t := range r.targets() {
		verdict := "missed"
		if t.met {
			verdict = "met"
		}
		targets.Add(printer.Text(t.what), printer.Text(t.got), printer.Text(t.want), printer.Text(verdict))
	}
	p.Table(targets)
	return p
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
