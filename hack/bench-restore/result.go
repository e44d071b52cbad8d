package main

import (
	"cmp"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// The targets.
const (
	mostOverhead = 5 * time.Second
	mostSilence  = 2500 * time.Millisecond
)

// result is all that was measured.
type result struct {
	options
	machine, how      string
	byHand, byRestore timing.Sample
	cutovers          []cutover
	none              *cutover
}

func (r *result) overheadTime() time.Duration { return r.byRestore.Median() - r.byHand.Median() }

// worst sums up all cutovers: what was lost of anything counts, and the longest silence.
func (r *result) worst() (c cutover) {
	for _, one := range r.cutovers {
		c.Naks, c.Duplicates, c.missing = c.Naks+one.Naks, c.Duplicates+one.Duplicates, c.missing+one.missing
		c.Silence.Longest = max(c.Silence.Longest, one.Silence.Longest)
	}
	return c
}

func (r *result) met() bool {
	w := r.worst()
	return r.overheadTime() <= mostOverhead && w.Silence.Longest <= mostSilence && w.Naks+w.Duplicates+w.missing == 0
}

func (r *result) page() printer.Page {
	var p printer.Page
	p.Text(printer.Text(r.machine))
	p.Text(printer.Textf("%d leases, %d of them newer than the target", r.leases, r.newer))
	if len(r.byHand) > 0 {
		p.Blank()
		t := printer.Table{Columns: []printer.Column{{Header: "recovery"}, {Header: "median", Align: printer.Right}, {Header: "runs", Align: printer.Right}}}
		row := func(name string, s timing.Sample) {
			t.Add(printer.Text(name), seconds(s.Median()), printer.Textf("%.1f to %.1f s", s.Quantile(0).Seconds(), s.Quantile(1).Seconds()))
		}
		row("by hand, until healthy", r.byHand)
		row("restore, verified", r.byRestore)
		p.Table(t)
		p.Text(printer.Textf("%.1f s more in the median, wanted at most %.0f: %s", r.overheadTime().Seconds(), mostOverhead.Seconds(), verdict(r.overheadTime() <= mostOverhead)))
	}
	if len(r.cutovers) > 0 {
		p.Blank()
		p.Text(printer.Textf("cutovers under %g new clients a second, %s", r.rate, cmp.Or(r.how, "as asked for")))
		p.Table(r.table())
		w := r.worst()
		p.Text(printer.Textf("longest silence %.2f s, wanted at most %.1f; %d NAKs, %d duplicates, %d leases missing, wanted none: %s", w.Silence.Longest.Seconds(), mostSilence.Seconds(),
			w.Naks, w.Duplicates, w.missing, verdict(w.Silence.Longest <= mostSilence && w.Naks+w.Duplicates+w.missing == 0)))
	}
	if r.none != nil {
		p.Text(printer.Textf("DANGER, with --carry-leases none: %d of %d addresses that clients hold were free in the new database, to be given to others", r.none.missing, len(r.none.Held)))
	}
	return p
}

func (r *result) table() printer.Table {
	right := func(name string) printer.Column { return printer.Column{Header: name, Align: printer.Right} }
	t := printer.Table{Columns: []printer.Column{right("carried"), right("whole"), right("pause"), right("silence"), right("lost"), right("NAKs"), right("duplicates"), right("missing")}}
	all := r.cutovers
	if r.none != nil {
		all = append(all[:len(all):len(all)], *r.none)
	}
	for _, c := range all {
		t.Add(printer.Textf("%d", c.carried), seconds(c.carry), seconds(c.pause), seconds(c.Silence.Longest), printer.Textf("%d of %d", c.Lost, c.Started),
			printer.Textf("%d", c.Naks), printer.Textf("%d", c.Duplicates), printer.Textf("%d of %d", c.missing, len(c.Held)))
	}
	return t
}

func seconds(d time.Duration) printer.Line { return printer.Textf("%.2f s", d.Seconds()) }

func verdict(fine bool) string {
	if fine {
		return "met"
	}
	return "missed"
}
