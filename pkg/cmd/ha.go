package cmd

import "github.com/spf13/cobra"

// newHACmd is `kubectl kea ha`, which by itself is `kubectl kea ha status`.
func newHACmd(env *Env) *cobra.Command {
	o := newHAStatus(env)
	c := &cobra.Command{
		Use:     "ha",
		Short:   "High availability of the Kea servers",
		Long:    "High availability of the Kea servers. Without a subcommand: ha status.",
		GroupID: groupLook,
		Args:    noSuchCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.bind(c)
	c.AddCommand(newHAStatusCmd(env), newHAWaitCmd(env), newHAMaintenanceCmd(env), newHAForceTakeoverCmd(env),
		newHAContinueCmd(env), newHAResetCmd(env), newHASyncCmd(env))
	c.AddCommand(newHADiffCmd(env))
	return c
}
