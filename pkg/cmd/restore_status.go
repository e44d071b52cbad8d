package cmd

import (
	"context"
	"slices"
	"time"

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
	format, err := o.out.format()
	if err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, lookLimit)
	defer cancel()
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	one, err := oneRestored(ctx, k, name, o)
	if err != nil {
		return err
	}
	return o.out.write(format, one, printer.View{
		Page:  func() printer.Page { return restoreStatusPage(one, o.env.Now()) },
		Names: func() []string { return []string{clusterResource + "/" + one.Name} },
	})
}

// oneRestored finds a restored cluster by its name.
func oneRestored(ctx context.Context, k *kube.Client, name string, o *restoreWork) (*restore.Restored, error) {
	all, err := listRestored(ctx, k, o.env.Now())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(r restore.Restored) bool { return r.Name == name })
	if i < 0 {
		return nil, WithHint(&NotFoundError{What: "restored cluster " + name + " in namespace " + k.Namespace}, "kubectl kea restore list -n "+k.Namespace)
	}
	return &all[i], nil
}

// listRestored lists the restored clusters. That the process of this machine which worked on one has died is known here only.
func listRestored(ctx context.Context, k *kube.Client, now time.Time) ([]restore.Restored, error) {
	all, err := restore.List(ctx, k, k.Namespace, now)
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
