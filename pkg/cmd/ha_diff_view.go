package cmd

import (
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// haDiffPage is `ha diff`: a part for each server, a line for each comparison, and below it what differs.
func haDiffPage(r ha.DiffReport) printer.Page {
	var p printer.Page
	p.Text(diffVerdict(r))
	width := 0
	for _, c := range r.Comparisons {
		width = max(width, len(compared(c)))
	}
	server := ""
	for _, c := range r.Comparisons {
		if c.Server != server {
			server = c.Server
			p.Heading(server)
		}
		line := printer.Concat(printer.Text(compared(c)), pad(width-len(compared(c))+3), diffOutcome(c))
		p.Indented(2, 4, line)
		for _, d := range c.Differences {
			p.Indented(4, 6, printer.Bold.Text(d.Path))
			p.Indented(6, 8, diffSide(c.A, d.A))
			p.Indented(6, 8, diffSide(c.B, d.B))
		}
		if more := c.Found - len(c.Differences); more > 0 {
			p.Indented(4, 6, printer.Dim.Textf("and %d more", more))
		}
	}
	unreadPart(&p, r.Unread)
	return p
}

// diffVerdict is the first line.
func diffVerdict(r ha.DiffReport) printer.Line {
	where := printer.Textf("  namespace %s: ", r.Namespace)
	differ, not := 0, 0
	for _, c := range r.Comparisons {
		if c.Found > 0 {
			differ++
		}
		if c.Why != "" && !c.Absent {
			not++
		}
	}
	switch {
	case r.Found > 0:
		return printer.Concat(printer.Bad.Text("DIFFERENT"), where, printer.Textf("%s in %d of %s", plural(r.Found, "difference"), differ, plural(len(r.Comparisons), "comparison")))
	case not > 0:
		return printer.Concat(printer.Warn.Text("INCOMPLETE"), where, printer.Textf("%d of %s could not be made", not, plural(len(r.Comparisons), "comparison")))
	}
	return printer.Concat(printer.Good.Text("SAME"), where, printer.Text(plural(len(r.Comparisons), "comparison")+", nothing differs"))
}

// compared says what a comparison is of.
func compared(c ha.Comparison) string {
	switch c.Aspect {
	case ha.AspectPeers:
		return "configuration, against " + c.B
	case ha.AspectLeases:
		return "leases, against " + c.B
	case ha.AspectCredential:
		return "database login, against " + c.B
	case ha.AspectFile:
	}
	return "its file, against what it runs"
}

// diffOutcome says what came of it.
func diffOutcome(c ha.Comparison) printer.Line {
	about := printer.Dim.Text(c.Source)
	if c.Aspect == ha.AspectLeases {
		about = printer.Dim.Textf("of %s", plural(c.Leases, "lease"))
		if c.Bounded {
			about = printer.Warn.Textf("of the first %s, there are more", plural(c.Leases, "lease"))
		}
	}
	switch {
	case c.Absent:
		return printer.Dim.Text("not compared: " + c.Why)
	case c.Why != "":
		return printer.Warn.Text("not compared: " + c.Why)
	case c.Found > 0:
		return printer.Join("  ", printer.Bad.Text(plural(c.Found, "difference")), about)
	}
	return printer.Join("  ", printer.Good.Text("same"), about)
}

func diffSide(name, value string) printer.Line {
	return printer.Concat(printer.Dim.Text(name+": "), printer.Or(value, "absent"))
}
