package cmd

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

func newRestoreStatusCmd(env *Env) *cobra.Command {
	o := newRestoreWork(env)
	c := &cobra.Command{
		Use:   "status NAME",
		Short: "Show one restored cluster: where it comes from, and how far it has come",
		Long: `Show one restored cluster: from where and to which moment it was restored, who
began it, whether it is verified, what it took the place of, what was left
unfinished, and the command that goes on. It reads the objects in the cluster
only.`,
		Example:           `  kubectl kea restore status kea-database-20250310-143000`,
		Args:              exactName("which restored cluster?"),
		ValidArgsFunction: env.completeRestored,
		RunE:              func(c *cobra.Command, args []string) error { return o.status(c.Context(), args[0]) },
	}
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, restoreLookRules()...)
	return c
}

func (o *restoreWork) status(ctx context.Context, name string) error {
	s, ctx, done, err := o.begin(ctx, lookLimit)
	if err != nil {
		return err
	}
	defer done()
	one, err := oneRestored(ctx, s, name)
	if err != nil {
		return err
	}
	return o.out.write(s.format, one, printer.View{
		Page:  func() printer.Page { return restoreStatusPage(one, o.env.Now()) },
		Names: func() []string { return []string{clusterResource + "/" + one.Name} },
	})
}

// oneRestored finds a restored cluster by its name.
func oneRestored(ctx context.Context, s session, name string) (*restore.Restored, error) {
	all, err := listRestored(ctx, s)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(r restore.Restored) bool { return r.Name == name })
	if i < 0 {
		return nil, WithHint(&NotFoundError{What: "restored cluster " + name + " in namespace " + s.namespace}, "kubectl kea restore list -n "+s.namespace)
	}
	return &all[i], nil
}

// listRestored lists the restored clusters. That the process of this machine which worked on one has died is known here only.
func listRestored(ctx context.Context, s session) ([]restore.Restored, error) {
	all, err := restore.List(ctx, s.Client, s.namespace, s.Now())
	for i := range all {
		if r := &all[i]; r.Running && r.By == whoami() && !alive(r.Process) {
			r.Died()
		}
	}
	return all, err
}

// completeRestored offers the restored clusters.
func (e *Env) completeRestored(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return e.completeObjects(c, func(ctx context.Context, k *kube.Client) ([]string, error) {
		all, err := restore.List(ctx, k, k.Namespace, e.Now())
		names := []string{}
		for _, r := range all {
			names = append(names, r.Name)
		}
		return names, err
	})
}
