package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// scheduleCreateOptions are the flags of backup schedule create.
type scheduleCreateOptions struct {
	env     *Env
	out     output
	subject subject
	confirm confirm
	request backup.ScheduleRequest
	dryRun  string
}

func newScheduleCreateCmd(env *Env) *cobra.Command {
	o := &scheduleCreateOptions{env: env, out: output{env: env}, subject: subject{env: env}, confirm: confirm{env: env}}
	c := &cobra.Command{
		Use:   "create SCHEDULE",
		Short: "Make backups at times from now on",
		Long: `Make backups at times from now on. SCHEDULE is a cron expression in UTC: second,
minute, hour, day, month, day of the week. One with five fields, as crontab has
them, gets the second 0 put before it: CloudNativePG would take its first field
for the seconds, and run every hour what was meant for every day.

How long backups are kept is not the schedule's but the archive's.`,
		Example: `  # every night at two o'clock, UTC
  kubectl kea backup schedule create '0 0 2 * * *'

  # every Sunday, beside the other one, and look only
  kubectl kea backup schedule create '30 3 * * 0' --name weekly --dry-run=server`,
		Args: exactly("SCHEDULE", "a cron expression in quotes, as in '0 0 2 * * *'"),
		RunE: func(c *cobra.Command, args []string) error { return o.run(c.Context(), args[0]) },
	}
	f := c.Flags()
	f.StringVar(&o.request.Name, "name", "", "The name of the schedule (default the cluster's)")
	f.BoolVar(&o.request.Immediate, "immediate", false, "Begin with a backup at once")
	bindDryRun(c, &o.dryRun, "client: show what would be made; server: have the API server check it, too")
	c.ValidArgsFunction = cobra.FixedCompletions([]cobra.Completion{
		cobra.CompletionWithDesc("0 0 2 * * *", backup.Words("0 0 2 * * *")),
		cobra.CompletionWithDesc("0 0 */6 * * *", backup.Words("0 0 */6 * * *")),
		cobra.CompletionWithDesc("0 0 3 * * 0", backup.Words("0 0 3 * * 0")),
	}, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
	o.subject.bind(c)
	o.confirm.bindYes(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, append(scheduleRules(), rule{"create", "scheduledbackups", "postgresql.cnpg.io", "the schedule"})...)
	return c
}

func (o *scheduleCreateOptions) run(ctx context.Context, text string) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := (&change{dryRun: o.dryRun}).validate(); err != nil {
		return err
	}
	var added bool
	if o.request.Schedule, added, err = backup.ParseSchedule(text); err != nil {
		return &UsageError{err}
	}
	ctx, cancel := o.env.deadline(ctx, 0)
	defer cancel()
	k, s, existing, err := o.subject.schedules(ctx, "backup schedule create")
	if err != nil {
		return err
	}
	plan, err := backup.PlanSchedule(ctx, k, s, existing, o.request, o.env.Now())
	if err != nil {
		return err
	}
	dry := o.dryRun != "none"
	show := o.env.Out // what programs get is the object, and the plan goes to people beside it
	canvas := o.out.canvas()
	if !format.Human() {
		show, canvas = o.env.ErrOut, o.env.errCanvas()
	}
	if err := newSchedulePage(plan, added, dry, o.env.Now(), canvas).Write(show, canvas); err != nil {
		return err
	}
	if plan.Blocked() {
		return errors.New("nothing was changed: see what stands against it, above")
	}
	if !dry {
		if err := o.confirm.ask(ctx, fmt.Sprintf("Make schedule %s in namespace %s?", plan.Manifest.Name, plan.Namespace)); err != nil {
			return err
		}
	}
	if o.dryRun != "client" {
		if err := backup.CreateSchedule(ctx, k, &plan, dry); err != nil {
			return err
		}
	}
	return o.write(format, plan)
}

// write writes the schedule as kubectl does: a line for people, else the object.
func (o *scheduleCreateOptions) write(format printer.Format, plan backup.ScheduleCreation) error {
	name := backup.ScheduleResource + "/" + plan.Manifest.Name
	if format.Human() {
		if o.dryRun != "none" {
			return nil
		}
		_, err := io.WriteString(o.env.Out, name+" created\n")
		return err
	}
	value, err := runtime.DefaultUnstructuredConverter.ToUnstructured(plan.Manifest)
	if err != nil {
		return fmt.Errorf("encode scheduled backup %s: %w", plan.Manifest.Name, err)
	}
	delete(value, "status") // of which nobody has said anything yet
	return o.out.write(format, value, printer.View{Names: func() []string { return []string{name} }})
}
