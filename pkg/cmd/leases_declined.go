package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

// newLeasesDeclinedCmd groups what is done about addresses that clients refused.
func newLeasesDeclinedCmd(env *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "declined",
		Short: "Addresses that clients found in use",
		Long: `Addresses that clients found in use and refused. Kea keeps them from everybody
for a day, or what decline-probation-period says. leases --state declined lists
them.`,
	}
	c.AddCommand(newLeasesDeclinedClearCmd(env))
	return c
}

func newLeasesDeclinedClearCmd(env *Env) *cobra.Command {
	o := &leaseRemoval{env: env, source: leaseSource{env: env}, out: output{env: env}, confirm: confirm{env: env}}
	f := &leaseFilter{source: &o.source}
	c := &cobra.Command{
		Use:   "clear",
		Short: "Make declined addresses available again before their time is over",
		Long: `Make declined addresses available again before their probation is over, through
Kea's own command. Without --vlan, --subnet or --ip: all of them.

A client found each of these addresses in use by somebody. Find out who that is
first, or the next client will refuse it too. Addresses that were declined
within the last ten minutes stay unless --force is given.`,
		Example: `  # see which addresses these are
  kubectl kea leases --state declined

  # the device is gone: VLAN 20 gets its addresses back
  kubectl kea leases declined clear --vlan 20`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return clearDeclined(c.Context(), o, f) },
	}
	f.bindFamilies(c)
	f.bindPlaces(c)
	o.bind(c, "Also clear what was declined within the last ten minutes")
	return c
}

func clearDeclined(ctx context.Context, o *leaseRemoval, f *leaseFilter) error {
	filter, err := f.parse(o.env.Now())
	if err != nil {
		return err
	}
	filter.States = []leases.State{leases.Declined}
	return o.remove(ctx, func(ctx context.Context, d *leases.Deployment, namespace string) ([]leases.Lease, leases.RemovalRules, error) {
		rules := leases.RemovalRules{ClearDeclined: true, Fresh: o.force}
		if err := f.place(&filter, d.Catalog(), namespace); err != nil {
			return nil, rules, err
		}
		list, err := d.List(ctx, filter)
		return list.Leases, rules, err
	}, true)
}
