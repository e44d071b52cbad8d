package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// statusPage is the one screen.
func statusPage(r status.Report, c printer.Canvas) printer.Page {
	var p printer.Page
	p.Text(verdict(r))
	operationsPart(&p, r.Operations, r.Time)
	serversPart(&p, r, c)
	for _, d := range r.Databases {
		databasePart(&p, d, r.Time)
	}
	leasesPart(&p, r.VLANs, c)
	problemsPart(&p, r.Problems, c)
	unreadPart(&p, r.Unread)
	return p
}

// verdict is the first line: the answer.
func verdict(r status.Report) printer.Line {
	where := printer.Bold.Text("namespace " + r.Namespace)
	counts := map[problem.Severity]int{}
	for _, p := range r.Problems {
		counts[p.Severity]++
	}
	switch r.Worst {
	case problem.Critical:
		worst := r.Problems[0]
		return printer.Concat(printer.Bad.Text("CRITICAL"), printer.Text("  "), where, printer.Text(": "+worst.Subject+": "+firstClause(worst.Text)), more(counts, len(r.Problems)-1))
	case problem.Warning:
		worst := r.Problems[0]
		return printer.Concat(printer.Warn.Text("WARNING"), printer.Text("  "), where, printer.Text(": "+service(r)+"; "+worst.Subject+": "+firstClause(worst.Text)), more(counts, len(r.Problems)-1))
	case problem.Info, "":
	}
	if !r.Complete {
		return printer.Concat(printer.Warn.Text("UNKNOWN"), printer.Text("  "), where, printer.Text(": nothing is wrong in what could be read; see what could not, below"))
	}
	return printer.Concat(printer.Good.Text("HEALTHY"), printer.Text("  "), where, printer.Textf(": %s", inHealth(r)), more(counts, len(r.Problems)))
}

// urgency orders reports: what is critical, what is a warning, what is not known, what is well.
func urgency(r status.Report) int {
	switch {
	case r.Worst == problem.Critical:
		return 0
	case r.Worst == problem.Warning:
		return 1
	case !r.Complete:
		return 2
	}
	return 3
}

// service says whether clients are served, as far as that is known; when they are not, a critical problem says so.
func service(r status.Report) string {
	for _, relationship := range r.Relationships {
		if relationship.Serving == nil {
			return "whether all clients are served is not known"
		}
	}
	for _, peer := range r.Standalone {
		if peer.Serves == nil {
			return "whether all clients are served is not known"
		}
	}
	return "clients are served"
}

// inHealth is what health consists of.
func inHealth(r status.Report) string {
	servers := len(r.Standalone)
	for _, relationship := range r.Relationships {
		servers += len(relationship.Peers)
	}
	parts := []string{plural(servers, "server")}
	for _, d := range r.Databases {
		if d.Cluster != nil {
			parts = append(parts, fmt.Sprintf("database %s %d/%d", d.Cluster.Name, d.Cluster.ReadyInstances, d.Cluster.Instances))
		}
	}
	if len(r.VLANs) > 0 {
		parts = append(parts, plural(len(r.VLANs), "address range"))
	}
	if len(r.Operations) > 0 {
		parts = append(parts, plural(len(r.Operations), "unfinished operation"))
	}
	return strings.Join(parts, ", ")
}

// firstClause is a sentence up to where its explanation begins.
func firstClause(s string) string {
	clause, _, _ := strings.Cut(s, ";")
	return clause
}

