package cmd

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

// newLeasesCmd is `kubectl kea leases`, which by itself is `kubectl kea leases list`.
func newLeasesCmd(env *Env) *cobra.Command {
	c := newLeasesListCmd(env)
	c.Use, c.Aliases, c.GroupID, c.Args = "leases", []string{"lease"}, groupLook, noLeasesCommand
	c.Short = "Find, count, follow and export leases"
	c.Long = "Find, count, follow and export leases. Without a subcommand: leases list.\n\n" + c.Long
	c.AddCommand(
		newLeasesListCmd(env),
		newLeasesGetCmd(env),
		newLeasesUsageCmd(env),
		newLeasesHistoryCmd(env),
		newLeasesExportCmd(env),
		newLeasesDeleteCmd(env),
		newLeasesDeclinedCmd(env),
	)
	return c
}

// noLeasesCommand takes no arguments, and tells those who name a client or an address where to go with it.
func noLeasesCommand(c *cobra.Command, args []string) error {
	err := noSuchCommand(c, args)
	if err == nil || hintOf(err) != "" {
		return err
	}
	if w, wrong := leases.ParseWanted(args[0]); wrong == nil && (w.Address.IsValid() || len(w.Octets) > 0) {
		return WithHint(err, c.CommandPath()+" get "+args[0])
	}
	return err
}

// newVLANsCmd is `kubectl kea vlans`, another name for `kubectl kea leases usage`.
func newVLANsCmd(env *Env) *cobra.Command {
	c := newLeasesUsageCmd(env)
	c.Use, c.Aliases, c.GroupID = "vlans", []string{"vlan"}, groupLook
	c.Short = "Show how full each VLAN is: the same as leases usage"
	return c
}

// leaseRules are the permissions for reading leases.
func leaseRules() []rule {
	return append(serverRules()[:3:3],
		rule{"get, create", "pods/portforward", "", "asking the database and the servers"},
		rule{"get, create", "pods/proxy", "", "servers that listen on their pod's address only"},
		rule{"list", "dhcpv4services, dhcpv6services", "network.fos1.io", "VLANs that only they name"},
	)
}
