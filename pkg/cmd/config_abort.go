package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// configAbortOptions are the flags of config abort.
type configAbortOptions struct {
	change
	out     output
	confirm confirm
}

func newConfigAbortCmd(env *Env) *cobra.Command {
	o := &configAbortOptions{change: change{env: env}, out: output{env: env}, confirm: confirm{env: env}}
	c := &cobra.Command{
		Use:   "abort",
		Short: "Take back a change of configuration that was broken off",
		Long: `Take back what a killed kubectl kea config apply left unfinished: the objects
get their former content, and servers that run the new configuration reload the
former one, in the same way and order. The former texts are in the Secret
NAME-before-rollout until then.`,
		Example: `  kubectl kea config abort -n branch`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.change.bind(c, "Change nothing: client and server both show what an earlier run began")
	o.confirm.bindYes(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, rolloutRules()...)
	return c
}

func (o *configAbortOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, rolloutLimit)
	defer cancel()
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	in, err := o.env.discover(ctx, k, "config abort")
	if err != nil {
		return err
	}
	if err := othersBegan(in); err != nil {
		return err
	}
	src, done := o.env.rolloutSource(k)
	defer done()
	plan, err := rollout.PlanConfig(ctx, src, rollout.Request{Namespace: k.Namespace})
	if err != nil {
		return explainRollout(err)
	}
	if !plan.Continues {
		return WithHint(fmt.Errorf("no change of configuration was broken off in namespace %s", plan.Namespace), "kubectl kea config diff -n "+plan.Namespace)
	}
	if o.dry() || format.Human() {
		if err := o.out.write(format, plan, rolloutView(plan, nil, o.dry(), o.out.canvas)); err != nil {
			return err
		}
	}
	if o.dry() {
		return nil
	}
	if err := o.confirm.ask(ctx, fmt.Sprintf("Take the change of %s in namespace %s back?", plural(len(plan.Files), "server"), plan.Namespace)); err != nil {
		return err
	}
	again := abortCommand(plan.Namespace)
	steps := o.env.steps()
	report, err := rollout.Abort(ctx, src, plan, o.lock(rolloutKind, again), steps)
	steps.Close()
	if err != nil {
		return o.unfinished(err, again)
	}
	return o.out.write(format, report, printer.View{
		Page: func() printer.Page {
			var page printer.Page
			page.Indented(0, 2, printer.Concat(printer.Good.Text("✓"), printer.Textf(" %s in namespace %s: the former configuration is back, in %.1f s", report.Deployment, report.Namespace, report.Seconds)))
			return page
		},
		Names: func() []string { return objectNames(plan) },
	})
}
