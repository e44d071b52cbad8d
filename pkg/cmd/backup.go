package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// newBackupCmd is `kubectl kea backup`, which by itself is `kubectl kea backup create`.
func newBackupCmd(env *Env) *cobra.Command {
	c := newBackupCreateCmd(env)
	c.Use, c.Aliases, c.GroupID, c.Args = "backup", []string{"backups"}, groupSafe, noSuchCommand
	c.Short = "Back up Kea's database; list, schedule and verify backups"
	c.Long = "Back up Kea's database. Without a subcommand: backup create.\n\n" + c.Long
	c.AddCommand(
		newBackupCreateCmd(env),
		newBackupListCmd(env),
		newBackupDescribeCmd(env),
		newBackupScheduleCmd(env),
		newBackupVerifyCmd(env),
	)
	return c
}

// subject is which database a command is about.
type subject struct {
	env     *Env
	cluster string
}

// bind adds the flag.
func (s *subject) bind(c *cobra.Command) {
	c.Flags().StringVar(&s.cluster, "cluster", "", "The CNPG `NAME` of the database's cluster; needed only where the Kea servers do not lead to one")
	complete(c, "cluster", s.env.completeCluster)
}

// find finds the database in the namespace of the command line. wanted are the permissions that the command needs
// beside: who lacks one for the search itself is told of all at once.
func (s *subject) find(ctx context.Context, k *kube.Client, command string, wanted ...kube.Permission) (backup.Subject, error) {
	found, err := backup.Find(ctx, k, k.Namespace, s.cluster)
	if kube.IsForbidden(err) {
		missing, asked := kube.Missing(ctx, k, append(backup.FindPermissions(k.Namespace), wanted...))
		if asked == nil && len(missing) > 1 {
			return found, WithHint(errors.New(backup.MayNot(missing)+" in namespace "+k.Namespace), "ask for a role with these permissions; kubectl kea "+command+" --help says what each is for")
		}
	}
	return found, subjectHint(ctx, k, command, err)
}

// subjectHint gives the error of a search for a database its next command.
func subjectHint(ctx context.Context, k *kube.Client, command string, err error) error {
	var choice *backup.ChoiceError
	var unfinished *inventory.UnfinishedError
	if errors.As(err, &choice) && choice.Missing {
		err = &missingError{err}
	}
	switch {
	case errors.As(err, &choice) && len(choice.Clusters) > 0:
		return WithHint(err, "kubectl kea "+command+" -n "+choice.Namespace+" --cluster "+choice.Clusters[0])
	case errors.As(err, &choice):
		return WithHint(err, "kubectl kea status -n "+choice.Namespace)
	case errors.As(err, &unfinished) && unfinished.Operation.Continue != "":
		return WithHint(err, unfinished.Operation.Continue)
	case errors.Is(err, inventory.ErrNone):
		return elsewhere(ctx, k, inventory.Options{}, "", command, err)
	}
	return err
}

// subjectRules are the permissions for finding a database.
func subjectRules() []rule {
	return []rule{
		{"list", "pods, services", "", "finding the servers"},
		{"list", "statefulsets, deployments", "apps", "servers that are scaled away"},
		{"get", "secrets, configmaps", "", "configuration files; without, the label of the database's Service is followed"},
		{"get, list", "clusters", "postgresql.cnpg.io", "the database's cluster"},
	}
}
