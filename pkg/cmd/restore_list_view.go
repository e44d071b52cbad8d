package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

// restoreListsPage lists the restored clusters of several namespaces, which come sorted by namespace: a column for it would
// leave the names of clusters no room on a narrow terminal.
func restoreListsPage(all []restore.Restored, now time.Time, wide bool) printer.Page {
	var page printer.Page
	for len(all) > 0 {
		n := slices.IndexFunc(all, func(r restore.Restored) bool { return r.Namespace != all[0].Namespace })
		if n < 0 {
			n = len(all)
		}
		page.Heading("Namespace " + all[0].Namespace)
		page.Append(restoreListPage(all[:n], now, wide))
		all = all[n:]
	}
	return page
}

// restoreListPage lists restored clusters.
func restoreListPage(all []restore.Restored, now time.Time, wide bool) printer.Page {
	var page printer.Page
	t := printer.Table{Columns: []printer.Column{
		{Header: "name"},
		{Header: "state"},
		{Header: "target"},
		{Header: "from", Wide: true},
		{Header: "instances", Align: printer.Right, Wide: true},
		{Header: "age", Align: printer.Right},
	}}
	for i := range all {
		r := &all[i]
		from, target := "-", "-"
		if r.Record != nil {
			from, target = r.Record.Source, wantedText(r.Record.Target)
		}
		t.Add(printer.Bold.Text(r.Name), restoredState(r), printer.Text(target), printer.Text(from),
			printer.Textf("%d/%d", r.ReadyInstances, r.Instances), printer.Text(printer.Duration(now.Sub(r.Created))))
	}
	page.Table(t)
	for i := range all {
		if r := &all[i]; r.Next != "" && (wide || r.Unfinished != nil || r.Record != nil && r.Record.Phase != restore.Former) {
			page.Blank()
			page.Indented(0, 2, printer.Concat(printer.Text(r.Name+": "), printer.Dim.Text(r.Next)))
		}
	}
	return page
}

// wantedText is a target for a table.
func wantedText(w restore.Wanted) string {
	switch {
	case w.Backup != "":
		return "backup " + w.Backup
	case w.LSN > 0:
		return w.LSN.String()
	case w.Latest:
		return "latest"
	}
	return w.Time.UTC().Format("2006-01-02 15:04:05Z")
}

// restoredState is how far a cluster has come.
func restoredState(r *restore.Restored) printer.Line {
	switch {
	case r.Running:
		return printer.Accent.Text("running, by " + r.By)
	case r.Unfinished != nil:
		return printer.Bad.Textf("%s unfinished", r.Unfinished.Direction)
	case r.Current:
		return printer.Good.Text("in service")
	case r.Record != nil && r.Record.Phase == restore.Recovering:
		return printer.Warn.Text("unfinished")
	case r.SupersededBy != "" && r.Fenced:
		return printer.Dim.Text("former, fenced")
	case r.SupersededBy != "":
		return printer.Dim.Text("former")
	case r.Record != nil:
		return printer.Text("restored")
	}
	return printer.Dim.Text("-")
}

// restoreStatusPage is one restored cluster in depth.
func restoreStatusPage(r *restore.Restored, now time.Time) printer.Page {
	var page printer.Page
	page.Text(printer.Concat(printer.Text("Cluster "), printer.Bold.Text(r.Name), printer.Text(" in namespace "+r.Namespace+": "), restoredState(r)))
	page.Blank()
	row := func(name string, value printer.Line) {
		page.Indented(2, 14, printer.Concat(printer.Dim.Textf("%-12s", name), value))
	}
	if rec := r.Record; rec != nil {
		target := wantedText(rec.Target)
		if !rec.Target.Time.IsZero() {
			target = bothTimes(rec.Target.Time, now)
		}
		row("restored", printer.Textf("from %s to %s", rec.Source, target))
		if rec.ReplayedToEnd {
			row("", printer.Text("nothing newer was archived: replayed to the end"))
		}
		begun := bothTimes(rec.Started, now)
		if rec.By != "" {
			begun += ", by " + rec.By
		}
		row("begun", printer.Text(begun))
		if !rec.Recovered.IsZero() {
			row("verified", printer.Textf("%s, %d valid leases", bothTimes(rec.Recovered, now), rec.Leases))
		}
		if !rec.CutOver.IsZero() {
			row("cutover", printer.Textf("%s, after a pause of %.1f s", bothTimes(rec.CutOver, now), rec.PauseSeconds))
		}
	}
	if r.SupersededBy != "" {
		row("place taken", printer.Text("by "+r.SupersededBy))
	}
	instances := printer.Textf("%d of %d ready, timeline %d", r.ReadyInstances, r.Instances, r.Timeline)
	if len(r.Reasons) > 0 {
		instances = printer.Concat(instances, printer.Text(": "), printer.Warn.Text(strings.Join(r.Reasons, "; ")))
	}
	row("instances", instances)
	for i, a := range r.Lineage {
		name := ""
		if i == 0 {
			name = "before it"
		}
		row(name, printer.Textf("%s until %s (archive %s)", a.Cluster, a.Until.UTC().Format("2006-01-02 15:04:05 MST"), cmp.Or(a.ServerName, "-")))
	}
	if u := r.Unfinished; u != nil {
		row("unfinished", printer.Bad.Text(fmt.Sprintf("%s from %s to %s, begun %s by %s", u.Direction, u.From, u.To, bothTimes(u.Started, now), cmp.Or(u.By, "somebody"))))
	}
	switch {
	case r.SupersededBy != "" && r.Next != "":
		row("back to it", printer.Text(r.Next))
		row("be rid of it", printer.Text(fmt.Sprintf("kubectl kea restore cleanup %s -n %s", r.Name, r.Namespace)))
	case r.Next != "":
		row("next", printer.Text(r.Next))
	}
	if r.Abort != "" {
		row("or", printer.Text(r.Abort))
	}
	return page
}
