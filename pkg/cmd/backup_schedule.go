package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// backupScheduleOptions are the flags of backup schedule.
type backupScheduleOptions struct {
	env     *Env
	out     output
	subject subject
}

// newBackupScheduleCmd is `backup schedule`, which by itself is `backup schedule show`.
func newBackupScheduleCmd(env *Env) *cobra.Command {
	c := newScheduleShowCmd(env)
	c.Use, c.Aliases, c.Args = "schedule", []string{"schedules"}, noSuchCommand
	c.Short = "Show, make, suspend and resume scheduled backups"
	c.Long = "Scheduled backups. Without a subcommand: backup schedule show.\n\n" + c.Long
	c.AddCommand(
		newScheduleShowCmd(env),
		newScheduleCreateCmd(env),
		newScheduleSuspendCmd(env, true),
		newScheduleSuspendCmd(env, false),
		newScheduleRunCmd(env),
	)
	return c
}

func newScheduleShowCmd(env *Env) *cobra.Command {
	o := &backupScheduleOptions{env: env, out: output{env: env}, subject: subject{env: env}}
	c := &cobra.Command{
		Use:   "show",
		Short: "Show when backups are made, and how long they are kept",
		Long: `Show when backups of the database are made, in words, the next runs in local
time and UTC, and how long backups are kept. The operator goes by UTC.`,
		Example: `  kubectl kea backup schedule`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.subject.bind(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, scheduleRules()...)
	return c
}

// scheduleRules are the permissions for looking at schedules.
func scheduleRules() []rule {
	return append(subjectRules(),
		rule{"list", "scheduledbackups", "postgresql.cnpg.io", "the schedules"},
		rule{"get", "objectstores", "barmancloud.cnpg.io", "how long backups are kept"})
}

func (o *backupScheduleOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, lookLimit)
	defer cancel()
	_, _, schedules, err := o.subject.schedules(ctx, "backup schedule")
	if err != nil {
		return err
	}
	return o.out.write(format, schedules, printer.View{
		Page:  func() printer.Page { return schedulesPage(schedules) },
		Names: func() []string { return scheduleNames(schedules) },
	})
}

// schedules finds the database and its schedules.
func (s *subject) schedules(ctx context.Context, command string, wanted ...kube.Permission) (*kube.Client, backup.Subject, backup.Schedules, error) {
	k, err := s.env.Kube()
	if err != nil {
		return nil, backup.Subject{}, backup.Schedules{}, err
	}
	found, err := s.find(ctx, k, command, append(backup.SchedulePermissions(k.Namespace), wanted...)...)
	if err != nil {
		return nil, found, backup.Schedules{}, err
	}
	schedules, err := backup.GatherSchedules(ctx, k, found, s.env.Now())
	return k, found, schedules, err
}

func scheduleNames(s backup.Schedules) []string {
	names := []string{}
	for _, p := range s.Schedules {
		names = append(names, backup.ScheduleResource+"/"+p.Name)
	}
	return names
}

// completeSchedule offers the names of the schedules, as the first argument.
func (e *Env) completeSchedule(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return e.completeObjects(c, func(ctx context.Context, k *kube.Client) ([]string, error) {
		s, err := backup.Find(ctx, k, k.Namespace, "")
		if err != nil {
			return nil, err
		}
		schedules, err := backup.GatherSchedules(ctx, k, s, e.Now())
		names := []string{}
		for _, p := range schedules.Schedules {
			names = append(names, cobra.CompletionWithDesc(p.Name, p.Words))
		}
		return names, err
	})
}
