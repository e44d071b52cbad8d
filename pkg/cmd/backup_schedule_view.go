package cmd

import (
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// schedulesPage shows when the backups of a database are made.
func schedulesPage(s backup.Schedules) printer.Page {
	var p printer.Page
	p.Text(printer.Concat(printer.Text("Scheduled backups of "), printer.Bold.Text(s.Cluster), printer.Text(" in "), printer.Bold.Text("namespace "+s.Namespace),
		printer.Text(", made by "+methodWords(s.Method)), retained(s.Retention)))
	if len(s.Schedules) == 0 {
		p.Blank()
		p.Indented(2, 2, printer.Warn.Text("there are none: backups are made by hand only"))
		p.Indented(2, 4, printer.Concat(printer.Dim.Text("next: "), printer.Accent.Textf("kubectl kea backup schedule create '0 0 2 * * *' -n %s", s.Namespace)))
	}
	for _, planned := range s.Schedules {
		p.Blank()
		scheduleFacts(&p, planned, s.Time)
	}
	unreadPart(&p, s.Unread)
	return p
}

// scheduleFacts is what one schedule says and leads to.
func scheduleFacts(p *printer.Page, s backup.Planned, now time.Time) {
	row := func(name string, parts ...printer.Line) {
		p.Indented(2, 14, printer.Concat(printer.Dim.Textf("%-12s", name), printer.Join(", ", parts...)))
	}
	p.Text(printer.Bold.Text(s.Name))
	row("runs", printer.Text(s.Words), printer.Dim.Text(s.Schedule.Schedule))
	if s.Suspended {
		row("state", printer.Warn.Text("suspended: no backup is made"))
	}
	if s.Last != nil {
		row("last run", printer.Text(bothTimes(*s.Last, now)))
	}
	for i, run := range s.Runs {
		row(map[bool]string{true: "next runs"}[i == 0], printer.Text(bothTimes(run, now)))
	}
	if s.Error != "" {
		row("error", printer.Bad.Text(s.Error))
	}
	if s.Remark != "" {
		row("remark", printer.Warn.Text(s.Remark))
	}
}

// newSchedulePage shows a schedule that is to be made.
func newSchedulePage(c backup.ScheduleCreation, added, dryRun bool, now time.Time, canvas printer.Canvas) printer.Page {
	var p printer.Page
	where := printer.Concat(printer.Bold.Text(c.Cluster), printer.Text(" in "), printer.Bold.Text("namespace "+c.Namespace))
	if c.Blocked() {
		p.Text(printer.Concat(printer.Text("No schedule can be made for "), where))
	} else {
		p.Text(printer.Concat(printer.Text("A new schedule of backups of "), where, retained(c.Retention)))
		p.Blank()
		scheduleFacts(&p, c.Planned, now)
		if added {
			p.Indented(2, 14, printer.Concat(printer.Dim.Textf("%-12s", "seconds"), printer.Text("added before the five fields: CloudNativePG would have taken the first one for them")))
		}
		if c.Manifest.Spec.Immediate != nil {
			p.Indented(2, 14, printer.Concat(printer.Dim.Textf("%-12s", "begins"), printer.Text("with a backup at once")))
		}
	}
	problemsPart(&p, c.Problems, canvas)
	if dryRun && !c.Blocked() {
		p.Blank()
		p.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return p
}
