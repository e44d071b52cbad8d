package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// leasesGetOptions are the flags of leases get.
type leasesGetOptions struct {
	env    *Env
	source leaseSource
	out    output
}

func newLeasesGetCmd(env *Env) *cobra.Command {
	o := &leasesGetOptions{env: env, source: leaseSource{env: env}, out: output{env: env}}
	c := &cobra.Command{
		Use:   "get ADDRESS|MAC|CLIENT-ID|DUID|HOSTNAME",
		Short: "Show all that is known of an address or a client",
		Long: `Show all that is known of an address or a client: its lease, VLAN, subnet and
pool, reservations and whether the lease fits them, what the client id, the DUID
and the relay's information mean, the client's other leases, and, where history
is kept, who had the address before.

What is given is recognised: an address, a delegated prefix, a hardware address
in any usual spelling, a client id, a DUID, or a host name. What can be read in
several ways is looked for in all of them. A host name without a domain is also
found with one.

The command exits with 4 when there is no lease. Of an address it then says what
the configuration knows: free in a pool, outside of all pools, reserved for
somebody, or in no subnet.`,
		Example: `  # who has this address
  kubectl kea leases get 10.10.1.7

  # where is this device, as its label or a switch writes the address
  kubectl kea leases get 001A.2B3C.4D5E

  # by name
  kubectl kea leases get printer-7`,
		Args: exactly("WHAT to get", "an address, hardware address, client id, DUID or host name"),
		RunE: func(c *cobra.Command, args []string) error { return o.run(c.Context(), args[0]) },
	}
	o.source.bind(c, false)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, leaseRules()...)
	return c
}

// exactly wants one argument and says what it is.
func exactly(name, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usagef("%s is missing: %s", name, what)
		case len(args) > 1:
			return usagef("one at a time: %q is one too many", args[1])
		}
		return nil
	}
}

func (o *leasesGetOptions) run(ctx context.Context, what string) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	wanted, err := leases.ParseWanted(what)
	if err != nil {
		return &UsageError{err}
	}
	ctx, cancel := o.env.deadline(ctx, lookLimit)
	defer cancel()
	_, d, done, err := o.source.openOne(ctx, lookLimit)
	if err != nil {
		return err
	}
	defer done()
	namespace := d.About().Namespace
	card, err := d.Get(ctx, wanted)
	if err != nil {
		return leaseHint(err, namespace)
	}
	view := printer.View{
		Page: func() printer.Page {
			canvas := o.out.canvas()
			canvas.Wide = format.Wide()
			return cardPage(card, wanted, canvas)
		},
		Names: func() []string { return cardNames(card) },
	}
	if err := o.out.write(format, card, view); err != nil {
		return err
	}
	o.env.aboutNotes(card.Origin)
	if len(card.Entries) == 0 {
		return &NotFoundError{What: "a lease for " + wanted.Text + " in namespace " + namespace}
	}
	return nil
}

// cardNames are the leases of a card as -o name has them.
func cardNames(card leases.Card) []string {
	names := []string{}
	for _, e := range card.Entries {
		names = append(names, "lease/"+e.Lease.Resource())
	}
	return names
}
