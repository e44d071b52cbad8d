package cmd

import (
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// leaseRemovalPage shows what would be deleted, and what not.
func leaseRemovalPage(r removalReport, about leases.Origin, c printer.Canvas) printer.Page {
	var p printer.Page
	if len(r.Delete)+len(r.Refused) == 0 {
		p.Text(printer.Text("nothing to delete"))
		return p
	}
	if len(r.Delete) > 0 {
		p.Text(printer.Concat(printer.Bold.Text(plural(len(r.Delete), "lease")), printer.Text(" to delete, through Kea:")))
		p.Blank()
		p.Table(removalTable(r.Delete, about, c))
		notesPart(&p, r.Delete)
	}
	if len(r.Refused) > 0 {
		if len(r.Delete) > 0 {
			p.Blank()
		}
		p.Text(printer.Concat(printer.Bold.Text(plural(len(r.Refused), "lease")), printer.Text(" not deleted:")))
		for _, refused := range r.Refused {
			p.Indented(2, 4, printer.Concat(printer.Bold.Text(refused.Lease.Resource()), printer.Text(": "), printer.Warn.Text(refused.Refused)))
		}
	}
	if r.DryRun {
		p.Blank()
		p.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return p
}

func removalTable(all []leases.Removal, about leases.Origin, c printer.Canvas) printer.Table {
	rows := make([]*leases.Lease, len(all))
	for i := range all {
		rows[i] = &all[i].Lease
	}
	y := layoutOf(c, false, rows)
	t := printer.Table{Indent: 2, Columns: append(y.columns(), printer.Column{Header: "told", Wide: true})}
	for i, l := range rows {
		t.Add(append(y.row("", l, about.Time), printer.Text(strings.Join(all[i].From, ",")))...)
	}
	return t
}

// notesPart says what to know before, each once.
func notesPart(p *printer.Page, all []leases.Removal) {
	order, about := []string{}, map[string][]string{}
	for _, r := range all {
		for _, note := range r.Notes {
			if about[note] == nil {
				order = append(order, note)
			}
			about[note] = append(about[note], r.Lease.Resource())
		}
	}
	if len(order) == 0 {
		return
	}
	p.Blank()
	for _, note := range order {
		who := strings.Join(about[note], ", ")
		if len(about[note]) > 3 {
			who = plural(len(about[note]), "lease")
		}
		p.Indented(2, 4, printer.Concat(printer.Text(who+": "), printer.Warn.Text(note)))
	}
}

// outcome is what became of a lease.
func outcome(done leases.Removed) printer.Line {
	why := ""
	if done.Why != "" {
		why = ": " + done.Why
	}
	switch done.Outcome {
	case leases.OutcomeDeleted:
		return printer.Concat(printer.Good.Text("deleted"), printer.Text(why))
	case leases.OutcomeGone:
		return printer.Concat(printer.Dim.Text("was gone already"), printer.Text(why))
	case leases.OutcomeChanged:
		return printer.Concat(printer.Warn.Text("left alone"), printer.Text(why))
	case leases.OutcomeFailed:
	}
	return printer.Concat(printer.Bad.Text("failed"), printer.Text(why))
}
