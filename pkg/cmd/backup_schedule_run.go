package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

func newScheduleRunCmd(env *Env) *cobra.Command {
	o := newBackupCreate(env)
	c := &cobra.Command{
		Use:   "run-now [NAME]",
		Short: "Make the backup of a schedule now",
		Long: `Make the backup of a schedule now, as the operator would make it: with the
schedule's own method, target and settings. The schedule itself goes on as
before, and may be suspended. NAME may be left out where there is one schedule.`,
		Example: `  kubectl kea backup schedule run-now --wait`,
		Args:    cobra.MaximumNArgs(1),
	}
	c.ValidArgsFunction = env.completeSchedule
	c.RunE = func(c *cobra.Command, args []string) error {
		o.plan = func(ctx context.Context, k *kube.Client, s backup.Subject) (backup.Creation, error) {
			schedules, err := backup.GatherSchedules(ctx, k, s, env.Now())
			if err != nil {
				return backup.Creation{}, err
			}
			chosen, err := chooseSchedule(schedules, first(args), "run-now")
			if err != nil {
				return backup.Creation{}, err
			}
			return backup.PlanRun(ctx, k, instanceStatus(k), s, chosen.Name, o.request, env.Now())
		}
		return o.run(c.Context())
	}
	o.bind(c, rule{"get, list", "scheduledbackups", "postgresql.cnpg.io", "the schedule"})
	return c
}
