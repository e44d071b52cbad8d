package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

// planOptions are what a plan's screen depends on beside the plan.
type planOptions struct {
	dryRun, cutover bool
	carry           restore.Carrying
}

// restorePlanPage shows what a restore would do, what would be forgotten, and what stands against it.
func restorePlanPage(p restore.Plan, o planOptions, now time.Time, c printer.Canvas) printer.Page {
	var page printer.Page
	where := printer.Bold.Text("namespace " + p.Namespace)
	switch {
	case p.Source == "":
		page.Text(printer.Concat(printer.Text("No restore in "), where))
	case p.Blocked():
		page.Text(printer.Concat(printer.Text("Cluster "), printer.Bold.Text(p.Source), printer.Text(" in "), where, printer.Text(" cannot be restored like this")))
	default:
		page.Text(printer.Concat(printer.Text("Restore cluster "), printer.Bold.Text(p.Source), printer.Text(" in "), where, printer.Text(" into the new cluster "), printer.Bold.Text(p.Name)))
	}
	if p.Source != "" {
		aimPart(&page, p, now)
	}
	if !p.Blocked() {
		lossPart(&page, p)
		if o.cutover && o.carry.String() != "all" {
			page.Indented(2, 2, carryLine(o.carry))
		}
		stepsPart(&page, p, o.cutover)
	}
	problemsPart(&page, p.Problems, c)
	if o.dryRun && !p.Blocked() {
		page.Blank()
		page.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return page
}

// aimPart says what is restored, from where, and into what, with the times on a ruler.
func aimPart(page *printer.Page, p restore.Plan, now time.Time) {
	page.Blank()
	row := func(name string, parts ...printer.Line) {
		page.Indented(2, 12, printer.Concat(printer.Dim.Textf("%-10s", name), printer.Join(", ", parts...)))
	}
	row("target", targetLines(p, now)...)
	if p.Clamped != nil {
		row("", printer.Warn.Text("instead of "+bothTimes(*p.Clamped, now)+", which cannot be restored to"))
	}
	if span := p.Chosen.Span; span.Cluster != "" {
		row("from", fromLines(p, now)...)
		row("in", printer.Text(archiveText(span.Archive)))
		if !span.Current {
			row("", printer.Warn.Textf("written by cluster %s, which was in service then", span.Cluster))
		}
	}
	if p.Manifest != nil {
		row("into", intoLines(p)...)
	}
	if ruler := planRuler(p, now); len(ruler.Lanes) > 0 {
		page.Blank()
		page.Ruler(ruler)
		page.Indented(2, 2, printer.Dim.Text(rulerLegend(p.Window)))
	}
}

// rulerLegend says what the ruler's signs mean.
func rulerLegend(w backup.Window) string {
	legend := "● base backup  ─ archived"
	for _, span := range w.Spans {
		switch {
		case span.Until != nil || span.EndKnown && !span.Live:
		case span.Live:
			legend += "  · will be archived when the restore begins"
		default:
			legend += "  · perhaps archived"
		}
	}
	return legend
}

func targetLines(p restore.Plan, now time.Time) []printer.Line {
	switch t := p.Target; {
	case t.Backup != "":
		parts := []printer.Line{printer.Bold.Text("the end of backup " + t.Backup)}
		if !p.Since.IsZero() {
			parts = append(parts, printer.Text(bothTimes(p.Since, now)))
		}
		return parts
	case t.LSN > 0:
		return []printer.Line{printer.Bold.Text("position " + t.LSN.String() + " in the write-ahead log")}
	case t.Latest:
		return []printer.Line{printer.Bold.Text("all that is archived")}
	}
	return []printer.Line{printer.Bold.Text(bothTimes(p.Target.Time, now))}
}

// bothTimes is a moment as everybody here and elsewhere reads it, and how far away it is.
func bothTimes(t, now time.Time) string {
	local, utc := t.In(now.Location()), t.UTC()
	text := local.Format("2006-01-02 15:04:05.999999 MST")
	if _, offset := local.Zone(); offset != 0 || local.Location() != time.UTC && local.Format("MST") != "UTC" {
		text += " = " + utc.Format("2006-01-02 15:04:05.999999 UTC")
	}
	return text + ", " + distance(t, now)
}

// distance is how far a moment is from now, more exactly than other ages: it tells one from the next.
func distance(t, now time.Time) string {
	d := now.Sub(t)
	if d.Abs() < time.Second {
		return "just now"
	}
	text := []string{}
	rest := d.Abs().Truncate(time.Second)
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if n := rest / unit.size; n > 0 && len(text) < 2 {
			text = append(text, fmt.Sprintf("%d%s", n, unit.name))
			rest -= n * unit.size
		} else if len(text) > 0 {
			break // 1d 5m is more than anybody wants to know
		}
	}
	if d < 0 {
		return "in " + strings.Join(text, " ")
	}
	return strings.Join(text, " ") + " ago"
}

