package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// prepareOptions are the flags of restore prepare.
type prepareOptions struct {
	restoreWork
	request restore.PreparationRequest
}

func newRestorePrepareCmd(env *Env) *cobra.Command {
	o := &prepareOptions{restoreWork: newRestoreWork(env)}
	c := &cobra.Command{
		Use:   "prepare",
		Short: "Point servers that were deployed by hand at a database Service that a cutover can turn",
		Long: `Give servers that kubectl kea install did not deploy a Service of their own for
their database. A cutover turns that Service to the restored cluster; the
operator's Services, as NAME-rw, stay with their cluster and cannot be turned.

The Service is made and leads to the same database as before, which is proven by
a login through it. Then the host in every server's configuration is changed
(leases, reservations, forensic log alike) and each server reloads, the standby
first, the serving one while its partner answers its clients. A server without a
partner keeps its clients waiting for a moment.

An error takes the change back; the Service stays and does no harm. Killed
anywhere, the same command goes on, and config abort takes the change back. Do
it on a quiet day: a cutover in the night needs it done.`,
		Example: `  # what would be changed, and what stands against it
  kubectl kea restore prepare --dry-run=server

  kubectl kea restore prepare --service dhcp-database --yes`,
		Args:    noArguments,
		PreRunE: noEmptyFlags,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	f := c.Flags()
	f.StringVar(&o.request.Service, "service", "kea-database", "`NAME` of the Kubernetes Service to make")
	f.StringVar(&o.request.Cluster, "cluster", "", "The CNPG `NAME` of the database's cluster; needed only where there are several")
	complete(c, "cluster", env.completeCluster)
	f.BoolVar(&o.request.Outage, "accept-outage", false, "Reload a server although its partner is down: NOBODY serves until it goes to partner-down")
	o.bind(c, "Change nothing: client and server both show what would be done")
	o.confirm.bindBoth(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, append(rolloutRules(),
		rule{"list", "clusters", "postgresql.cnpg.io", "the cluster that the servers use"},
		rule{"create", "services", "", "the Service"},
		rule{"list", "endpointslices", "discovery.k8s.io", "where it leads"})...)
	return c
}

func (o *prepareOptions) run(ctx context.Context) error {
	if wrong := validation.IsDNS1035Label(o.request.Service); len(wrong) > 0 {
		return usagef("--service %q is no name of a Service: %s", o.request.Service, wrong[0])
	}
	s, ctx, done, err := o.begin(ctx, moveLimit)
	if err != nil {
		return err
	}
	defer done()
	o.request.Namespace = s.namespace
	plan, err := restore.PlanPreparation(ctx, s.Source, o.request)
	if err != nil {
		return o.explain(err, s.namespace)
	}
	view := printer.View{
		Page:  func() printer.Page { return preparationPage(plan, o.dry(), o.out.canvas()) },
		Names: func() []string { return []string{"service/" + plan.Service} },
	}
	if on, err := o.show(s, plan, view, plan.Blocked()); err != nil || !on || plan.Prepared {
		return err
	}
	question := fmt.Sprintf("Point the servers of namespace %s at their database through service %s?", plan.Namespace, plan.Service)
	if err := askRollout(ctx, &o.confirm, question, plan.Rollout); err != nil {
		return err
	}
	again := "kubectl kea restore prepare --service " + plan.Service + " -n " + plan.Namespace
	lock := o.lock(rolloutKind, again)
	lock.State.Abort = abortCommand(plan.Namespace)
	steps := o.env.steps()
	report, err := restore.Prepare(ctx, s.Source, plan, lock, steps)
	steps.Close()
	if err != nil {
		return o.unfinished(err, again)
	}
	return o.out.write(s.format, report, printer.View{
		Page:  func() printer.Page { return preparedPage(plan, report) },
		Names: func() []string { return []string{"service/" + plan.Service} },
	})
}

// preparationPage shows what would be done.
func preparationPage(p restore.Preparation, dryRun bool, c printer.Canvas) printer.Page {
	var page printer.Page
	if p.Prepared {
		page.Text(printer.Textf("Nothing to do: the servers reach cluster %s by service %s, which a cutover can turn.", p.Cluster, p.Service))
		return page
	}
	what := "Point the servers of namespace %s at their database through service %s"
	if p.Blocked() {
		what = "The servers of namespace %s cannot be pointed at service %s now"
	}
	page.Text(printer.Bold.Textf(what, p.Namespace, p.Service))
	page.Blank()
	then := p.Service + ", a new Service that leads to the primary"
	switch {
	case p.Exists:
		then = p.Service + ", a Service that is there and leads to the primary"
	case p.Blocked():
		then = p.Service
	}
	for _, row := range [][2]string{
		{"database", "cluster " + p.Cluster + ", the same before and after"},
		{"now", p.Host},
		{"then", then},
	} {
		page.Indented(2, 12, printer.Concat(printer.Dim.Text(fmt.Sprintf("%-10s", row[0])), printer.Text(row[1])))
	}
	if len(p.Rollout.Moves) > 0 {
		page.Heading("What clients notice")
		for _, m := range p.Rollout.Moves {
			page.Indented(2, 4, printer.Textf("reload of %s: %s", strings.Join(m.Names(), " and "), m.Cost))
		}
	}
	problemsPart(&page, append(p.Problems, p.Rollout.Problems...), c)
	if dryRun {
		page.Blank()
		page.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return page
}

// preparedPage says what was done.
func preparedPage(p restore.Preparation, r rollout.Report) printer.Page {
	var page printer.Page
	page.Text(printer.Concat(printer.Good.Text("prepared: "), printer.Textf("%d servers reach cluster %s by service %s, after %.0f s", len(r.Servers), p.Cluster, p.Service, r.Seconds)))
	for _, remark := range r.Remarks {
		page.Indented(2, 2, printer.Text(remark))
	}
	page.Indented(2, 2, printer.Text("From now on a restored cluster can be cut over to. To see what a restore would do, and change nothing:"))
	page.Indented(4, 4, printer.Text("kubectl kea restore --to-time -15m --dry-run=server -n "+p.Namespace))
	return page
}
