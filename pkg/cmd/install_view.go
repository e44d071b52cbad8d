package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack"
)

// planPage shows what an install would do, or what stands against it.
func planPage(p stack.Plan, dryRun bool, c printer.Canvas) printer.Page {
	var page printer.Page
	counts := map[stack.Action]int{}
	for _, change := range p.Changes {
		counts[change.Action]++
	}
	where := printer.Concat(printer.Bold.Text(p.Deployment), printer.Text(" in "), printer.Bold.Text("namespace "+p.Namespace))
	switch {
	case p.Blocked():
		page.Text(printer.Concat(where, printer.Text(": cannot be installed")))
	case p.Pending() == 0:
		page.Text(printer.Concat(where, printer.Textf(": nothing to change, %s as the file says", count(len(p.Changes), "object"))))
	default:
		page.Text(printer.Concat(where, printer.Textf(": %s to create, %d to change, %d unchanged",
			count(counts[stack.Create], "object"), counts[stack.Update], counts[stack.Unchanged]+counts[stack.Keep])))
		changesPart(&page, p.Changes)
	}
	problemsPart(&page, p.Problems, c)
	if dryRun && !p.Blocked() {
		page.Blank()
		page.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return page
}

// changesPart lists what is written and kept, then the differences.
func changesPart(page *printer.Page, changes []stack.Change) {
	t := printer.Table{Columns: []printer.Column{{Header: "action"}, {Header: "kind"}, {Header: "name"}, {Header: "note"}}}
	for _, change := range changes {
		if change.Action != stack.Unchanged {
			t.Add(actionTone(change.Action).Text(string(change.Action)), printer.Text(change.Kind), printer.Text(change.Name), printer.Text(change.Note))
		}
	}
	page.Blank()
	page.Table(t)
	for _, change := range changes {
		if change.Diff == "" {
			continue
		}
		page.Blank()
		for line := range strings.Lines(change.Diff) {
			page.Indented(0, 2, diffTone(line).Text(strings.TrimRight(line, "\n")))
		}
	}
}

func actionTone(a stack.Action) printer.Tone {
	switch a {
	case stack.Create:
		return printer.Good
	case stack.Update:
		return printer.Warn
	case stack.Delete:
		return printer.Bad
	case stack.Unchanged, stack.Keep:
	}
	return printer.Dim
}

func diffTone(line string) printer.Tone {
	switch {
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
		return printer.Bold
	case strings.HasPrefix(line, "+"):
		return printer.Good
	case strings.HasPrefix(line, "-"):
		return printer.Bad
	case strings.HasPrefix(line, "@@"):
		return printer.Accent
	}
	return printer.Plain
}

// installedPage is the end of an install: what to do next.
func installedPage(p stack.Plan, relays []string, waited bool) printer.Page {
	var page printer.Page
	if len(p.Lagging) > 0 {
		laggingPart(&page, p)
		return page
	}
	text := "the servers hand out leases"
	if !waited {
		text = "applied; nobody waited for the servers"
	}
	page.Text(printer.Concat(printer.Good.Text("✓"), printer.Textf(" %s in namespace %s: %s", p.Deployment, p.Namespace, text)))
	if len(relays) > 0 {
		page.Indented(0, 2, printer.Textf("relays send to: %s; to all of them", strings.Join(relays, ", ")))
	}
	page.Text(printer.Concat(printer.Dim.Text("next:"), printer.Text(" "), printer.Accent.Text("kubectl kea status -n "+p.Namespace)))
	return page
}

// laggingPart says which servers stay behind, and how to bring them along one at a time.
func laggingPart(page *printer.Page, p stack.Plan) {
	page.Text(printer.Concat(printer.Warn.Text("●"), printer.Textf(" %s in namespace %s: applied, but these servers do not run it yet; install restarts and reloads none:", p.Deployment, p.Namespace)))
	page.Blank()
	old, files := []string{}, false
	for _, l := range p.Lagging {
		page.Indented(2, 4, printer.Concat(printer.Bold.Text(l.Server), printer.Text(": "+l.Text)))
		if l.Server == l.Pod {
			old = append(old, l.Pod)
		}
	}
	for _, l := range p.Lagging {
		files = files || !slices.Contains(old, l.Pod)
	}
	if files {
		page.Blank()
		page.Text(printer.Text("A new configuration needs no restart: the servers reload it, one at a time, while the other one serves:"))
		page.Indented(2, 4, printer.Accent.Text("kubectl kea config apply -n "+p.Namespace))
	}
	if len(old) == 0 {
		return
	}
	// The last server is the standby: it goes first.
	slices.SortFunc(old, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(b, a)) })
	page.Blank()
	page.Text(printer.Text("Restart the pods that are older, one at a time, the standby first. Where a server has a partner, kubectl kea ha maintenance start POD before and cancel POD after keep its clients served; without, they wait until it is back:"))
	for _, pod := range slices.Compact(old) {
		page.Indented(2, 4, printer.Accent.Text(fmt.Sprintf("kubectl -n %s delete pod %s", p.Namespace, pod)))
		page.Indented(2, 4, printer.Accent.Text(fmt.Sprintf("kubectl kea ha wait --for healthy -n %s", p.Namespace)))
	}
}

// changeNames are the objects as kubectl names them.
func changeNames(changes []stack.Change) []string {
	names := []string{}
	for _, c := range changes {
		names = append(names, strings.ToLower(c.Kind)+"/"+c.Name)
	}
	return names
}
