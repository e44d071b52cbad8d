package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// serversPart is a row a server, and a line a relationship.
func serversPart(p *printer.Page, r status.Report, c printer.Canvas) {
	p.Heading("Servers")
	heard, counts := false, false
	for _, relationship := range r.Relationships {
		for _, peer := range relationship.Peers {
			heard, counts = heard || peer.SeenAge != nil, counts || peer.Unacked != nil
		}
	}
	// Columns that have nothing to tell are left out. In trouble, narrow screens keep their room for what explains it.
	narrow := c.Width > 0 && c.Width < 100
	t := printer.Table{Indent: 2, Columns: []printer.Column{
		{Header: "server"},
		{Header: "role", Give: 2, Min: 7},
		{Header: "state", Give: 3, Min: 11},
		{Header: "serves", Give: 1, Min: 6},
		{Header: "heard", Wide: !heard},
		{Header: "unacked", Align: printer.Right, Wide: !counts},
		{Header: "version", Wide: counts && narrow},
		{Header: "uptime", Wide: true},
		{Header: "restarts", Wide: true, Align: printer.Right},
		{Header: "asked through", Wide: true},
	}}
	for _, relationship := range r.Relationships {
		for _, peer := range relationship.Peers {
			t.Add(peerRow(peer, isServed(relationship))...)
		}
	}
	for _, peer := range r.Standalone {
		t.Add(peerRow(peer, true)...)
	}
	p.Table(t)
	for _, relationship := range r.Relationships {
		p.Indented(2, 4, relationshipLine(relationship))
	}
}

// isServed: no client of this relationship is known to be left alone.
func isServed(r ha.Relationship) bool { return r.Serving == nil || *r.Serving }

// roleOf: a server whose configuration is not known may well have a partner.
func roleOf(p ha.Peer) printer.Line {
	if p.Role == "" && p.LeaseBackend == "" {
		return printer.Warn.Text("unknown")
	}
	return printer.Or(string(p.Role), "alone")
}

func peerRow(p ha.Peer, served bool) []printer.Line {
	return []printer.Line{
		printer.Bold.Text(p.Server), roleOf(p), stateOf(p), serves(p, served), sinceHeard(p.SeenAge), unacked(p),
		printer.Or(p.Version, "-"), uptime(p), printer.Textf("%d", p.Restarts), printer.Or(p.Via, "-"),
	}
}

func stateOf(p ha.Peer) printer.Line {
	switch {
	case !p.Reached && p.State == "":
		return printer.Bad.Text(short(p.Why))
	case p.State == "" && p.Role == "":
		return printer.Good.Text("running")
	case p.State == "":
		return printer.Bad.Text("no HA")
	case p.State == kea.StateHotStandby, p.State == kea.StateLoadBalancing, p.State == kea.StateBackup, p.State == kea.StatePassiveBackup:
		return printer.Good.Text(string(p.State))
	}
	return printer.Warn.Text(string(p.State))
}

// short is the part of a reason that fits a cell; the problems below tell all of it.
func short(why string) string {
	why, _, _ = strings.Cut(why, ", last: ")
	if len(why) > 24 {
		return "not reached"
	}
	return why
}

// serves says which clients a server answers; -o wide of ha status has the scopes. A standby that answers none is as it should be,
// unless nobody else does.
func serves(p ha.Peer, served bool) printer.Line {
	switch {
	case p.Serves == nil:
		return printer.Warn.Text("unknown")
	case *p.Serves && p.State == kea.StateLoadBalancing && len(p.Scopes) == 1, *p.Serves && p.State == kea.StateCommunicationRecovery:
		return printer.Good.Text("own half")
	case *p.Serves:
		return printer.Good.Text("all")
	case p.LeaseQuery == ha.Broken:
		return printer.Bad.Text("no (no database)")
	case len(p.Disabled) > 0 && p.Disabled[0] != "by its HA state machine":
		return printer.Bad.Text("no (disabled)")
	case p.State == kea.StateHotStandby && p.Role == kea.RoleStandby && !served:
		return printer.Bad.Text("no, waits")
	case p.State == kea.StateHotStandby && p.Role == kea.RoleStandby, p.Role == kea.RoleBackup:
		return printer.Dim.Text("standby")
	}
	return printer.Bad.Text("no")
}

