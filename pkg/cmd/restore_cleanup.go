package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

func newRestoreCleanupCmd(env *Env) *cobra.Command {
	o := newRestoreWork(env)
	c := &cobra.Command{
		Use:   "cleanup NAME",
		Short: "Remove a cluster that is not in service any more, or never was",
		Long: `Remove a cluster that a cutover took out of service, or a restored one that was
never taken into service, with its volumes. What is in service is refused.
Secrets that belong to it and that the cluster in service still needs, the
authority of its certificates first of all, are kept. Its archive and its
backups stay: moments before the cutover are restored from them.`,
		Example: `  kubectl kea restore cleanup kea-database --dry-run=server
  kubectl kea restore cleanup kea-database --confirm=kea-database`,
		Args:              exactName("which cluster?"),
		ValidArgsFunction: env.completeRestored,
		RunE:              func(c *cobra.Command, args []string) error { return o.cleanup(c.Context(), args[0]) },
	}
	o.bind(c, "Change nothing: client and server both show what would be done")
	o.confirm.bindName(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c,
		rule{"get,list,delete", "clusters", "postgresql.cnpg.io", "the cluster"},
		rule{"list,delete", "scheduledbackups", "postgresql.cnpg.io", "its suspended schedules"},
		rule{"list,delete", "backups", "postgresql.cnpg.io", "its backups that were never made"},
		rule{"get,list,patch", "secrets", "", "those that others need are kept"},
		rule{"list", "services", "", "which cluster is in service"},
		rule{"get,create,update,delete", "leases", "coordination.k8s.io", "one operation at a time"},
	)
	return c
}

func (o *restoreWork) cleanup(ctx context.Context, name string) error {
	s, ctx, done, err := o.begin(ctx, moveLimit)
	if err != nil {
		return err
	}
	defer done()
	plan, err := restore.PlanCleanup(ctx, s.Source, s.namespace, name)
	if err != nil {
		return o.explain(err, s.namespace)
	}
	view := printer.View{
		Page:  func() printer.Page { return cleanupPage(plan, o.dry(), o.out.canvas()) },
		Names: func() []string { return []string{clusterResource + "/" + plan.Name} },
	}
	if on, err := o.show(s, plan, view, plan.Blocked()); err != nil || !on {
		return err
	}
	if err := o.confirm.askName(ctx, fmt.Sprintf("Delete cluster %s with its volumes?", name), name); err != nil {
		return err
	}
	again := fmt.Sprintf("kubectl kea restore cleanup %s -n %s", name, s.namespace)
	return o.finish(s, plan, view, again, func(steps operation.Progress) error {
		return restore.Cleanup(ctx, s.Source, plan, o.lock("cleanup", again), steps)
	})
}

// finish does what was planned and shown; programs get the plan when it is done.
func (o *restoreWork) finish(s session, plan any, view printer.View, again string, do func(operation.Progress) error) error {
	steps := o.env.steps()
	err := do(steps)
	steps.Close()
	switch {
	case err != nil:
		return o.unfinished(err, again)
	case s.format.Human():
		return nil
	}
	return o.out.write(s.format, plan, view)
}

// cleanupPage shows what the removal of a cluster takes with it.
func cleanupPage(p restore.CleanupPlan, dryRun bool, c printer.Canvas) printer.Page {
	var page printer.Page
	head := "Delete cluster "
	if p.Blocked() {
		head = "Not to be deleted: cluster "
	}
	page.Text(printer.Concat(printer.Text(head), printer.Bold.Text(p.Name), printer.Text(" in "), printer.Bold.Text("namespace "+p.Namespace), printer.Text(", with its volumes")))
	page.Blank()
	row := func(name, text string) {
		page.Indented(2, 12, printer.Concat(printer.Dim.Textf("%-10s", name), printer.Text(text)))
	}
	for _, kept := range p.Kept {
		row("kept", fmt.Sprintf("secret %s, which %s needs", kept.Name, strings.Join(kept.For, ", ")))
	}
	for _, s := range p.Schedules {
		row("deleted", "scheduled backup "+s)
	}
	for _, b := range p.Unmade {
		row("deleted", "backup "+b+", which was never made")
	}
	if p.Archive.ServerName != "" {
		row("kept", fmt.Sprintf("its archive (folder %s) and its Backup objects", p.Archive.ServerName))
	}
	problemsPart(&page, p.Problems, c)
	if dryRun && !p.Blocked() {
		page.Blank()
		page.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return page
}
