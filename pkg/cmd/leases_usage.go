package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// leasesUsageOptions are the flags of leases usage.
type leasesUsageOptions struct {
	env    *Env
	source leaseSource
	family leaseFilter
	out    output
	watch  watch
	count  bool
}

// usages is the value of -A: a usage a namespace.
type usages struct {
	Items []leases.Usage `json:"items"`
}

func newLeasesUsageCmd(env *Env) *cobra.Command {
	o := &leasesUsageOptions{env: env, source: leaseSource{env: env}, out: output{env: env}}
	c := &cobra.Command{
		Use:     "usage",
		Aliases: []string{"vlans"},
		Short:   "Show how full each VLAN is, the fullest first",
		Long: `Show how full each VLAN is, the fullest first; with -o wide also each subnet and
each pool. It is read from the counters that Kea keeps, so a million leases take
no longer than ten.

assigned counts leases, expired ones that Kea has not reclaimed yet among them;
declined addresses are those that a client found in use. free is what a client
without a reservation can still get, and use is the rest of the total: assigned,
declined, and reserved for clients that are not there. Kea's own words for a
VLAN with no free address are in its log: ALLOC_FAIL.

The counters of the database and of each server are compared. --count reads
every lease as well: it fills in the pools and proves the counters.`,
		Example: `  # which VLAN is full
  kubectl kea leases usage

  # each subnet and pool, of DHCPv4 only, with the leases counted
  kubectl kea leases usage -4 -o wide --count

  # VLANs above 80 % for a script
  kubectl kea vlans -o csv | awk -F, '$10 > 80'`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.family.bindFamilies(c)
	c.Flags().BoolVar(&o.count, "count", false, "Read and count the leases themselves too; takes the longer the more there are")
	o.source.bind(c, true)
	o.watch.bind(c)
	o.out.bind(c, printer.Choices{Name: true, CSV: true})
	o.out.bindHeaders(c)
	needs(c, leaseRules()...)
	return c
}

func (o *leasesUsageOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.watch.validate(); err != nil {
		return err
	}
	limit := lookLimit
	if o.count {
		limit = 0
	}
	request, err := o.source.request(limit)
	if err != nil {
		return err
	}
	if o.watch.on {
		return o.watch.run(ctx, &o.out, format, func(ctx context.Context) (any, printer.View, error) {
			found, err := o.look(ctx, limit, request)
			return o.value(found), o.view(found, format), err
		})
	}
	found, err := o.look(ctx, limit, request)
	if err != nil {
		return err
	}
	if err := o.out.write(format, o.value(found), o.view(found, format)); err != nil {
		return err
	}
	for _, u := range found {
		o.env.aboutNotes(u.Origin)
	}
	return nil
}

// look reads the usage of the namespaces.
func (o *leasesUsageOptions) look(ctx context.Context, limit time.Duration, request leases.Request) ([]leases.Usage, error) {
	ctx, cancel := o.env.deadline(ctx, limit)
	defer cancel()
	session, err := o.source.connect(ctx, request)
	if err != nil {
		return nil, err
	}
	defer session.close()
	var found []leases.Usage
	for _, namespace := range session.namespaces {
		d, err := session.open(ctx, namespace)
		if err != nil {
			return nil, err
		}
		u, err := d.Usage(ctx, leases.UsageOptions{Rows: o.count, Services: o.family.services()})
		d.Close(ctx)
		if err != nil {
			return nil, leaseHint(err, namespace)
		}
		if only := o.family.services(); only != nil {
			u.VLANs = ofServices(u.VLANs, only)
		}
		found = append(found, u)
	}
	return found, nil
}

// ofServices leaves the VLANs of services that were not asked for out.
func ofServices(all []leases.VLANUsage, only []kea.Service) []leases.VLANUsage {
	kept := []leases.VLANUsage{}
	for _, v := range all {
		for _, s := range only {
			if v.Service == s {
				kept = append(kept, v)
			}
		}
	}
	return kept
}

func (o *leasesUsageOptions) value(found []leases.Usage) any {
	if !o.source.all && len(found) == 1 {
		return found[0]
	}
	return usages{found}
}

func (o *leasesUsageOptions) view(found []leases.Usage, format printer.Format) printer.View {
	return printer.View{
		Page: func() printer.Page {
			canvas := o.out.canvas()
			canvas.Wide = format.Wide()
			var p printer.Page
			if o.watch.on && len(found) > 0 {
				p.Text(printer.Dim.Textf("every %s, last at %s", o.watch.interval, found[0].Time.Format(time.TimeOnly)))
				p.Blank()
			}
			for i, u := range found {
				if i > 0 {
					p.Blank()
				}
				if o.source.all {
					p.Text(printer.Bold.Text("namespace " + u.Namespace))
				}
				p.Append(usagePage(u, canvas))
			}
			return p
		},
		Names: func() []string {
			names := []string{}
			for _, u := range found {
				for _, v := range u.VLANs {
					if v.VLAN != 0 {
						names = append(names, fmt.Sprintf("vlan/%d", v.VLAN))
					}
				}
			}
			return names
		},
		Records: func() printer.Records { return usageRecords(found) },
	}
}