// sinceHeard is heard without a word: 80 columns are few.
func sinceHeard(age *ha.Seconds) printer.Line {
	if age == nil {
		return printer.Dim.Text("-")
	}
	return printer.Text(printer.Duration(age.Duration()))
}

func heard(age *ha.Seconds) printer.Line {
	if age == nil {
		return printer.Dim.Text("-")
	}
	return printer.Text(printer.Duration(age.Duration()) + " ago")
}

func unacked(p ha.Peer) printer.Line {
	if p.Unacked == nil {
		return printer.Dim.Text("-")
	}
	return printer.Warn.Textf("%d of %d", *p.Unacked, p.UnackedAllowed)
}

func uptime(p ha.Peer) printer.Line {
	if p.Uptime == nil {
		return printer.Dim.Text("-")
	}
	return printer.Text(printer.Duration(p.Uptime.Duration()))
}

// relationshipLine sums up what the two sides make together.
func relationshipLine(r ha.Relationship) printer.Line {
	parts := []printer.Line{}
	switch {
	case r.Serving == nil:
		parts = append(parts, printer.Warn.Text("serving unknown"))
	case *r.Serving:
		parts = append(parts, printer.Good.Text("served"))
	default:
		parts = append(parts, printer.Bad.Text("nobody serves scope "+strings.Join(r.Unserved, ", ")))
	}
	switch {
	case r.ConfigurationAlike == nil:
		parts = append(parts, printer.Warn.Text("configurations not compared"))
	case *r.ConfigurationAlike:
		parts = append(parts, printer.Text("same configuration"))
	default:
		parts = append(parts, printer.Warn.Text("configurations differ ("+plural(len(r.Differences), "place")+")"))
	}
	switch skew := r.ClockSkewSeconds; {
	case skew == nil:
		parts = append(parts, printer.Dim.Text("clocks not compared"))
	case *skew > 5 || *skew < -5:
		parts = append(parts, printer.Warn.Textf("clocks %d s apart", max(*skew, -*skew)))
	default:
		parts = append(parts, printer.Text("clocks agree"))
	}
	if r.SharedDatabase != nil {
		text := "lease updates between two databases"
		switch {
		case *r.SharedDatabase:
			text = "one shared database"
		case r.Peers[0].LeaseBackend == "memfile":
			text = "leases in files (memfile) that the peers keep alike"
		}
		parts = append(parts, printer.Text(text))
	}
	return printer.Concat(printer.Text(fmt.Sprintf("%s %s: ", r.Service, r.Mode)), printer.Join(", ", parts...))
}

// haPage is `ha status`: the peers in depth.
func haPage(r status.Report, c printer.Canvas) printer.Page {
	var p printer.Page
	p.Text(verdict(r))
	operationsPart(&p, r.Operations, r.Time)
	for _, relationship := range r.Relationships {
		p.Heading(relationship.Name)
		p.Indented(2, 4, relationshipLine(relationship))
		p.Table(peersTable(relationship.Peers, isServed(relationship), c))
		differences(&p, c, "between the peers", relationship.Peers[0].Name, relationship.Peers[len(relationship.Peers)-1].Name, relationship.Differences)
		for _, peer := range relationship.Peers {
			differences(&p, c, "between "+peer.File+" and what "+peer.Name+" runs", "file", "running", peer.FileDifferences)
		}
	}
	if len(r.Standalone) > 0 {
		p.Heading("Without high availability")
		p.Table(peersTable(r.Standalone, true, c))
		for _, peer := range r.Standalone {
			differences(&p, c, "between "+peer.File+" and what "+peer.Name+" runs", "file", "running", peer.FileDifferences)
		}
	}
	problemsPart(&p, r.Problems, c)
	unreadPart(&p, r.Unread)
	return p
}

