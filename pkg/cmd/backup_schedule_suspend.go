package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// scheduleSuspendOptions are the flags of backup schedule suspend and resume.
type scheduleSuspendOptions struct {
	env     *Env
	subject subject
	confirm confirm
	suspend bool
	dryRun  string
}

func newScheduleSuspendCmd(env *Env, suspend bool) *cobra.Command {
	o := &scheduleSuspendOptions{env: env, subject: subject{env: env}, confirm: confirm{env: env}, suspend: suspend}
	c := &cobra.Command{
		Use:   "suspend [NAME]",
		Short: "Make no more backups by a schedule, until it is resumed",
		Long: `Make no more backups by a schedule, until it is resumed. The write-ahead log is
archived as before, so that all moments can still be restored to, from an ever
older base backup. NAME may be left out where there is one schedule.`,
		Example: `  kubectl kea backup schedule suspend`,
	}
	if !suspend {
		c.Use = "resume [NAME]"
		c.Short = "Go on with the backups of a schedule"
		c.Long = `Go on with the backups of a schedule that was suspended. When it missed a run
meanwhile, the operator makes one backup at once. NAME may be left out where
there is one schedule.`
		c.Example = `  kubectl kea backup schedule resume`
	}
	c.Args = cobra.MaximumNArgs(1)
	c.ValidArgsFunction = env.completeSchedule
	c.RunE = func(c *cobra.Command, args []string) error { return o.run(c.Context(), first(args)) }
	bindDryRun(c, &o.dryRun, "client: show what would be changed; server: have the API server check it, too")
	o.subject.bind(c)
	o.confirm.bindYes(c)
	needs(c, append(scheduleRules(), rule{"patch", "scheduledbackups", "postgresql.cnpg.io", "the change"})...)
	return c
}

// first is the first of the arguments, or "".
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func (o *scheduleSuspendOptions) run(ctx context.Context, name string) error {
	if err := (&change{dryRun: o.dryRun}).validate(); err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, 0)
	defer cancel()
	verb, done, state := "suspend", "suspended", "suspended already"
	if !o.suspend {
		verb, done, state = "resume", "resumed", "not suspended"
	}
	k, s, schedules, err := o.subject.schedules(ctx, "backup schedule "+verb)
	if err != nil {
		return err
	}
	planned, err := chooseSchedule(schedules, name, verb)
	if err != nil {
		return err
	}
	line := backup.ScheduleResource + "/" + planned.Name
	if planned.Suspended == o.suspend {
		return o.say(line + " unchanged: it is " + state)
	}
	if err := o.ask(ctx, k, s, planned); err != nil {
		return err
	}
	if o.dryRun != "client" {
		if err := backup.Suspend(ctx, k, schedules.Namespace, planned.Name, o.suspend, o.dryRun == "server"); err != nil {
			return err
		}
	}
	return o.say(line + " " + done + map[string]string{"client": " (dry run)", "server": " (server dry run)"}[o.dryRun])
}

func (o *scheduleSuspendOptions) say(line string) error {
	_, err := io.WriteString(o.env.Out, line+"\n")
	return err
}

// ask says what changes, and asks. Who may not change it is told before.
func (o *scheduleSuspendOptions) ask(ctx context.Context, k *kube.Client, s backup.Subject, planned backup.Planned) error {
	missing, err := kube.Missing(ctx, k, backup.SuspendPermissions(s.Cluster.Namespace))
	switch {
	case err != nil:
		return err
	case len(missing) > 0:
		return errors.New(backup.MayNot(missing) + " in namespace " + s.Cluster.Namespace)
	case o.dryRun != "none":
		return nil
	case o.suspend:
		return o.confirm.ask(ctx, fmt.Sprintf("Make no more backups of %s by schedule %s (%s)?", s.Cluster.Name, planned.Name, planned.Words))
	}
	question := fmt.Sprintf("Make backups of %s by schedule %s again (%s)?", s.Cluster.Name, planned.Name, planned.Words)
	if planned.Missed(o.env.Now()) {
		question = "A run was missed: the operator will make a backup at once. " + question
	}
	return o.confirm.ask(ctx, question)
}

// chooseSchedule finds the schedule that is meant.
func chooseSchedule(s backup.Schedules, name, verb string) (backup.Planned, error) {
	planned, ok := s.Choose(name)
	switch {
	case ok:
		return planned, nil
	case name != "":
		return planned, WithHint(&NotFoundError{What: fmt.Sprintf("schedule %s of cluster %s in namespace %s", name, s.Cluster, s.Namespace)}, "kubectl kea backup schedule -n "+s.Namespace)
	case len(s.Schedules) == 0:
		return planned, WithHint(&NotFoundError{What: fmt.Sprintf("a schedule of cluster %s in namespace %s", s.Cluster, s.Namespace)}, "kubectl kea backup schedule create '0 0 2 * * *' -n "+s.Namespace)
	}
	names := []string{}
	for _, p := range s.Schedules {
		names = append(names, p.Name)
	}
	return planned, WithHint(usagef("which of %s?", strings.Join(names, ", ")), "kubectl kea backup schedule "+verb+" "+names[0]+" -n "+s.Namespace)
}
