package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// haWaitLimit bounds a wait when --timeout does not.
const haWaitLimit = 5 * time.Minute

func newHAWaitCmd(env *Env) *cobra.Command {
	out := output{env: env}
	condition := ""
	c := &cobra.Command{
		Use:   "wait",
		Short: "Wait until high availability is healthy, or until every client is served",
		Long: `Wait until high availability is healthy: both servers of every pair in their
normal state, in touch with each other and with their lease database, and every
scope served by one of them. With --for serving: until every scope is served by
somebody.

What does not pass by itself, such as configurations that differ, is not waited
for; ha status shows it. When the time is up, the command says what is missing
and exits with 124.`,
		Example: `  kubectl kea ha wait --for healthy
  kubectl kea ha wait --for serving --timeout 30s -n network`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return runHAWait(c.Context(), env, &out, ha.Condition(condition))
		},
	}
	c.Flags().StringVar(&condition, "for", string(ha.Healthy), "What to wait for: healthy or serving")
	complete(c, "for", cobra.FixedCompletions([]cobra.Completion{string(ha.Healthy), string(ha.Serving)}, cobra.ShellCompDirectiveNoFileComp))
	out.bind(c, printer.Choices{Name: true})
	needs(c, serverRules()...)
	return c
}

func runHAWait(ctx context.Context, env *Env, out *output, condition ha.Condition) error {
	format, err := out.format()
	if err != nil {
		return err
	}
	if condition != ha.Healthy && condition != ha.Serving {
		return usagef("--for %q: it takes healthy or serving", condition)
	}
	ctx, cancel := env.deadline(ctx, haWaitLimit)
	defer cancel()
	src, k, done, err := env.haSource()
	if err != nil {
		return err
	}
	defer done()
	if _, _, err := src.Look(ctx); errors.Is(err, inventory.ErrNone) {
		return elsewhere(ctx, k, inventory.Options{}, "", "ha wait --for "+string(condition), err)
	}
	steps := env.steps()
	steps.Start("wait for " + string(condition))
	report, err := ha.Wait(ctx, src, condition, steps.Note)
	if err != nil {
		steps.Fail("")
		steps.Close()
		return WithHint(fmt.Errorf("not %s: %w", condition, err), "kubectl kea ha status -n "+k.Namespace)
	}
	steps.Done("")
	steps.Close()
	return out.write(format, report, printer.View{
		Page:  func() printer.Page { return haWaitPage(report, condition) },
		Names: func() []string { return serverNames(report) },
	})
}

// haWaitPage says how the servers are, a line a relationship.
func haWaitPage(r ha.Report, condition ha.Condition) printer.Page {
	var page printer.Page
	for _, relationship := range r.Relationships {
		page.Indented(0, 2, printer.Concat(printer.Good.Text(string(condition)), printer.Text(": "+relationship.Name+" ("+string(relationship.Mode)+")")))
	}
	for _, p := range r.Standalone {
		page.Indented(0, 2, printer.Concat(printer.Good.Text(string(condition)), printer.Text(": "+p.Server)))
	}
	return page
}

// serverNames are the servers of a report, as -o name has them.
func serverNames(r ha.Report) []string {
	names := []string{}
	for _, relationship := range r.Relationships {
		for _, p := range relationship.Peers {
			names = append(names, "server/"+p.Server)
		}
	}
	for _, p := range r.Standalone {
		names = append(names, "server/"+p.Server)
	}
	return names
}
