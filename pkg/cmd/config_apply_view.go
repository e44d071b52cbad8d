package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// rolloutView draws a plan. left is what is left to install.
func rolloutView(p rollout.Plan, left []string, dryRun bool, canvas func() printer.Canvas) printer.View {
	return printer.View{
		Page:  func() printer.Page { return rolloutPage(p, left, dryRun, canvas()) },
		Names: func() []string { return objectNames(p) },
	}
}

// objectNames are the objects of a plan as kubectl names them.
func objectNames(p rollout.Plan) []string {
	names := []string{}
	for _, f := range p.Files {
		if name := f.Object.Kind + "/" + f.Object.Name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// rolloutPage shows what a rollout would do, or what stands against it.
func rolloutPage(p rollout.Plan, left []string, dryRun bool, c printer.Canvas) printer.Page {
	var page printer.Page
	where := printer.Bold.Text("namespace " + p.Namespace)
	switch n := plural(len(p.Files), "server"); {
	case p.Blocked():
		page.Text(printer.Concat(printer.Text("The configuration in "), where, printer.Text(" cannot be changed now")))
	case len(p.Files) == 0:
		page.Text(printer.Concat(printer.Text("Nothing to change in "), where, printer.Text(": no file differs, and no server that answers runs another one")))
	case p.Continues:
		page.Text(printer.Concat(printer.Text("Go on with the change of "+n+" in "), where, printer.Text(", which was broken off")))
	default:
		page.Text(printer.Concat(printer.Text("Change the configuration of "+n+" in "), where))
	}
	filesPart(&page, p.Files)
	if len(p.Files) > 0 && !p.Blocked() {
		movesPart(&page, p)
	}
	if len(left) > 0 {
		page.Heading("Left to kubectl kea install")
		for _, l := range left {
			page.Indented(2, 4, printer.Text(l))
		}
	}
	// What clients notice stands with the moves already.
	problemsPart(&page, slices.DeleteFunc(slices.Clone(p.Problems), func(x problem.Problem) bool { return x.Code == "clients-wait" }), c)
	switch {
	case p.Blocked():
	case dryRun:
		page.Blank()
		page.Text(printer.Dim.Text("dry run: nothing was changed"))
	case len(p.Files) > 0:
		page.Blank() // a question follows
	}
	return page
}

// filesPart lists what changes in each file. Servers with the same changes share a list.
func filesPart(page *printer.Page, files []rollout.FileChange) {
	told := []rollout.FileChange{}
	for _, f := range files {
		page.Blank()
		page.Indented(0, 2, printer.Join("  ", printer.Bold.Text(f.Server), printer.Dim.Text(f.Object.String())))
		i := slices.IndexFunc(told, func(t rollout.FileChange) bool {
			return t.Behind == f.Behind && slices.Equal(t.Differences, f.Differences)
		})
		switch {
		case f.Behind && len(f.Differences) == 0:
			page.Indented(2, 4, printer.Text("nothing to write; the file is younger than the configuration that the server runs"))
		case f.Behind:
			page.Indented(2, 4, printer.Text("nothing to write; the server still runs an older configuration:"))
			changedPart(page, 2, f.Differences, "runs", "file")
		case len(f.Differences) == 0:
			page.Indented(2, 4, printer.Dim.Text("only comments, order or spacing"))
		case i >= 0:
			page.Indented(2, 4, printer.Dim.Text("the same as "+told[i].Server))
		default:
			changedPart(page, 2, f.Differences, "now", "then")
			told = append(told, f)
		}
	}
}

// movesPart says what happens, in its order, and what clients notice.
func movesPart(page *printer.Page, p rollout.Plan) {
	page.Heading("What happens")
	step := 0
	next := func(text string) {
		step++
		page.Indented(2, 5, printer.Textf("%d. %s", step, text))
	}
	names := []string{}
	for _, name := range objectNames(p) {
		names = append(names, strings.Replace(name, "/", " ", 1))
	}
	next("keep the former configuration in a Secret, until the end")
	if slices.ContainsFunc(p.Files, func(f rollout.FileChange) bool { return !f.Behind }) {
		next("write " + strings.Join(names, ", ") + ", and bring it to the pods")
	} else {
		next("see that " + strings.Join(names, ", ") + " is in the pods")
	}
	for _, m := range p.Moves {
		next(strings.Join(m.Names(), " and ") + " reload" + singular(m))
		page.Indented(5, 10, printer.Concat(printer.Dim.Text("cost "), moveTone(m).Text(m.Cost)))
	}
	if len(p.Moves) > 0 {
		page.Indented(2, 2, printer.Text("Each proves that it serves before the next one begins. An error or Ctrl-C takes everything back."))
	}
}

// singular is the ending of what one server does.
func singular(m rollout.Move) string {
	if len(m.Seats) == 1 {
		return "s"
	}
	return ""
}

// moveTone: what costs nothing is not shouted.
func moveTone(m rollout.Move) printer.Tone {
	switch {
	case m.Way == rollout.WayAlone && m.Serves():
		return printer.Bad
	case strings.HasPrefix(m.Cost, "none"):
		return printer.Good
	}
	return printer.Warn
}

// rolledView draws the end of a rollout.
func rolledView(r rollout.Report, p rollout.Plan) printer.View {
	return printer.View{
		Page:  func() printer.Page { return rolledPage(r) },
		Names: func() []string { return objectNames(p) },
	}
}

func rolledPage(r rollout.Report) printer.Page {
	var page printer.Page
	servers := []string{}
	for _, s := range r.Servers {
		servers = append(servers, fmt.Sprintf("%s (%.1f s)", s.Server, s.Seconds))
	}
	text := "the files are changed; no server runs that had to reload"
	if len(servers) > 0 {
		text = strings.Join(servers, ", ") + " run the new configuration"
	}
	if len(servers) == 1 {
		text = servers[0] + " runs the new configuration"
	}
	page.Indented(0, 2, printer.Concat(printer.Good.Text("✓"), printer.Textf(" %s in namespace %s: %s, after %.1f s in all", r.Deployment, r.Namespace, text, r.Seconds)))
	for _, remark := range r.Remarks {
		page.Indented(0, 2, printer.Concat(printer.Dim.Text("note:"), printer.Text(" "+remark)))
	}
	return page
}