// fromLines is what is read, in which order.
func fromLines(p restore.Plan, now time.Time) []printer.Line {
	text := "the base backup nearest to it, whose Backup object is gone"
	if base := p.Chosen.Base; base != nil {
		text = "backup " + base.Name
		if base.Stopped != nil && p.Target.Backup == "" {
			text += fmt.Sprintf(", ended %s, %s", base.Stopped.In(now.Location()).Format("2006-01-02 15:04:05 MST"), distance(*base.Stopped, now))
		}
	}
	parts := []printer.Line{printer.Text(text)}
	if p.Target.Backup == "" {
		parts = append(parts, printer.Text("and the write-ahead log from there on"))
	}
	return parts
}

// archiveText is where an archive lies.
func archiveText(a cnpg.Archive) string {
	if a.Store != "" {
		return fmt.Sprintf("ObjectStore %s, folder %s", a.Store, a.ServerName)
	}
	return "the object store of the cluster, folder " + a.ServerName
}

func intoLines(p restore.Plan) []printer.Line {
	spec := func(path ...string) string {
		value, _, _ := unstructured.NestedString(p.Manifest.Object, append([]string{"spec"}, path...)...)
		return value
	}
	instances, _, _ := unstructured.NestedInt64(p.Manifest.Object, "spec", "instances")
	parts := []printer.Line{printer.Text("cluster " + p.Name)}
	text := plural(int(instances), "instance")
	if size := spec("storage", "size"); size != "" {
		text += " of " + size
	}
	if size := spec("walStorage", "size"); size != "" {
		text += " and " + size + " for the log"
	}
	parts = append(parts, printer.Text(text))
	if base := p.Chosen.Base; base != nil && base.Major > 0 {
		parts = append(parts, printer.Textf("PostgreSQL %d", base.Major))
	}
	return append(parts, printer.Textf("all else like %s", p.Source))
}

// planRuler shows the target on what can be restored to.
func planRuler(p restore.Plan, now time.Time) printer.Ruler {
	r := printer.Ruler{Indent: 2}
	if r.Lanes = windowLanes(p.Window, now); len(r.Lanes) == 0 {
		return r
	}
	mark := func(t time.Time, label string, strong bool) {
		r.Marks = append(r.Marks, printer.Mark{At: t, Label: label, Strong: strong})
	}
	switch t := p.Target; {
	case !t.Time.IsZero():
		mark(t.Time, "target", true)
	case t.Backup != "" && !p.Since.IsZero():
		mark(p.Since, "target", true)
	}
	mark(now, "now", false)
	return r
}

// windowLanes are the parts of a recovery window, a lane for each cluster: one that the service came back to has one too.
func windowLanes(w backup.Window, now time.Time) []printer.Lane {
	lanes := []printer.Lane{}
	number := map[string]int{}
	for _, span := range w.Spans {
		if span.First == nil {
			continue
		}
		lane := windowLane(span, now)
		i, again := number[span.Cluster]
		if !again {
			number[span.Cluster] = len(lanes)
			lanes = append(lanes, lane)
			continue
		}
		lane.From = lanes[i].From
		lane.Ticks = slices.Compact(slices.SortedFunc(slices.Values(append(lanes[i].Ticks, lane.Ticks...)), time.Time.Compare))
		lanes[i] = lane
	}
	return lanes
}