func more(counts map[problem.Severity]int, rest int) printer.Line {
	if rest <= 0 {
		return printer.Line{}
	}
	parts := []string{}
	for _, s := range []problem.Severity{problem.Critical, problem.Warning, problem.Info} {
		switch n := counts[s]; {
		case n == 0:
		case s == problem.Warning:
			parts = append(parts, plural(n, "warning"))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return printer.Dim.Text("  (" + strings.Join(parts, ", ") + ")")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// operationsPart comes before all else: an unfinished operation explains most of what follows.
func operationsPart(p *printer.Page, all []inventory.Operation, now time.Time) {
	if len(all) == 0 {
		return
	}
	p.Heading("Unfinished operations")
	for _, o := range all {
		p.Indented(2, 4, printer.Concat(printer.Warn.Text(o.Kind), printer.Textf(" on %s, at step %q, begun %s by %s", o.Object, o.Step, printer.Ago(o.Started, now), o.By)))
		for _, command := range []struct{ what, line string }{{"continue", o.Continue}, {"abort", o.Abort}} {
			if command.line != "" {
				p.Indented(4, 6, printer.Concat(printer.Dim.Text(command.what+": "), printer.Accent.Text(command.line)))
			}
		}
	}
}

// leasesPart is a row a VLAN and family.
func leasesPart(p *printer.Page, all []status.VLAN, c printer.Canvas) {
	if len(all) == 0 {
		return
	}
	p.Heading("Leases")
	t := printer.Table{Indent: 2, Columns: []printer.Column{
		{Header: "VLAN"},
		{Header: "name", Give: 2, Min: 6},
		{Header: ""},
		{Header: "assigned", Align: printer.Right},
		{Header: "of", Align: printer.Right, Give: 1, Min: 8},
		{Header: "use"},
		{Header: ""},
		{Header: "declined", Align: printer.Right},
		{Header: "prefixes", Wide: true},
		{Header: "subnets", Wide: true},
		{Header: "VLAN from", Wide: true},
		{Header: "counted by", Wide: true},
	}}
	for _, v := range all {
		label := printer.Text(strings.TrimPrefix(v.Label(), "VLAN "))
		share := v.Share()
		tone := printer.Good
		switch {
		case share >= 1:
			tone = printer.Bad
		case share >= 0.9:
			tone = printer.Warn
		}
		assigned, use, declined := printer.Text(v.Assigned.String()), printer.Textf("%s", percent(share)), printer.Text(v.Declined.String())
		if v.CountedBy == "" {
			assigned, use, declined = printer.Dim.Text("?"), printer.Dim.Text("?"), printer.Dim.Text("?")
		}
		prefixes := "-"
		if !v.PrefixesTotal.IsZero() {
			prefixes = v.PrefixesAssigned.String() + " of " + v.PrefixesTotal.String()
		}
		t.Add(label, printer.Or(v.Name, "-"), printer.Dim.Text(family(v.Service)), assigned, printer.Text(total(v.Total)),
			printer.Bar(tone, v.Assigned.Float64(), v.Total.Float64(), barWidth(c)), use, declined,
			printer.Text(prefixes), printer.Text(strings.Join(v.Subnets, ",")), printer.Or(v.From, "-"), printer.Or(v.CountedBy, "nobody"))
	}
	p.Table(t)
}

func barWidth(c printer.Canvas) int {
	if c.Width > 0 && c.Width < 100 {
		return 10
	}
	return 20
}

func percent(share float64) string {
	if share > 0 && share < 0.01 {
		return "<1%"
	}
	return fmt.Sprintf("%.0f%%", share*100)
}

// total writes a number of addresses; what passes a billion is a power of ten.
func total(c kea.Count) string {
	if n, ok := c.Uint64(); ok && n < 1_000_000_000 {
		return c.String()
	}
	return fmt.Sprintf("%.1e", c.Float64())
}

func family(s kea.Service) string {
	if s == kea.DHCP6 {
		return "v6"
	}
	return "v4"
}

// problemsPart lists what is wrong, worst first.
func problemsPart(p *printer.Page, all []problem.Problem, c printer.Canvas) {
	if len(all) == 0 {
		return
	}
	p.Heading("Problems")
	for _, x := range all {
		p.Indented(2, 12, printer.Concat(severity(x.Severity), printer.Bold.Text(x.Subject), printer.Text(": "+x.Text)))
		if x.Next != "" {
			next := printer.Concat(printer.Dim.Text("next: "), printer.Accent.Text(x.Next))
			indent := 12
			if c.Width > 0 && indent+next.Width() > c.Width {
				indent = 4 // a command in one line can be copied
			}
			p.Indented(indent, indent+2, next)
		}
	}
}

// severity is as wide as the widest of them.
func severity(s problem.Severity) printer.Line {
	text := fmt.Sprintf("%-10s", s)
	switch s {
	case problem.Critical:
		return printer.Bad.Text(text)
	case problem.Warning:
		return printer.Warn.Text(text)
	case problem.Info:
	}
	return printer.Dim.Text(text)
}

// unreadPart names what this report does not know.
func unreadPart(p *printer.Page, all []problem.Unread) {
	if len(all) == 0 {
		return
	}
	p.Heading("Could not be read")
	for _, u := range all {
		p.Indented(2, 4, printer.Concat(printer.Warn.Text(u.Source), printer.Text(": "+u.Error)))
	}
}
