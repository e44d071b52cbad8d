package cmd

import (
	"maps"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// leaseTelling collects what people are told beside the leases of a list.
type leaseTelling struct {
	abouts  []leases.Origin
	found   int
	missing map[string]int // by the server that misses them
}

// count notes a lease that is shown.
func (t *leaseTelling) count(l *leases.Lease) {
	t.found++
	for _, server := range l.MissingOn {
		if t.missing == nil {
			t.missing = map[string]int{}
		}
		t.missing[server]++
	}
}

// tell writes it beside the data. shown is how many leases a limit let through, if more were found.
func (t *leaseTelling) tell(e *Env, shown int, more bool) {
	if t.found == 0 {
		e.remark("no leases found")
	}
	if more {
		e.remark("%d leases are shown and there are more: --limit 0 shows all, --vlan, --hostname, --state and others choose", shown)
	}
	for _, server := range slices.Sorted(maps.Keys(t.missing)) {
		e.remark("%s: %s does not have them; -o wide shows which", plural(t.missing[server], "lease"), server)
	}
	for _, about := range t.abouts {
		e.aboutNotes(about)
	}
}

// aboutNotes writes what a reader must know of an answer beside the data.
func (e *Env) aboutNotes(about leases.Origin) {
	var p printer.Page
	for _, note := range about.Notes {
		p.Indented(0, 6, printer.Concat(printer.Warn.Text("note:"), printer.Text(" "+note)))
	}
	for _, u := range about.Unread {
		p.Indented(0, 6, printer.Concat(printer.Warn.Text("not read:"), printer.Textf(" %s: %s", u.Source, u.Error)))
	}
	_ = p.Write(e.ErrOut, e.errCanvas()) // the answer itself was written
}

// remark writes a line for people beside the data.
func (e *Env) remark(format string, args ...any) {
	var p printer.Page
	p.Text(printer.Dim.Textf(format, args...))
	_ = p.Write(e.ErrOut, e.errCanvas())
}

// echoTime is a moment with its zone, for people to check what was understood.
func echoTime(t time.Time) string { return t.Format("2006-01-02 15:04:05 -0700 MST") }
