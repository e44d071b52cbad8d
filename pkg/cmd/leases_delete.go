package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

func newLeasesDeleteCmd(env *Env) *cobra.Command {
	o := &leaseRemoval{env: env, source: leaseSource{env: env}, out: output{env: env}, confirm: confirm{env: env}}
	c := &cobra.Command{
		Use:   "delete ADDRESS...",
		Short: "Delete leases through Kea, so that DNS and statistics follow",
		Long: `Delete the leases of addresses or delegated prefixes through Kea's own command,
so that its DNS entries and statistics follow; the lease_cmds hook must be
loaded. Of servers that share a database one is told; of servers that keep
leases each on their own, all.

A lease that looks in use is refused unless --force is given: its client goes on
using the address until it renews, and the server may give it to somebody else.
A declined one is refused too: leases declined clear is for those. Each server
is asked again before it is told: a lease that was renewed, or that somebody
else got meanwhile, is left alone.`,
		Example: `  # see what would happen
  kubectl kea leases delete 10.10.1.7 --dry-run=client

  # delete it although its client was seen lately
  kubectl kea leases delete 10.10.1.7 --force

  # a delegated prefix, without a question
  kubectl kea leases delete 2001:db8:8000::/56 --yes`,
		Args: cobra.MatchAll(func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which lease? name an address or a delegated prefix")
			}
			return nil
		}),
		RunE: func(c *cobra.Command, args []string) error { return deleteLeases(c.Context(), o, args) },
	}
	o.bind(c, "Also delete leases that look in use")
	return c
}

func deleteLeases(ctx context.Context, o *leaseRemoval, args []string) error {
	var wanted []leases.Wanted
	for _, arg := range args {
		w, err := leases.ParseWanted(arg)
		if err != nil || !w.Address.IsValid() {
			return usagef("%q is no address and no delegated prefix; kubectl kea leases get finds the address of a client", arg)
		}
		w.Kinds = []leases.Kind{addressKind(w)}
		wanted = append(wanted, w)
	}
	return o.remove(ctx, func(ctx context.Context, d *leases.Deployment, namespace string) ([]leases.Lease, leases.RemovalRules, error) {
		reserved := map[leases.Key][]leases.ReservedFor{}
		rules := leases.RemovalRules{InUse: o.force, Reserved: func(l *leases.Lease) []leases.ReservedFor { return reserved[l.Key()] }}
		var found []leases.Lease
		var missing []string
		for _, w := range wanted {
			card, err := d.Get(ctx, w)
			if err != nil {
				return nil, rules, err
			}
			entries := slices.DeleteFunc(card.Entries, func(e leases.Entry) bool {
				return w.Length == 0 && e.Lease.Type == leases.PD // the address lies in the prefix: that is not meant
			})
			if len(entries) == 0 {
				missing = append(missing, w.Text)
			}
			for _, e := range entries {
				found = append(found, e.Lease)
				for _, r := range e.Reservations {
					if strings.Contains(r.Address, e.Lease.Address.String()) {
						reserved[e.Lease.Key()] = append(reserved[e.Lease.Key()], r)
					}
				}
			}
		}
		if len(missing) > 0 {
			return nil, rules, &NotFoundError{What: fmt.Sprintf("nothing was deleted: a lease for %s in namespace %s", strings.Join(missing, ", "), namespace)}
		}
		return found, rules, nil
	}, false)
}

// addressKind is the one way to read what can be nothing but an address here.
func addressKind(w leases.Wanted) leases.Kind {
	switch {
	case w.Length > 0:
		return leases.DelegatedPrefix
	case w.Address.Is4():
		return leases.IPv4Address
	}
	return leases.IPv6Address
}
