package cmd

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
)

// newHAMaintenanceCmd groups taking servers out of service and back.
func newHAMaintenanceCmd(env *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "maintenance",
		Short: "Take a server out of service while its partner serves all clients, and bring it back",
		Long: `Take a server out of service while its partner serves all clients, and bring it
back. A server in maintenance may be stopped, restarted or reloaded.`,
	}
	c.AddCommand(newHAMaintenanceStartCmd(env), newHAMaintenanceCancelCmd(env))
	return c
}

func newHAMaintenanceStartCmd(env *Env) *cobra.Command {
	o := newHAOperation(env, ha.MaintenanceStart)
	c := &cobra.Command{
		Use:   "start SERVER",
		Short: "Take a server out of service",
		Long: `Take a server out of service: its partner serves all clients from then on.
SERVER is the one that is taken out, as in kea-dhcp-0/dhcp4; a pod's name means
all its servers. Kea's own command goes to the partner.

Both servers are looked at first. It is refused when nobody would serve: with a
partner that is down, without its lease database, disabled, not in its normal
state or not in touch. It ends when both servers show the wanted state, whatever
Kea answered. Clients notice nothing, or repeat one packet.

Until the maintenance is cancelled there is no failover.`,
		Example: `  # what would be done, and what stands against it
  kubectl kea ha maintenance start kea-dhcp-0 --dry-run

  # restart a pod: its partner serves meanwhile; on the way back clients wait
  # for a heartbeat at most
  kubectl kea ha maintenance start kea-dhcp-0 --yes
  # now kubectl delete pod kea-dhcp-0, and when it runs again:
  kubectl kea ha maintenance cancel kea-dhcp-0 --yes
  kubectl kea ha wait --for healthy

  # one address family only
  kubectl kea ha maintenance start kea-dhcp-0/dhcp4`,
		Args: oneServer,
		RunE: func(c *cobra.Command, args []string) error { return o.run(c.Context(), args[0]) },
	}
	o.bind(c, false)
	return c
}

func newHAMaintenanceCancelCmd(env *Env) *cobra.Command {
	o := newHAOperation(env, ha.MaintenanceCancel)
	c := &cobra.Command{
		Use:   "cancel [SERVER]",
		Short: "Bring a server back into service",
		Long: `Bring a server back into service. SERVER is the one that was taken out; without
it, every server of the namespace that is in maintenance.

The way back is not gapless where the server was restarted or reloaded: its
partner stops serving its clients at once, and it begins with its next
heartbeat. A server that was left alone begins at once. It is refused while the
server is down or without its lease database: nobody would serve then.

Kea may take a cancel back although it has answered with success: it is repeated
until both servers are in their normal state.`,
		Example: `  kubectl kea ha maintenance cancel
  kubectl kea ha maintenance cancel kea-dhcp-0 --yes`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("one server is taken, not %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return o.run(c.Context(), args[0])
			}
			return o.run(c.Context(), "")
		},
	}
	o.bind(c, false)
	return c
}
