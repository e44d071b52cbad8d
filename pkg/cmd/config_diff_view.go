package cmd

import (
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/config"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// configDiffPage is `config diff`: a part for each server, with what differs from its file and from what it runs.
func configDiffPage(r config.Report) printer.Page {
	var p printer.Page
	p.Text(configVerdict(r))
	for i, s := range r.Servers {
		p.Heading(s.Server)
		if !r.Asked {
			p.Indented(2, 4, printer.Join("  ", printer.Text("its file, against what it runs"), comparedOutcome(len(s.Running), s.WhyRunning), printer.Dim.Text(s.Object)))
			changedPart(&p, 4, s.Running, "runs", "file")
			continue
		}
		p.Indented(2, 4, printer.Join("  ", printer.Text("against its file    "), comparedOutcome(len(s.File), s.WhyFile), printer.Dim.Text(s.Object)))
		if first := sameAs(r.Servers[:i], s); first != "" {
			p.Indented(4, 6, printer.Dim.Text("the same as of "+first))
			continue
		}
		changedPart(&p, 4, s.File, "now", "then")
		p.Indented(2, 4, printer.Join("  ", printer.Text("against what it runs"), comparedOutcome(len(s.Running), s.WhyRunning)))
		changedPart(&p, 4, s.Running, "runs", "then")
	}
	return p
}

// sameAs is the first server with the very same differences, of which there are some; "" for none.
func sameAs(before []config.Difference, s config.Difference) string {
	for _, b := range before {
		if len(s.File) > 0 && slices.Equal(b.File, s.File) && slices.Equal(b.Running, s.Running) && b.WhyRunning == s.WhyRunning {
			return b.Server
		}
	}
	return ""
}

// configVerdict is the first line.
func configVerdict(r config.Report) printer.Line {
	where := printer.Textf("  namespace %s: ", r.Namespace)
	differ := 0
	for _, s := range r.Servers {
		if len(s.File)+len(s.Running) > 0 {
			differ++
		}
	}
	switch {
	case r.Found > 0:
		return printer.Concat(printer.Warn.Text("DIFFERENT"), where, printer.Textf("%d of %s", differ, plural(len(r.Servers), "server")))
	case !r.Complete:
		return printer.Concat(printer.Warn.Text("INCOMPLETE"), where, printer.Text("nothing differs, as far as could be compared"))
	}
	return printer.Concat(printer.Good.Text("SAME"), where, printer.Textf("%s, nothing differs", plural(len(r.Servers), "server")))
}

// comparedOutcome says what came of a comparison.
func comparedOutcome(found int, why string) printer.Line {
	switch {
	case why != "":
		return printer.Warn.Text("not compared: " + why)
	case found > 0:
		return printer.Warn.Text(plural(found, "difference"))
	}
	return printer.Good.Text("same")
}

// changedPart lists values before and after.
func changedPart(p *printer.Page, indent int, all []kea.Difference, before, after string) {
	for _, d := range all {
		p.Indented(indent, indent+2, printer.Bold.Text(d.Path))
		p.Indented(indent+2, indent+8, printer.Concat(printer.Dim.Textf("%-6s", before+":"), printer.Or(d.A, "absent")))
		p.Indented(indent+2, indent+8, printer.Concat(printer.Dim.Textf("%-6s", after+":"), printer.Or(d.B, "absent")))
	}
}
