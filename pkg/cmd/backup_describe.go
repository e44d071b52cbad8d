package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// backupDescribeOptions are the flags of backup describe.
type backupDescribeOptions struct {
	env     *Env
	out     output
	subject subject
}

func newBackupDescribeCmd(env *Env) *cobra.Command {
	o := &backupDescribeOptions{env: env, out: output{env: env}, subject: subject{env: env}}
	c := &cobra.Command{
		Use:   "describe NAME",
		Short: "Show all about one backup, and why it failed",
		Long: `Show all about one backup: when, how and where it was taken, what a restore can
use it for, and how its verification ended. Of one that failed, why: where the
operator only says that Barman's tool failed, its own words are looked for in
the log of the pod that it ran in.

The command exits with 4 when there is no backup of that name.`,
		Example: `  kubectl kea backup describe kea-database-20261122-020000`,
		Args:    exactly("NAME of a backup", "kubectl kea backup list has them"),
		RunE:    func(c *cobra.Command, args []string) error { return o.run(c.Context(), args[0]) },
	}
	c.ValidArgsFunction = env.completeBackup
	o.subject.bind(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, append(windowRules(),
		rule{"get", "backups", "postgresql.cnpg.io", "the backup"},
		rule{"get", "pods/log", "", "why it failed; without, what the operator says must do"})...)
	return c
}

func (o *backupDescribeOptions) run(ctx context.Context, name string) error {
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
	s, err := o.subject.find(ctx, k, "backup describe "+name, backup.ListPermissions(k.Namespace)...)
	if err != nil {
		return err
	}
	d, err := backup.Describe(ctx, k, instanceStatus(k), k, s, name, o.env.Now())
	if errors.Is(err, backup.ErrNoBackup) {
		return WithHint(&NotFoundError{What: "backup " + name + " in namespace " + k.Namespace}, "kubectl kea backup list -n "+k.Namespace)
	}
	if err != nil {
		return err
	}
	return o.out.write(format, d, printer.View{
		Page:  func() printer.Page { return backupPage(d) },
		Names: func() []string { return []string{backupResource + "/" + d.Name} },
	})
}
