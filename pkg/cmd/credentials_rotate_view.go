package cmd

import (
	"fmt"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/credentials"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

func (o *rotateOptions) planView(p credentials.Plan) printer.View {
	return printer.View{
		Page:  func() printer.Page { return rotationPlanPage(p, o.dry(), o.out.canvas()) },
		Names: func() []string { return []string{"secret/" + p.Secret} },
	}
}

// rotationPlanPage shows what a rotation would do.
func rotationPlanPage(p credentials.Plan, dryRun bool, c printer.Canvas) printer.Page {
	var page printer.Page
	where := printer.Bold.Text("namespace " + p.Namespace)
	head := printer.Concat(printer.Text("Change the password of role "), printer.Bold.Text(p.Role), printer.Text(" of cluster "), printer.Bold.Text(p.Cluster), printer.Text(" in "), where)
	if p.Blocked() {
		head = printer.Concat(printer.Text("The password of role "), printer.Bold.Text(p.Role), printer.Text(" in "), where, printer.Text(" cannot be changed now"))
	}
	page.Text(head)
	page.Blank()
	row := func(name string, text printer.Line) {
		page.Indented(2, 12, printer.Concat(printer.Dim.Textf("%-10s", name), text))
	}
	if p.Continues {
		row("goes on", printer.Warn.Text("an earlier rotation was broken off"))
	}
	if p.Strategy != "" {
		row("strategy", printer.Concat(printer.Bold.Text(string(p.Strategy)), printer.Text(": "+p.Why)))
	}
	if p.To != "" && p.To != p.Role {
		row("new role", printer.Textf("%s, in secret %s", p.To, p.ToSecret))
	}
	if p.Secret != "" {
		row("secret", printer.Textf("%s, keys %s", p.Secret, strings.Join(p.Keys, ", ")))
	}
	password := "a new one is made"
	if p.Given {
		password = "as given"
	}
	row("password", printer.Text(password))
	if len(p.Objects) > 0 {
		row("in", printer.Text(strings.Join(p.Objects, ", ")))
		row("at", printer.Text(strings.Join(p.Places, ", ")))
	}
	if !p.Blocked() {
		page.Heading("What happens")
		steps, end := rotationSteps(p)
		for i, s := range steps {
			page.Indented(2, 5, printer.Textf("%d. %s", i+1, s))
		}
		page.Indented(2, 2, printer.Text(end))
	}
	problemsPart(&page, p.Problems, c)
	if dryRun && !p.Blocked() {
		page.Blank()
		page.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return page
}

// rotationSteps are what happens, and what happens on an error.
func rotationSteps(p credentials.Plan) (steps []string, end string) {
	if p.Strategy == "" {
		steps = []string{
			"keep the old password in a Secret, until the end",
			"write the new one to the Secret, and bring it to the pods; a login proves it",
		}
		for _, t := range p.Turns {
			steps = append(steps, turnText(t))
		}
		return append(steps, "delete the old password"), "Until the last turn is done, an error puts the old password back. Nothing is restarted or reloaded."
	}
	steps = []string{
		"keep the former password and configuration in Secrets, until the end",
		"write the new password to secret " + p.ToSecret + "; a login proves that the database takes it",
		"write it to Kea's configuration, and bring the files to the pods",
	}
	for _, m := range p.Moves {
		steps = append(steps, fmt.Sprintf("have %s reload; cost: %s", strings.Join(m.Names(), " and "), m.Cost))
	}
	steps = append(steps, "every server has to show with new sessions")
	if p.To != p.Role {
		steps = append(steps, "give role "+p.Role+" a password that nobody knows")
	}
	return append(steps, "delete what was kept"), "Until all sessions are new, an error goes back to the former password and configuration."
}

// turnText says what a turn costs.
func turnText(t rollout.Turn) string {
	text := "have " + strings.Join(t.Names(), " and ") + " log in anew"
	they, their := "it serves", "its"
	if len(t.Seats) > 1 {
		they, their = "they serve", "their"
	}
	for _, s := range t.Seats {
		if s.Alone {
			return text + "; " + their + " clients wait for about half a second"
		}
		if s.Serves() {
			partner, _, _ := strings.Cut(s.Partner, "/")
			return text + ", while " + partner + " answers " + their + " clients"
		}
	}
	return text + "; " + they + " nobody"
}

// rotatedPage is the end of a rotation.
func rotatedPage(r credentials.Rotation) printer.Page {
	var page printer.Page
	if r.To != "" && r.To != r.Role {
		page.Indented(0, 2, printer.Concat(printer.Good.Text("✓"), printer.Textf(" the servers in namespace %s log in to cluster %s as role %s, with a new password in secret %s, and role %s is locked out: %d new sessions, in %.1f s",
			r.Namespace, r.Cluster, r.To, r.Secret, r.Role, r.Ended, r.Seconds)))
		return withRemarks(page, r.Remarks)
	}
	page.Indented(0, 2, printer.Concat(printer.Good.Text("✓"), printer.Textf(" role %s of cluster %s in namespace %s has a new password, in secret %s: %d sessions were renewed, in %.1f s",
		r.Role, r.Cluster, r.Namespace, r.Secret, r.Ended, r.Seconds)))
	return withRemarks(page, r.Remarks)
}

func withRemarks(page printer.Page, remarks []string) printer.Page {
	for _, remark := range remarks {
		page.Indented(0, 2, printer.Concat(printer.Dim.Text("note:"), printer.Text(" "+remark)))
	}
	return page
}
