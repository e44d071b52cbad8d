package cmd

import (
	"slices"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// backupListPage is the backups of one database, and what can be restored to.
func backupListPage(r backup.Report, wide bool) printer.Page {
	var p printer.Page
	p.Text(printer.Concat(printer.Text("Backups of "), printer.Bold.Text(r.Cluster), printer.Text(" in "), printer.Bold.Text("namespace "+r.Namespace),
		printer.Text(", made by "+methodWords(r.Archive.Method)), retained(r.Retention)))
	p.Blank()
	if len(r.Backups) == 0 {
		p.Indented(2, 2, printer.Warn.Text("there are none"))
	}
	p.Table(backupTable(r, wide))
	failuresPart(&p, r)
	windowPart(&p, r)
	schedulesPart(&p, r.Schedules, r.Time)
	unreadPart(&p, r.Unread)
	return p
}

// retained says how long backups are kept.
func retained(policy string) printer.Line {
	if policy == "" {
		return printer.Text(", kept for ever")
	}
	return printer.Text(", kept for " + policy)
}

// mixed reports backups of several methods; that of one method the first line says.
func mixed(r backup.Report) bool {
	return slices.ContainsFunc(r.Backups, func(b backup.Listed) bool { return b.Method != string(r.Archive.Method) })
}

func backupTable(r backup.Report, wide bool) printer.Table {
	t := printer.Table{Columns: []printer.Column{
		{Header: "name", Give: 1, Min: 20},
		{Header: "method", Wide: !mixed(r)},
		{Header: "started"},
		{Header: "took", Align: printer.Right},
		{Header: "phase"},
		{Header: "verified"},
		{Header: "instance", Wide: true},
		{Header: "begins targets from", Wide: true},
		{Header: "until", Wide: true},
		{Header: "log files", Wide: true},
		{Header: "backup id", Wide: true},
	}}
	for _, b := range r.Backups {
		t.Add(printer.Bold.Text(b.Name), printer.Text(methodWord(b.Method)), startedCell(b, r.Time, wide), tookCell(b, r.Time), phaseCell(b), verifiedCell(b, r.Time),
			printer.OrNone(b.Instance), coverCell(b, true), coverCell(b, false), printer.OrNone(logFiles(b)), printer.OrNone(b.ID))
	}
	return t
}

// methodWord is a method in one word.
func methodWord(m string) string {
	switch cnpg.Method(m) {
	case cnpg.MethodInTree:
		return "in-tree"
	case cnpg.MethodSnapshot:
		return "snapshot"
	case cnpg.MethodPlugin, cnpg.MethodNone:
	}
	return m
}

func startedCell(b backup.Listed, now time.Time, wide bool) printer.Line {
	switch {
	case b.Started == nil:
		return printer.OrNone("")
	case wide:
		return printer.Text(b.Started.UTC().Format(time.RFC3339))
	}
	return printer.Text(printer.Ago(*b.Started, now))
}

func tookCell(b backup.Listed, now time.Time) printer.Line {
	if took := b.Took(now); took > 0 {
		return printer.Text(printer.Duration(took))
	}
	return printer.OrNone("")
}

func phaseCell(b backup.Listed) printer.Line {
	switch {
	case b.Failed():
		return printer.Bad.Text(b.Phase)
	case b.Succeeded() && !b.Restorable:
		return printer.Warn.Text("gone")
	case b.Phase == cnpgv1.BackupPhaseWalArchivingFailing:
		return printer.Bad.Text("archive fails")
	case b.Succeeded():
		return printer.Good.Text(b.Phase)
	}
	return printer.Warn.Text(b.Phase)
}

func verifiedCell(b backup.Listed, now time.Time) printer.Line {
	if b.Verdict == nil {
		return printer.Dim.Text("never")
	}
	return printer.Concat(verdictWord(b.Verdict), printer.Text(" "+printer.Ago(b.Verdict.At, now)))
}

func verdictWord(v *backup.Verdict) printer.Line {
	if v.OK {
		return printer.Good.Text("ok")
	}
	return printer.Bad.Text("FAILED")
}

func coverCell(b backup.Listed, from bool) printer.Line {
	switch {
	case b.Covers == nil:
		return printer.OrNone("")
	case from:
		return printer.Text(b.Covers.From.UTC().Format(time.RFC3339))
	case b.Covers.Until == nil:
		return printer.Text("now")
	}
	return printer.Text(b.Covers.Until.UTC().Format(time.RFC3339))
}

// logFiles are the files of the write-ahead log that a backup cannot do without.
func logFiles(b backup.Listed) string {
	if b.BeginWAL == "" || b.BeginWAL == b.EndWAL {
		return b.BeginWAL
	}
	return b.BeginWAL + " to " + b.EndWAL
}

// failuresPart says why the backups failed that no successful one has followed.
func failuresPart(p *printer.Page, r backup.Report) {
	blank := false
	for _, b := range r.Backups {
		if b.Succeeded() {
			return
		}
		if b.Failure == nil {
			continue
		}
		if !blank {
			p.Blank()
			blank = true
		}
		p.Indented(0, 2, printer.Concat(printer.Bad.Text("✗"), printer.Text(" "), printer.Bold.Text(b.Name), printer.Text(": "+b.Failure.Text)))
		p.Indented(2, 4, printer.Concat(printer.Dim.Text("next: "), printer.Accent.Text("kubectl kea backup describe "+b.Name+" -n "+r.Namespace)))
	}
}

// windowPart is the ruler, and its ends in words.
func windowPart(p *printer.Page, r backup.Report) {
	p.Heading("Can be restored to")
	ruler := printer.Ruler{Indent: 2, Marks: []printer.Mark{{At: r.Time, Label: "now"}}, Lanes: windowLanes(r.Window, r.Time)}
	if len(r.Window.Spans) == 1 && len(ruler.Lanes) == 1 {
		ruler.Lanes[0].Name = printer.Line{}
	}
	for _, lane := range ruler.Lanes {
		ruler.Marks = append(ruler.Marks, printer.Mark{At: lane.From, Label: shortTime(lane.From, r.Time)})
	}
	for i, span := range r.Window.Spans {
		if span.First != nil && i+1 < len(r.Window.Spans) {
			ruler.Marks = append(ruler.Marks, printer.Mark{At: *span.Until, Label: shortTime(*span.Until, r.Time)})
		}
	}
	if len(ruler.Lanes) > 0 {
		p.Ruler(ruler)
		p.Indented(2, 2, printer.Dim.Text("● end of a base backup   ─ archived   · not archived, or not known to be"))
		p.Blank()
	}
	for i, span := range r.Window.Spans {
		if len(r.Window.Spans) > 1 {
			if i > 0 && span.First == nil && !span.Current {
				continue
			}
			p.Text(printer.Bold.Text("  " + span.Cluster))
		}
		var came *time.Time
		if i > 0 {
			came = r.Window.Spans[i-1].Until
		}
		spanPart(p, span, came, r.Time)
	}
}

// shortTime is a moment as short as can be: the day is left out when it is today.
func shortTime(t, now time.Time) string {
	local := t.In(now.Location())
	if local.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return local.Format(time.TimeOnly)
	}
	return local.Format("2006-01-02 15:04")
}

