package main

import (
	"cmp"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// The targets.
const (
	mostSilence = 200 * time.Millisecond // of a rotation
	mostWhole   = 10 * time.Second       // of a rotation
	mostTakeOut = time.Second            // of silence
	mostRollout = time.Second            // of silence
)

// work is what is done under load.
type work string

// What is done.
const (
	rotation  work = "rotation"
	rollout   work = "config apply"
	takeOut   work = "maintenance start"
	bringBack work = "maintenance cancel"
)

// row is one work with one kind of clients.
type row struct {
	what work
	mix  mix
	runs []one
}

// subject is one scenario.
type subject struct {
	scenario
	rate float64
	how  string
	rows []*row
}

// result is all that was measured.
type result struct {
	machine   string
	rounds    int
	scenarios []*subject
}

// total sums up a row: what was lost of anything counts, and the longest silence.
func (w *row) total() (sum one) {
	for _, r := range w.runs {
		sum.Started, sum.Lost, sum.Naks, sum.Duplicates = sum.Started+r.Started, sum.Lost+r.Lost, sum.Naks+r.Naks, sum.Duplicates+r.Duplicates
		sum.Silence.Longest, sum.whole, sum.changes = max(sum.Silence.Longest, r.Silence.Longest), max(sum.whole, r.whole), sum.changes+r.changes
	}
	return sum
}

// met: a target is missed by any one run that misses it. What a cancel costs is not promised.
func (w *row) met() bool {
	t := w.total()
	switch w.what {
	case rotation:
		return t.Lost+t.Naks+t.Duplicates+t.changes == 0 && t.Silence.Longest <= mostSilence && t.whole <= mostWhole
	case rollout:
		return t.Naks+t.Duplicates == 0 && t.Silence.Longest <= mostRollout
	case takeOut:
		return t.Duplicates == 0 && t.Silence.Longest <= mostTakeOut
	default:
		return t.Duplicates == 0
	}
}

// verdict is for people.
func (w *row) verdict() string {
	switch {
	case !w.met():
		return "missed"
	case w.what == bringBack:
		return "-"
	}
	return "met"
}

func (r *result) met() bool {
	for _, s := range r.scenarios {
		for _, w := range s.rows {
			if !w.met() {
				return false
			}
		}
	}
	return true
}

func (r *result) page() printer.Page {
	var p printer.Page
	p.Text(printer.Text(r.machine))
	for _, s := range r.scenarios {
		p.Blank()
		p.Text(printer.Textf("%s: clients in VLAN %s at %g exchanges a second, %s; runs of each: %d", s.name, s.vlan, s.rate, cmp.Or(s.how, "as asked for"), r.rounds))
		p.Table(s.table())
	}
	p.Blank()
	p.Text(printer.Textf("wanted of every rotation: 0 lost, 0 NAKs, silence at most %.1f s, at most %.0f s in all, no change of an HA state", mostSilence.Seconds(), mostWhole.Seconds()))
	p.Text(printer.Textf("wanted of every config apply: 0 NAKs, silence at most %.0f s; a server that reloads goes through its HA states", mostRollout.Seconds()))
	p.Text(printer.Textf("wanted of every maintenance start: silence at most %.0f s; a cancel may take a heartbeat, which is %.0f s here", mostTakeOut.Seconds(), heartbeat.Seconds()))
	return p
}

func (s *subject) table() printer.Table {
	right := func(name string) printer.Column { return printer.Column{Header: name, Align: printer.Right} }
	t := printer.Table{Columns: []printer.Column{
		{Header: "what"}, {Header: "clients"}, right("lost"), right("NAKs"), right("silence"), right("worst"), right("in all"), right("min to max"), right("HA changes"), {Header: "target"},
	}}
	for _, w := range s.rows {
		sum := w.total()
		var silences, wholes timing.Sample
		for _, r := range w.runs {
			silences, wholes = append(silences, r.Silence.Longest), append(wholes, r.whole)
		}
		changes := "-"
		if w.what == rotation || w.what == rollout {
			changes = printer.Textf("%d", sum.changes).String()
		}
		t.Add(
			printer.Text(string(w.what)), printer.Text(w.mix.name), printer.Textf("%d of %d", sum.Lost, sum.Started), printer.Textf("%d", sum.Naks),
			printer.Textf("%.2f s", silences.Median().Seconds()), printer.Textf("%.2f s", sum.Silence.Longest.Seconds()),
			printer.Textf("%.1f s", wholes.Median().Seconds()), printer.Textf("%.1f to %.1f s", wholes.Quantile(0).Seconds(), wholes.Quantile(1).Seconds()),
			printer.Text(changes), printer.Text(w.verdict()),
		)
	}
	return t
}
