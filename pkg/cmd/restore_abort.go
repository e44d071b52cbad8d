package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

func newRestoreAbortCmd(env *Env) *cobra.Command {
	o := newRestoreWork(env)
	c := &cobra.Command{
		Use:   "abort [NAME]",
		Short: "End a restore or a cutover that was broken off",
		Long: `End what an earlier run left unfinished. A cutover or rollback that was broken
off is taken back: the servers answer again, from the cluster that they had.
When one of them has begun to write to the new cluster, that is refused: finish
it then, and go back with restore rollback, which carries its leases along. A
restore that was broken off has its new cluster deleted; it was never in
service.`,
		Example: `  kubectl kea restore abort
  kubectl kea restore abort kea-database-20250310-143000 --yes`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("one name is taken, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: env.completeRestored,
		RunE: func(c *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return o.abort(c.Context(), name)
		},
	}
	o.bind(c, "Change nothing: client and server both show what would be done")
	o.confirm.bindYes(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, restoreRules()...)
	return c
}

func (o *restoreWork) abort(ctx context.Context, name string) error {
	s, ctx, done, err := o.begin(ctx, moveLimit)
	if err != nil {
		return err
	}
	defer done()
	plan, err := restore.PlanAbort(ctx, s.Source, s.namespace, name)
	if err != nil {
		return o.explain(err, s.namespace)
	}
	view := printer.View{
		Page:  func() printer.Page { return abortPage(plan, o.dry()) },
		Names: func() []string { return []string{clusterResource + "/" + plan.Subject()} },
	}
	on, err := o.show(s, plan, view, false)
	if err == nil && plan.Refused != "" {
		err = WithHint(fmt.Errorf("nothing was changed: %s", plan.Refused), plan.Next)
	}
	if err != nil || !on {
		return err
	}
	if err := o.confirm.ask(ctx, abortQuestion(plan)); err != nil {
		return err
	}
	again := "kubectl kea restore abort -n " + s.namespace
	return o.finish(s, plan, view, again, func(steps operation.Progress) error {
		return restore.Abort(ctx, s.Source, plan, o.lock("abort", again), steps)
	})
}

func abortQuestion(p restore.AbortPlan) string {
	if p.Move != nil {
		return fmt.Sprintf("Take the %s back, to cluster %s?", p.Move.Direction, p.Move.From)
	}
	return fmt.Sprintf("Delete the unfinished cluster %s?", p.Delete)
}

// abortPage shows what would be ended.
func abortPage(p restore.AbortPlan, dryRun bool) printer.Page {
	var page printer.Page
	if m := p.Move; m != nil && p.Refused != "" {
		page.Text(printer.Concat(printer.Textf("The %s from ", m.Direction), printer.Bold.Text(m.From), printer.Text(" to "), printer.Bold.Text(m.To),
			printer.Text(" in "), printer.Bold.Text("namespace "+p.Namespace), printer.Text(" cannot be taken back any more: "+p.Refused)))
	} else if m != nil {
		page.Text(printer.Concat(printer.Textf("Take back the %s from ", m.Direction), printer.Bold.Text(m.From), printer.Text(" to "), printer.Bold.Text(m.To),
			printer.Text(" in "), printer.Bold.Text("namespace "+p.Namespace), printer.Text(": the servers answer from "+m.From)))
	} else {
		page.Text(printer.Concat(printer.Text("Delete cluster "), printer.Bold.Text(p.Delete), printer.Text(" in "), printer.Bold.Text("namespace "+p.Namespace),
			printer.Text(", whose restore was broken off; it was never in service")))
	}
	if dryRun {
		page.Blank()
		page.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return page
}
