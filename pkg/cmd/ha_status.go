package cmd

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

func newHAStatus(env *Env) *reportOptions {
	return &reportOptions{env: env, out: output{env: env}, gather: status.GatherHA, page: haPage}
}

func newHAStatusCmd(env *Env) *cobra.Command {
	o := newHAStatus(env)
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the peers of each HA relationship in depth",
		Long: `Show the peers of each HA relationship in depth: what each server says of
itself, what its partner says of it, whether it answers clients, and whether the
two agree. With -o wide also every difference between the configurations of the
peers, and between a server's file and what it runs.

A standby in hot-standby serves no scope: that is normal.`,
		Example: `  kubectl kea ha status
  kubectl kea ha status -n network -o wide
  kubectl kea ha status --watch --interval 1s`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.bind(c)
	needs(c, serverRules()...)
	return c
}
