package cmd

import (
	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// backupPage is all about one backup.
func backupPage(d backup.Description) printer.Page {
	var p printer.Page
	p.Text(printer.Concat(printer.Text("Backup "), printer.Bold.Text(d.Name), printer.Text(" in "), printer.Bold.Text("namespace "+d.Namespace), printer.Text(": "), phaseCell(d.Listed)))
	p.Blank()
	row := func(name string, parts ...printer.Line) {
		if line := printer.Join(", ", parts...); !line.Empty() {
			p.Indented(2, 14, printer.Concat(printer.Dim.Textf("%-12s", name), line))
		}
	}
	row("of", printer.Text("cluster "+d.Cluster), foreignLine(d))
	row("by", printer.Text(methodWords(cnpg.Method(d.Method))), scheduleLine(d))
	if d.Instance != "" {
		row("from", printer.Text("instance "+d.Instance), majorLine(d.Major))
	}
	if d.Started != nil {
		row("started", printer.Text(bothTimes(*d.Started, d.Time)))
	}
	if d.Stopped != nil && d.Succeeded() {
		row("ended", printer.Text(bothTimes(*d.Stopped, d.Time)))
	}
	row("took", tookCell(d.Listed, d.Time))
	if d.Failure != nil {
		row("failed", printer.Bad.Text(d.Failure.Text))
		if d.Failure.Said != d.Failure.Text {
			row("said", printer.Text(d.Failure.Said))
		}
		row("next", printer.Accent.Text(d.Failure.Next))
	}
	if d.Succeeded() {
		row("good for", useLine(d))
		row("verified", verdictLines(d)...)
	}
	if d.Archive.Method == cnpg.MethodPlugin || d.Archive.Method == cnpg.MethodInTree {
		row("in", printer.Text(archiveText(d.Archive)), printer.Text(d.Destination))
	}
	row("backup id", printer.Text(d.ID))
	row("log", logLine(d))
	unreadPart(&p, d.Unread)
	return p
}

// foreignLine says that a backup is not of the database that is in service.
func foreignLine(d backup.Description) printer.Line {
	switch {
	case d.Cluster == d.Current:
		return printer.Line{}
	case d.Archive.Method != cnpg.MethodNone:
		return printer.Text("which was in service before " + d.Current)
	}
	return printer.Warn.Text("which is not " + d.Current + ", the database of the Kea servers")
}

func scheduleLine(d backup.Description) printer.Line {
	if d.Schedule == "" {
		return printer.Text("asked for by hand")
	}
	return printer.Text("schedule " + d.Schedule)
}

func majorLine(major int) printer.Line {
	if major == 0 {
		return printer.Line{}
	}
	return printer.Textf("PostgreSQL %d", major)
}

// useLine is what a restore can use it for.
func useLine(d backup.Description) printer.Line {
	switch c := d.Covers; {
	case c == nil:
		return printer.Warn.Text("nothing, as far as is known: the archive does not hold it any more, or it lies in another one")
	case c.Until == nil:
		return printer.Textf("restores to any moment after %s", shortTime(c.From, d.Time))
	default:
		return printer.Textf("restores to any moment after %s; for those after %s a later backup or archive is nearer", shortTime(c.From, d.Time), shortTime(*c.Until, d.Time))
	}
}

func verdictLines(d backup.Description) []printer.Line {
	if d.Verdict == nil {
		return []printer.Line{printer.Dim.Text("never"), printer.Accent.Text("kubectl kea backup verify " + d.Name + " -n " + d.Namespace)}
	}
	return []printer.Line{verdictWord(d.Verdict), printer.Text(bothTimes(d.Verdict.At, d.Time))}
}

func logLine(d backup.Description) printer.Line {
	files := logFiles(d.Listed)
	if files == "" || d.BeginLSN == 0 {
		return printer.Text(files)
	}
	return printer.Textf("%s (%s to %s)", files, d.BeginLSN, d.EndLSN)
}