// windowLane is one cluster's part of a recovery window.
func windowLane(s backup.Span, now time.Time) printer.Lane {
	lane := printer.Lane{Name: printer.Text(s.Cluster), From: *s.First}
	for _, b := range s.Backups {
		if b.Stopped != nil {
			lane.Ticks = append(lane.Ticks, *b.Stopped)
		}
	}
	lane.To = *cmp.Or(s.End, s.First)
	if s.Until == nil && (s.Live || !s.EndKnown) {
		lane.Open = now
	}
	return lane
}

// lossPart is what the restored database would not know.
func lossPart(page *printer.Page, p restore.Plan) {
	page.Heading("What would be forgotten")
	say := func(text printer.Line) { page.Indented(2, 2, text) }
	total := int64(0)
	for _, l := range p.Lost {
		total += l.Leases
	}
	switch {
	case !p.SourceAnswers:
		say(printer.Warn.Text("not known: the database in service could not be asked which leases were granted or renewed after the target"))
		return
	case p.AtMost && p.Target.Latest && p.Chosen.Span.Live:
		say(printer.Text("only what is granted or renewed from now on: what came before is archived first"))
		return
	case total == 0:
		say(printer.Good.Text("no lease: none that is valid now was granted or renewed after the target"))
		return
	case p.AtMost:
		say(printer.Textf("at most these valid leases, granted or renewed since %s; which of them came before the target is not known:", p.Since.UTC().Format("2006-01-02 15:04:05 UTC")))
	default:
		say(printer.Text("valid leases that were granted or renewed after the target:"))
	}
	page.Table(lossTable(p.Lost, "leases"))
	say(printer.Textf("%s keeps them, and a cutover carries them forward. Without that, their addresses would be given to other clients while they are in use.", p.Source))
}

// stepsPart is what happens next.
func stepsPart(page *printer.Page, p restore.Plan, cutover bool) {
	page.Heading("What happens")
	steps := []string{}
	if p.Target.Backup == "" && p.Chosen.Span.Current && p.SourceAnswers {
		steps = append(steps, "make sure that the archive reaches beyond the target")
	}
	steps = append(steps,
		fmt.Sprintf("recover cluster %s beside %s, which is not touched", p.Name, p.Source),
		"verify it as Kea would use it: schema, counters, duplicates, nothing later than the target")
	for i, step := range steps {
		page.Indented(2, 5, printer.Textf("%d. %s", i+1, step))
	}
	switch {
	case cutover:
		page.Indented(2, 5, printer.Textf("%d. take it into service in the place of %s, as restore cutover does", len(steps)+1, p.Source))
	case p.Stable:
		page.Indented(2, 2, printer.Text("The servers stay where they are. To take them to it afterwards:"))
		page.Indented(4, 6, cutoverCommand(p.Name, p.Namespace))
	}
}

// cutoverCommand is the command that takes a restored cluster into service.
func cutoverCommand(name, namespace string) printer.Line {
	return printer.Accent.Textf("kubectl kea restore cutover %s -n %s", name, namespace)
}

// restoredPage is the end of a restore; cutover says that one follows at once.
func restoredPage(p restore.Plan, r restore.Report, cutover bool) printer.Page {
	var page printer.Page
	page.Text(printer.Concat(printer.Good.Text("✓"), printer.Text(" cluster "), printer.Bold.Text(r.Name),
		printer.Textf(" is restored and verified after %s: %s", printer.Duration(time.Duration(r.Seconds*float64(time.Second))), plural(int(r.Leases4+r.Leases6), "valid lease"))))
	for _, remark := range r.Remarks {
		page.Indented(2, 4, printer.Concat(printer.Dim.Text("note: "), printer.Text(remark)))
	}
	if p.Stable && !cutover {
		page.Text(printer.Concat(printer.Dim.Text("next:"), printer.Text(" "), cutoverCommand(r.Name, r.Namespace)))
	}
	return page
}
