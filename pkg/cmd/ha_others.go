package cmd

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
)

func newHAForceTakeoverCmd(env *Env) *cobra.Command {
	o := newHAOperation(env, ha.ForceTakeover)
	c := &cobra.Command{
		Use:   "force-takeover SERVER",
		Short: "Have a server serve all clients at once, since its partner is dead",
		Long: `Have SERVER serve all clients at once, since its partner is dead. By itself a
standby takes over only after it has seen enough clients that nobody answers;
with few clients that can take long.

It is refused while the partner serves: ha maintenance start is the way then.
When the partner is alive where nobody reaches it, both serve; over one shared
database that is safe, with two an address can be handed out twice. When the
partner comes back, the two join by themselves.`,
		Example: `  kubectl kea ha force-takeover kea-dhcp-1 --dry-run
  kubectl kea ha force-takeover kea-dhcp-1 --confirm=kea-dhcp-1`,
		Args: oneServer,
		RunE: func(c *cobra.Command, args []string) error { return o.run(c.Context(), args[0]) },
	}
	o.bind(c, true)
	return c
}

func newHAContinueCmd(env *Env) *cobra.Command {
	o := newHAOperation(env, ha.Continue)
	c := &cobra.Command{
		Use:   "continue SERVER",
		Short: "Let a server go on that its configuration pauses in some state",
		Long: `Let a server go on that its configuration (state-machine, pause) keeps in some
state. One that is not paused stays as it is, which is said after three
heartbeats.`,
		Example: `  kubectl kea ha continue kea-dhcp-1/dhcp4 --yes`,
		Args:    oneServer,
		RunE:    func(c *cobra.Command, args []string) error { return o.run(c.Context(), args[0]) },
	}
	o.bind(c, false)
	return c
}

func newHAResetCmd(env *Env) *cobra.Command {
	o := newHAOperation(env, ha.Reset)
	c := &cobra.Command{
		Use:   "reset SERVER",
		Short: "Have a server begin high availability anew",
		Long: `Have a server begin high availability anew: it goes to waiting, and joins its
partner again within a heartbeat or two. It serves nobody meanwhile, and its
partner does not step in.

A server that serves is refused: take it out of service with ha maintenance
start first, reset it then, and cancel the maintenance. --force does it all the
same.`,
		Example: `  # the standby
  kubectl kea ha reset kea-dhcp-1/dhcp4 --confirm=kea-dhcp-1/dhcp4`,
		Args: oneServer,
		RunE: func(c *cobra.Command, args []string) error { return o.run(c.Context(), args[0]) },
	}
	o.bind(c, true)
	c.Flags().BoolVar(&o.force, "force", false, "Reset a server that serves: its clients are left alone for a heartbeat or two")
	return c
}

func newHASyncCmd(env *Env) *cobra.Command {
	o := newHAOperation(env, ha.Sync)
	c := &cobra.Command{
		Use:   "sync SERVER",
		Short: "Have a server fetch all leases of its partner",
		Long: `Have a server fetch all leases of its partner, which serves nobody meanwhile. It
is for pairs that keep leases in databases of their own, and those do it by
themselves when a server joins.

Over one shared database there is nothing to fetch: that is refused, unless
--force is given.`,
		Example: `  kubectl kea ha sync kea-dhcp-1/dhcp4 --confirm=kea-dhcp-1/dhcp4`,
		Args:    oneServer,
		RunE:    func(c *cobra.Command, args []string) error { return o.run(c.Context(), args[0]) },
	}
	o.bind(c, true)
	c.Flags().BoolVar(&o.force, "force", false, "Also over a shared database, where it is pointless")
	return c
}
