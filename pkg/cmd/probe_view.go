package cmd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/probe"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// probePage is a row for each server of each VLAN.
func probePage(r probe.Report, c printer.Canvas) printer.Page {
	var p printer.Page
	p.Text(probeVerdict(r))
	p.Blank()
	several := slices.ContainsFunc(r.Links, func(l probe.LinkReport) bool { return l.Clients > 1 })
	t := printer.Table{Columns: []printer.Column{
		{Header: "vlan"},
		{Header: "name", Give: 2, Min: 6},
		{Header: "subnet", Wide: true},
		{Header: "server", Give: 1, Min: 10},
		{Header: "role", Wide: true},
		{Header: "state", Wide: true},
		{Header: "answer", Give: 3, Min: 16},
		{Header: "address", Give: 4, Min: 12},
		{Header: "took", Align: printer.Right},
		{Header: "lease", Align: printer.Right, Wide: true},
	}}
	if r.Full {
		t.Columns = append(t.Columns, printer.Column{Header: "ack", Align: printer.Right})
	}
	if several {
		t.Columns = append(t.Columns, printer.Column{Header: "clients", Align: printer.Right})
	}
	for _, l := range r.Links {
		vlan := ""
		if l.VLAN > 0 {
			vlan = fmt.Sprint(l.VLAN)
		}
		name := l.VLANName
		if name == "" && vlan == "" {
			name = strings.Join(l.Subnets, ", ")
		}
		for _, s := range l.Servers {
			cells := []printer.Line{
				printer.OrNone(vlan), printer.OrNone(name), printer.Text(strings.Join(l.Subnets, ", ")), printer.Bold.Text(s.Server), printer.Or(string(s.Role), "alone"),
				printer.Or(string(s.State), "-"), answerOf(s), printer.Or(s.Address, "-"), took(s.Milliseconds), leaseTime(s),
			}
			if r.Full {
				cells = append(cells, took(s.AckMilliseconds))
			}
			if several {
				cells = append(cells, printer.Textf("%d of %d", s.Clients, l.Clients))
			}
			t.Add(cells...)
		}
	}
	p.Table(t)
	problemsPart(&p, r.Problems, c)
	unreadPart(&p, r.Unread)
	return p
}

// probeVerdict sums up in a line.
func probeVerdict(r probe.Report) printer.Line {
	where := printer.Bold.Text("namespace " + r.Namespace)
	counts := map[problem.Severity]int{}
	for _, p := range r.Problems {
		counts[p.Severity]++
	}
	if r.Worst.AtLeast(problem.Warning) {
		worst := r.Problems[0]
		word := printer.Warn.Text("WARNING")
		if worst.Severity == problem.Critical {
			word = printer.Bad.Text("CRITICAL")
		}
		return printer.Concat(word, printer.Text("  "), where, printer.Text(": "+worst.Subject+": "+firstClause(worst.Text)), more(counts, len(r.Problems)-1))
	}
	healthy := func(format string, args ...any) printer.Line {
		return printer.Concat(printer.Good.Text("HEALTHY"), printer.Text("  "), where, printer.Textf(": "+format, args...))
	}
	served, untold := []probe.LinkReport{}, len(r.Problems)
	for _, l := range r.Links {
		if l.Answered > 0 {
			served = append(served, l)
		}
	}
	switch {
	case len(served) == 0 && untold > 0:
		return printer.Concat(printer.Warn.Text("UNKNOWN"), printer.Text("  "), where, printer.Text(": a probe can tell nothing of "+plural(len(r.Links), "network")+", see below"))
	case len(served) == 0:
		return healthy("the servers asked are silent, as they should be: others are to answer")
	}
	rest := ""
	if untold > 0 {
		rest = fmt.Sprintf("; of %d more a probe can tell nothing, see below", untold)
	}
	switch {
	case len(served) == 1 && r.Full:
		return healthy("%s gets leases%s", served[0].Label(), rest)
	case len(served) == 1:
		return healthy("%s gets addresses%s", served[0].Label(), rest)
	case r.Full:
		return healthy("%d networks get leases%s", len(served), rest)
	}
	return healthy("%d networks get addresses%s", len(served), rest)
}

// answerOf is what a server did, for people.
func answerOf(s probe.ServerReport) printer.Line {
	switch s.Outcome {
	case probe.Offered:
		return printer.Good.Text("offer")
	case probe.Granted:
		text := "ack"
		switch {
		case s.Released == nil:
			return printer.Concat(printer.Good.Text(text), printer.Warn.Text(", release not seen"))
		case !*s.Released:
			return printer.Concat(printer.Good.Text(text), printer.Bad.Text(", not released"))
		}
		return printer.Good.Text(text + ", released")
	case probe.Silent:
		if s.Why != "" {
			return printer.Dim.Text("silent, " + s.Why)
		}
		return printer.Warn.Text("silent")
	case probe.Refused, probe.Unreached:
	}
	return printer.Bad.Text(string(s.Outcome) + ": " + s.Why)
}

func took(ms *float64) printer.Line {
	switch {
	case ms == nil:
		return printer.Dim.Text("-")
	case *ms < 10:
		return printer.Textf("%.1f ms", *ms)
	}
	return printer.Textf("%.0f ms", *ms)
}

func leaseTime(s probe.ServerReport) printer.Line {
	if s.LeaseSeconds == 0 {
		return printer.Dim.Text("-")
	}
	return printer.Text(printer.Duration(time.Duration(s.LeaseSeconds) * time.Second))
}
