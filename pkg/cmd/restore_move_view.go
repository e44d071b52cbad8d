package cmd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

// movePlanPage shows what a cutover or a rollback would do.
func movePlanPage(p restore.MovePlan, dryRun bool, now time.Time, c printer.Canvas) printer.Page {
	var page printer.Page
	where := printer.Bold.Text("namespace " + p.Namespace)
	head := printer.Concat(printer.Text("Take cluster "), printer.Bold.Text(p.To), printer.Text(" into service in "), where,
		printer.Text(" in the place of "), printer.Bold.Text(p.From))
	if p.Blocked() {
		head = printer.Concat(printer.Text("Cluster "), printer.Bold.Text(p.To), printer.Text(" in "), where, printer.Text(" cannot be taken into service now"))
	}
	page.Text(head)
	page.Blank()
	row := func(name string, parts ...printer.Line) {
		page.Indented(2, 12, printer.Concat(printer.Dim.Textf("%-10s", name), printer.Join(", ", parts...)))
	}
	if p.Continues {
		row("goes on", printer.Warn.Text(fmt.Sprintf("an earlier %s was broken off", p.Direction)))
	}
	row("service", printer.Text(p.Service))
	for i, s := range p.Servers {
		name := ""
		if i == 0 {
			name = "servers"
		}
		row(name, moveServer(s))
	}
	if !p.Since.IsZero() {
		row("since", printer.Text(bothTimes(p.Since, now)))
	}
	row("leases", carryLine(p.Carry))
	if !p.Blocked() {
		if len(p.Newer) > 0 {
			page.Blank()
			page.Table(newerTable(p))
		}
		if len(p.Extend) > 0 && !p.Carry.None {
			page.Blank()
			page.Table(lossTable(p.Extend, "extended"))
			page.Indented(2, 2, printer.Dim.Text("Valid then, expired now, and without any row in the database in service: extended by a lifetime."))
		}
	}
	if !p.Blocked() {
		moveStepsPart(&page, p)
	}
	problemsPart(&page, p.Problems, c)
	if dryRun && !p.Blocked() {
		page.Blank()
		page.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return page
}

// moveStepsPart says what will happen, and how to go back.
func moveStepsPart(page *printer.Page, p restore.MovePlan) {
	page.Heading("What happens")
	steps := []string{}
	if p.Readable && !p.Carry.None {
		steps = append(steps, "carry the leases, while the servers go on")
	}
	steps = append(steps,
		"pause the servers for a second or two: clients wait, or ask again",
		fmt.Sprintf("turn service %s to %s, and prove it; until then an error takes everything back", p.Service, p.To))
	if p.Fence {
		steps = append(steps, fmt.Sprintf("fence %s: its PostgreSQL stops, its data stays", p.From))
	}
	for i, s := range steps {
		page.Indented(2, 5, printer.Textf("%d. %s", i+1, s))
	}
	page.Indented(2, 2, printer.Text("Back again, with what came since: kubectl kea restore rollback -n "+p.Namespace))
}

// moveServer is what will become of a server.
func moveServer(s restore.MoveServer) printer.Line {
	switch {
	case !s.Reached:
		return printer.Concat(printer.Text(s.Name+" "), printer.Warn.Text("not reached: "+s.Why))
	case s.State != "":
		return printer.Concat(printer.Text(s.Name+" "), printer.Dim.Text(s.State))
	}
	return printer.Text(s.Name)
}

// carryLine says what becomes of the leases that only the database in service knows.
func carryLine(c restore.Carrying) printer.Line {
	switch {
	case c.None && c.Guard:
		return printer.Bad.Text("DANGER: none is carried forward; every lease that was valid then is extended by a lifetime, and what was granted since will be given to others")
	case c.None:
		return printer.Bad.Text("DANGER: none is carried forward; addresses that are in use will be given to others")
	case len(c.VLANs) > 0:
		return printer.Bad.Text("DANGER: carried forward in VLAN " + strings.Join(c.VLANs, ", ") + " only; addresses in use in other VLANs will be given to others")
	}
	return printer.Text("those that are newer in the cluster in service are carried forward, all of them")
}

// newerTable lists the leases that only the database in service knows. Where some of them are left behind it says which.
func newerTable(p restore.MovePlan) printer.Table {
	if p.Carry.None {
		return lossTable(p.Newer, "forgotten")
	}
	t := lossTable(p.Newer, "newer")
	if len(p.Carry.VLANs) == 0 {
		return t
	}
	t.Columns = append(t.Columns, printer.Column{Header: "becomes"})
	for i := range t.Rows {
		cell := printer.Text("")
		switch {
		case i == len(p.Newer): // the sum
		case p.Newer[i].Forgotten:
			cell = printer.Bad.Text("FORGOTTEN")
		default:
			cell = printer.Good.Text("carried")
		}
		t.Rows[i] = append(t.Rows[i], cell)
	}
	return t
}

// lossTable lists leases by VLAN with their sum.
func lossTable(all []restore.Loss, header string) printer.Table {
	t := printer.Table{Indent: 2, Columns: []printer.Column{{Header: "vlan", Give: 1, Min: 8}, {Header: "subnet"}, {Header: header, Align: printer.Right}}}
	sum := int64(0)
	for _, l := range all {
		t.Add(printer.Text(vlanOf(l)), subnetOf(l), printer.Textf("%d", l.Leases))
		sum += l.Leases
	}
	if len(all) > 1 {
		t.Add(printer.Bold.Text("all"), printer.Text(""), printer.Bold.Textf("%d", sum))
	}
	return t
}

// subnetOf names a subnet, which the configuration may not have any more.
func subnetOf(l restore.Loss) printer.Line {
	if l.Subnet == "" {
		return printer.Warn.Textf("subnet %d, not configured", l.SubnetID)
	}
	return printer.Text(l.Subnet)
}

// vlanOf names a subnet's VLAN.
func vlanOf(l restore.Loss) string {
	switch {
	case l.VLAN == 0:
		return "-"
	case l.VLANName == "":
		return fmt.Sprint(l.VLAN)
	}
	return fmt.Sprintf("%d %s", l.VLAN, l.VLANName)
}

// movedPage says what a cutover or a rollback did.
func movedPage(r restore.MoveReport, p restore.MovePlan, c printer.Canvas) printer.Page {
	var page printer.Page
	page.Text(printer.Concat(printer.Good.Text("in service: "), printer.Bold.Text(r.To), printer.Textf(", after a pause of %.1f s", r.PauseSeconds)))
	if len(r.Carried) > 0 {
		page.Blank()
		t := printer.Table{Indent: 2, Columns: []printer.Column{
			{Header: "vlan"}, {Header: "subnet"}, {Header: "new", Align: printer.Right}, {Header: "newer", Align: printer.Right}, {Header: "extended", Align: printer.Right},
		}}
		for _, c := range r.Carried {
			t.Add(printer.Text(vlanOf(c.Loss)), printer.Text(c.Subnet), printer.Textf("%d", c.New), printer.Textf("%d", c.Newer), printer.Textf("%d", c.Extended))
		}
		page.Table(t)
	}
	page.Blank()
	say := func(text string) { page.Indented(2, 2, printer.Text(text)) }
	switch {
	case p.Carry.None && p.Carry.Guard:
		page.Indented(2, 2, printer.Warn.Textf("No lease was carried forward. %s that were valid at the target keep their addresses for another lifetime; what was granted later may be given to others now.", plural(int(r.Extended), "lease")))
	case p.Carry.None:
		page.Indented(2, 2, printer.Bad.Text("No lease was carried forward: addresses that are in use may be given to others now."))
	case len(r.Carried) == 0:
		say("No lease was newer in " + r.From + ".")
	}
	if r.HistoryGap != "" {
		page.Indented(2, 2, printer.Warn.Text("The history of leases has a gap: "+r.HistoryGap))
	}
	if r.Backups != "" {
		say("Backups go on with " + r.Backups + ".")
	}
	if r.Fenced {
		say(r.From + " is fenced and kept.")
	}
	if r.Proof != nil {
		say(fmt.Sprintf("Asked for an address as clients do: %d of %d networks answered.", r.Proof.Answered, r.Proof.Networks))
	}
	say("Back: kubectl kea restore rollback -n " + p.Namespace + ". When you are sure: kubectl kea restore cleanup " + r.From + " -n " + p.Namespace)
	if r.Proof != nil {
		problemsPart(&page, r.Proof.Problems, c)
	}
	return page
}

// patchPage says how to do by hand what this command cannot do for a deployment.
func patchPage(p restore.MovePlan) printer.Page {
	var page printer.Page
	if !slices.ContainsFunc(p.Problems, func(found problem.Problem) bool { return found.Code == "no-stable-service" }) {
		page.Text(printer.Textf("Not needed here: service %s can be turned. kubectl kea restore cutover %s -n %s does it.", p.Service, p.To, p.Namespace))
		return page
	}
	page.Text(printer.Textf("The servers of namespace %s reach their database as %s. To take cluster %s into service by hand:", p.Namespace, p.Service, p.To))
	page.Blank()
	steps := []string{
		"have all servers stop answering: dhcp-disable with max-period 60, on each, and again before it runs out",
		fmt.Sprintf("carry the leases of %s that are newer than %s into %s; no address may be missing there", p.From, p.Since.UTC().Format("2006-01-02 15:04:05 MST"), p.To),
		fmt.Sprintf("change lease-database.host (hosts-databases, forensic log alike) to %s-rw in the configuration of every server", p.To),
		fmt.Sprintf("bar the role in the old cluster and end its sessions: ALTER ROLE %s NOLOGIN, then pg_terminate_backend", p.User),
		"config-reload on each server; lease4-get has to answer on each",
		"dhcp-enable on each",
	}
	for i, s := range steps {
		page.Indented(2, 5, printer.Textf("%d. %s", i+1, s))
	}
	page.Blank()
	page.Text(printer.Textf("Or, while the database still answers, give the servers a Service that this command can turn: kubectl kea restore prepare -n %s", p.Namespace))
	return page
}