// spanPart says from when until when a cluster's archive reaches. came is when the service moved to it: what its archive holds
// of the time before is not what the servers saw.
func spanPart(p *printer.Page, s backup.Span, came *time.Time, now time.Time) {
	if s.First == nil {
		p.Indented(2, 4, printer.Warn.Text("nothing: there is no successful base backup to begin with"))
		return
	}
	row := func(name string, parts ...printer.Line) {
		p.Indented(2, 9, printer.Concat(printer.Dim.Textf("%-7s", name), printer.Join(", ", parts...)))
	}
	if came != nil && came.After(*s.First) {
		row("after", printer.Text(bothTimes(*came, now)), printer.Text("when the service came back"))
	} else {
		row("after", printer.Text(bothTimes(*s.First, now)))
	}
	end := "the end of the newest backup"
	if s.End != nil {
		end = bothTimes(s.End.Truncate(time.Second), now)
	}
	switch {
	case s.Until != nil:
		row("until", printer.Text(bothTimes(*s.Until, now)), printer.Text("when the service moved on"))
	case s.Live && s.EndKnown:
		row("until", printer.Text("now: PostgreSQL answers, and archives the rest when it must"))
		row("", printer.Text("archived until "+end))
	case s.Live:
		row("until", printer.Text("now: PostgreSQL answers, and archives the rest when it must"))
		row("", printer.Text("archived at least until "+end), waitingLine(s.Waiting))
	case s.EndKnown:
		row("until", printer.Bad.Text(end))
		row("", printer.Bad.Text("what came later is not being archived"), waitingLine(s.Waiting))
	default:
		row("until", printer.Warn.Text("at least "+end))
		row("", printer.Warn.Text("how much further only PostgreSQL knows, which does not answer"))
	}
}

// waitingLine says how much of the log is not archived.
func waitingLine(files int) printer.Line {
	if files == 0 {
		return printer.Line{}
	}
	return printer.Warn.Textf("%s of the log to go", plural(files, "file"))
}

// schedulesPart is a line a schedule.
func schedulesPart(p *printer.Page, all []backup.Planned, now time.Time) {
	p.Heading("Schedules")
	if len(all) == 0 {
		p.Indented(2, 2, printer.Warn.Text("there are none: backups are made by hand only"))
	}
	for _, s := range all {
		parts := []printer.Line{printer.Text(s.Words)}
		switch {
		case s.Suspended:
			parts = append(parts, printer.Warn.Text("suspended"))
		case len(s.Runs) > 0:
			parts = append(parts, printer.Text("next "+printer.Ago(s.Runs[0], now)))
		}
		if s.Error != "" {
			parts = append(parts, printer.Bad.Text(s.Error))
		}
		p.Indented(2, 4, printer.Concat(printer.Bold.Text(s.Name), printer.Text(": "), printer.Join(", ", parts...)))
	}
}