// peersTable has a column a peer: with two of them that reads better than a row each, and it fits 80 columns.
func peersTable(peers []ha.Peer, served bool, c printer.Canvas) printer.Table {
	t := printer.Table{Indent: 2, Columns: []printer.Column{{}}}
	for range peers {
		t.Columns = append(t.Columns, printer.Column{Give: 1, Min: 12})
	}
	row := func(name string, cell func(ha.Peer) printer.Line) {
		cells := []printer.Line{printer.Dim.Text(name)}
		for _, peer := range peers {
			cells = append(cells, cell(peer))
		}
		t.Add(cells...)
	}
	row("", func(p ha.Peer) printer.Line { return printer.Bold.Text(p.Server) })
	row("role", roleOf)
	row("state", stateOf)
	row("serves", func(p ha.Peer) printer.Line { return serves(p, served) })
	row("its partner sees", func(p ha.Peer) printer.Line {
		if p.SeenState == nil {
			return printer.Dim.Text("-")
		}
		return printer.Join(", ", printer.Or(string(*p.SeenState), "never heard of"), heard(p.SeenAge))
	})
	row("unacked clients", unacked)
	row("lease query", leaseQuery)
	row("service", func(p ha.Peer) printer.Line {
		if len(p.Disabled) > 0 {
			return printer.Warn.Text("disabled " + strings.Join(p.Disabled, ", "))
		}
		return printer.Or(map[bool]string{true: "enabled"}[p.Reached], "-")
	})
	row("runs its file", func(p ha.Peer) printer.Line {
		switch {
		case p.FileDiffers == nil:
			return printer.Dim.Text("not compared")
		case *p.FileDiffers:
			return printer.Warn.Text("differs in " + plural(len(p.FileDifferences), "place"))
		}
		return printer.Text("yes")
	})
	row("version", func(p ha.Peer) printer.Line { return printer.Or(p.Version, "-") })
	row("uptime", func(p ha.Peer) printer.Line {
		return printer.Concat(uptime(p), printer.Dim.Textf(" (%s)", plural(p.Restarts, "restart")))
	})
	row("asked through", func(p ha.Peer) printer.Line { return printer.Or(p.Via, "-") })
	if c.Wide {
		row("scopes", func(p ha.Peer) printer.Line { return printer.Or(strings.Join(p.Scopes, ", "), "none") })
		row("unsent updates", func(p ha.Peer) printer.Line { return printer.Textf("%d", p.UnsentUpdates) })
		row("container started", func(p ha.Peer) printer.Line {
			if p.Started.IsZero() {
				return printer.Dim.Text("-")
			}
			return printer.Text(p.Started.UTC().Format(time.RFC3339))
		})
	}
	return t
}

func leaseQuery(p ha.Peer) printer.Line {
	switch p.LeaseQuery {
	case ha.Works:
		return printer.Good.Text("answered")
	case ha.Broken:
		return printer.Bad.Text("no lease database")
	case ha.Unknown:
	}
	return printer.Dim.Text("-")
}

// differences lists them with -o wide, and else says how to see them.
func differences(p *printer.Page, c printer.Canvas, where, a, b string, all []kea.Difference) {
	if len(all) == 0 {
		return
	}
	if !c.Wide {
		p.Indented(2, 4, printer.Dim.Text(fmt.Sprintf("%s %s; -o wide lists them", plural(len(all), "difference"), where)))
		return
	}
	p.Indented(2, 4, printer.Text(plural(len(all), "difference")+" "+where+":"))
	for _, d := range all {
		p.Indented(4, 8, printer.Concat(printer.Bold.Text(d.Path), printer.Dim.Text("  "+a+": "), printer.Or(d.A, "absent"), printer.Dim.Text("  "+b+": "), printer.Or(d.B, "absent")))
	}
}
