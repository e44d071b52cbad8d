package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// databasePart is a few lines a database.
func databasePart(p *printer.Page, d status.Database, now time.Time) {
	name := d.Host
	if d.Cluster != nil {
		name = d.Cluster.Name
	}
	p.Heading("Database " + name)
	// Paragraphs and not a table: what does not fit a line goes on in the next, under its own.
	row := func(name string, parts ...printer.Line) {
		p.Indented(2, 15, printer.Concat(printer.Dim.Textf("%-13s", name), printer.Join(", ", parts...)))
	}
	if c := d.Cluster; c != nil {
		row("cluster", clusterLine(d)...)
		row("primary", primaryLine(d, now)...)
		row("archive", archiveLine(c.Archiving)...)
		row("backups", backupsLine(d.Backups, now)...)
	}
	row("reached by", reachedLine(d)...)
	row("login", loginLine(d, now)...)
}

func clusterLine(d status.Database) []printer.Line {
	c := d.Cluster
	judged := printer.Good.Text("healthy")
	switch {
	case !c.Serving:
		judged = printer.Bad.Text("not serving")
	case !c.Healthy:
		judged = printer.Warn.Text("not healthy")
	}
	parts := []printer.Line{judged, printer.Textf("%d of %d instances ready", c.ReadyInstances, c.Instances)}
	if len(c.Fenced) > 0 {
		parts = append(parts, printer.Bad.Text("fenced: "+strings.Join(c.Fenced, " ")))
	}
	if c.Transition != cnpg.TransitionNone {
		parts = append(parts, printer.Warn.Text(string(c.Transition)+" to "+c.TargetPrimary))
	}
	if c.PostgresMajor != 0 {
		parts = append(parts, printer.Textf("PostgreSQL %d", c.PostgresMajor))
	}
	if d.Look.SizeBytes > 0 {
		parts = append(parts, printer.Text(printer.Bytes(d.Look.SizeBytes)))
	}
	return parts
}

func primaryLine(d status.Database, now time.Time) []printer.Line {
	parts := []printer.Line{printer.Or(d.Cluster.Primary, "none")}
	if d.Cluster.PrimarySince != nil {
		parts = append(parts, printer.Text("for "+printer.Duration(now.Sub(*d.Cluster.PrimarySince))))
	}
	wanted, worst := d.Cluster.Instances-1, int64(0)
	switch {
	case wanted <= 0:
		return append(parts, printer.Text("no replica"))
	case d.Primary == nil || d.Primary.Error != "":
		return append(parts, printer.Warn.Textf("lag of %s not known", plural(wanted, "replica")))
	}
	for _, r := range d.Primary.Replicas {
		worst = max(worst, r.Lag.Bytes)
	}
	replicas := len(d.Primary.Replicas)
	tone := printer.Plain
	if replicas < wanted {
		tone = printer.Warn
	}
	parts = append(parts, tone.Textf("%d of %d replicas follow, at most %s behind", replicas, wanted, printer.Bytes(worst)))
	return parts
}

func archiveLine(a cnpg.Archiving) []printer.Line {
	if !a.Configured {
		return []printer.Line{printer.Warn.Text("none")}
	}
	state := printer.Dim.Text("not yet known")
	if a.Working != nil {
		state = printer.Bad.Text("failing")
		if *a.Working {
			state = printer.Good.Text("working")
		}
	}
	return []printer.Line{state, printer.Text(string(a.Method)), printer.Text("to " + a.Target)}
}

func backupsLine(b *cnpg.BackupState, now time.Time) []printer.Line {
	if b == nil {
		return []printer.Line{printer.Warn.Text("unknown")}
	}
	parts := []printer.Line{}
	if last := b.LastSuccessful; last != nil {
		when := last.Created
		if last.Stopped != nil {
			when = *last.Stopped
		}
		parts = append(parts, printer.Text("last "+printer.Ago(when, now)))
	} else {
		parts = append(parts, printer.Warn.Text("none successful"))
	}
	if n := len(b.Running); n > 0 {
		parts = append(parts, printer.Textf("%d running", n))
	}
	if b.Window.First != nil {
		parts = append(parts, printer.Text("restorable since "+b.Window.First.UTC().Format(time.RFC3339)))
	}
	for _, s := range b.Schedules {
		if s.Next != nil && !s.Suspended {
			parts = append(parts, printer.Text("next "+printer.Ago(*s.Next, now)))
			break
		}
	}
	return parts
}

func reachedLine(d status.Database) []printer.Line {
	tone := printer.Plain
	if d.Role != cnpg.RolePrimary && d.Role != cnpg.RolePooler {
		tone = printer.Warn
	}
	return []printer.Line{tone.Text(d.Leads)}
}

func loginLine(d status.Database, now time.Time) []printer.Line {
	parts := []printer.Line{}
	switch look := d.Look; {
	case !look.Tried:
		parts = append(parts, printer.Warn.Text("not tried: "+look.Why))
	case look.Viewer != "":
		parts = append(parts, viewerLogin(look))
	case look.Error != "":
		parts = append(parts, printer.Bad.Text("as "+d.User+" fails"))
	case look.InRecovery, look.ReadOnly:
		parts = append(parts, printer.Bad.Text("as "+d.User+" works, and nothing can be written"))
	default:
		parts = append(parts, printer.Good.Text("as "+d.User+" works"))
	}
	if d.Look.Schema != "" {
		parts = append(parts, printer.Text("schema "+d.Look.Schema))
		if d.User != "" { // it may stand in a file that we may not read
			parts = append(parts, printer.Text(plural(d.Look.Sessions, "session")))
		}
	}
	if d.Look.Viewer != "" {
		return append(parts, printer.Warn.Textf("not tried: whether Kea itself can log in and write (%s)", d.Look.Why))
	}
	if d.Credential.Source != "" {
		text := "password in " + d.Credential.Source
		if d.Credential.Changed != nil {
			text += fmt.Sprintf(", set %s", printer.Ago(*d.Credential.Changed, now))
		}
		parts = append(parts, printer.Text(text))
	}
	return parts
}

// viewerLogin is how the read-only login went.
func viewerLogin(look status.Look) printer.Line {
	as := "as " + look.Viewer + " (read-only)"
	switch {
	case look.Error != "":
		return printer.Bad.Text(as + " fails")
	case look.InRecovery:
		return printer.Bad.Text(as + " works, and nothing can be written")
	}
	return printer.Good.Text(as + " works")
}
