package cmd

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// screenful is how many leases a terminal shows unless --limit says otherwise.
const screenful = 100

// leasesListOptions are the flags of leases list.
type leasesListOptions struct {
	env     *Env
	source  leaseSource
	filter  leaseFilter
	out     output
	sort    string
	reverse bool
	limit   int // below 0: not given
	at      string
	when    time.Time // that at means; zero: now

	watch    bool
	interval time.Duration
	kept     map[*leases.Deployment]bool // still in use by a feed
}

func newLeasesListCmd(env *Env) *cobra.Command {
	o := &leasesListOptions{env: env, source: leaseSource{env: env}, out: output{env: env}}
	o.filter.source = &o.source
	c := &cobra.Command{
		Use:   "list",
		Short: "List leases",
		Long: `List leases of DHCPv4 and DHCPv6 with the VLAN that their subnet belongs to. The
flags that choose leases combine: a lease must fit all of them.

On a terminal the newest 100 are shown; into a pipe or a file go all of them, in
the order of their addresses, and as they are read: a million need no more
memory than ten. (Formats with a template are the exception.)

The leases come from the database where it can be logged in to, else from the
servers. "subnet 99 gone" marks leases of a subnet that the configuration has no
more. Expired leases stay until Kea reclaims them, reclaimed ones until Kea
removes them: --state active leaves them out.

With --watch it is a live feed instead. Where history is kept (leases history)
every grant, renewal, release and end is told; without, only that clients were
heard of and that the counts of a VLAN changed.`,
		Example: `  # the newest leases
  kubectl kea leases

  # who is in VLAN 20, by address
  kubectl kea leases --vlan 20 --state active --sort address --limit 0

  # printers of one vendor that were heard of in the last hour
  kubectl kea leases --mac 00:1a:2b --hostname '*printer*' --seen-since 1h

  # what ends within ten minutes, soonest first
  kubectl kea leases --expires-within 10m --sort expires

  # what happens in VLAN 20 just now
  kubectl kea leases --vlan 20 -w

  # who had addresses of VLAN 20 at half past two
  kubectl kea leases --vlan 20 --at 14:30

  # all addresses of a subnet, for a script
  kubectl kea leases --subnet 10.10.0.0/16 -o custom-columns=IP:.address,MAC:.hwAddress`,
		Args: noArguments,
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		if !c.Flags().Changed("limit") {
			o.limit = -1
		} else if o.limit < 0 {
			return usagef("--limit %d is negative; 0 is no limit", o.limit)
		}
		if err := o.validateFollow(); err != nil {
			return err
		}
		return o.run(c.Context())
	}
	o.filter.bind(c)
	c.Flags().StringVar(&o.sort, "sort", "", "The order: address, seen (latest first), expires (soonest first), hostname, vlan (default seen on a terminal, else address)")
	c.Flags().BoolVar(&o.reverse, "reverse", false, "Turn the order around")
	c.Flags().IntVar(&o.limit, "limit", 0, "How many leases at most, 0 for all (default 100 on a terminal)")
	c.Flags().StringVar(&o.at, "at", "", "The leases as they were at a time, where history is kept: 14:30, \"yesterday 14:30\", 2h, 2025-03-10T14:30:00Z")
	c.Flags().BoolVarP(&o.watch, "watch", "w", false, "Show what happens to leases, as it happens, until Ctrl-C")
	c.Flags().DurationVar(&o.interval, "interval", time.Second, "With --watch, how long to wait between two looks")
	complete(c, "sort", cobra.FixedCompletions([]cobra.Completion{"address", "seen", "expires", "hostname", "vlan"}, cobra.ShellCompDirectiveNoFileComp))
	o.source.bind(c, true)
	o.out.bind(c, printer.Choices{Name: true, CSV: true})
	o.out.bindHeaders(c)
	needs(c, leaseRules()...)
	return c
}

// chosen is the filter that the flags ask for.
func (o *leasesListOptions) chosen() (leases.Filter, error) {
	var err error
	now := o.env.Now()
	if o.at != "" {
		if o.when, err = leases.ParseSince(o.at, now); err != nil {
			return leases.Filter{}, usagef("--at %w", err)
		}
		now = o.when
	}
	f, err := o.filter.parse(now)
	if err != nil {
		return f, err
	}
	terminal := o.env.OutSize != nil
	f.Sort, f.Reverse = leases.ByAddress, o.reverse
	if terminal {
		f.Sort = leases.ByLastSeen
	}
	if o.sort != "" {
		if f.Sort, err = leases.ParseSort(strings.ToLower(o.sort)); err != nil {
			return f, usagef("--sort %w", err)
		}
	}
	if f.Sort == leases.ByLastSeen {
		f.Reverse = !f.Reverse // people mean the latest first
	}
	f.Limit = max(o.limit, 0)
	if o.limit < 0 && terminal {
		f.Limit = screenful
	}
	return f, nil
}

func (o *leasesListOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	filter, err := o.chosen()
	if err != nil {
		return err
	}
	limit := lookLimit
	if filter.Limit == 0 || o.watch {
		limit = 0 // a million leases take their time
	}
	request, err := o.source.request(limit)
	if err != nil {
		return err
	}
	if !o.watch {
		var cancel context.CancelFunc
		ctx, cancel = o.env.deadline(ctx, limit)
		defer cancel()
	}
	session, err := o.source.connect(ctx, request)
	if err != nil {
		return err
	}
	defer session.close()
	if o.watch {
		return o.follow(ctx, session, filter, format)
	}
	rows := o.out.rows(format, o.source.all)
	if filter.Limit > 0 {
		return o.few(ctx, session, filter, format, rows)
	}
	return o.many(ctx, session, filter, rows)
}

// each opens one namespace after the other. With several of them a VLAN need not be in each.
func (o *leasesListOptions) each(ctx context.Context, session *leaseSession, filter leases.Filter, look func(*leases.Deployment, leases.Filter) error) error {
	var absent error
	seen := 0
	for _, namespace := range session.namespaces {
		d, err := session.open(ctx, namespace)
		if err != nil {
			return err
		}
		one := filter
		err = o.filter.place(&one, d.Catalog(), namespace)
		var unknown *leases.UnknownError
		if errors.As(err, &unknown) {
			absent = cmp.Or(absent, err)
		} else if err == nil {
			seen++
			err = o.turn(ctx, d)
		}
		if err == nil {
			err = look(d, one)
		}
		if !o.kept[d] {
			d.Close(ctx)
		}
		if err != nil && unknown == nil {
			return noHistory(err, d)
		}
	}
	if seen == 0 {
		return absent
	}
	return nil
}

// turn turns a deployment to the moment of --at, and says which that is.
func (o *leasesListOptions) turn(ctx context.Context, d *leases.Deployment) error {
	if o.at == "" {
		return nil
	}
	if err := d.At(ctx, o.when); err != nil {
		return err
	}
	o.env.remark("namespace %s as of %s", d.About().Namespace, echoTime(o.when))
	return nil
}

// keep keeps a deployment open until what it returns is called.
func (o *leasesListOptions) keep(ctx context.Context, d *leases.Deployment) (release func()) {
	if o.kept == nil {
		o.kept = map[*leases.Deployment]bool{}
	}
	o.kept[d] = true
	return func() { d.Close(ctx) } // whose end does not matter to it
}

// many writes all leases as they are read.
func (o *leasesListOptions) many(ctx context.Context, session *leaseSession, filter leases.Filter, rows leaseRows) error {
	var tell leaseTelling
	err := o.each(ctx, session, filter, func(d *leases.Deployment, filter leases.Filter) error {
		if err := rows.begin(d.About()); err != nil {
			return err
		}
		about, err := d.Each(ctx, filter, func(l *leases.Lease) error {
			tell.count(l)
			return rows.row(l)
		})
		if err != nil {
			return err
		}
		tell.abouts = append(tell.abouts, about)
		return rows.end(about, false)
	})
	if err != nil {
		return err
	}
	if err := rows.close(); err != nil {
		return err
	}
	tell.tell(o.env, 0, false)
	return nil
}

// few reads a limited number of leases of all namespaces before it shows any.
func (o *leasesListOptions) few(ctx context.Context, session *leaseSession, filter leases.Filter, format printer.Format, rows leaseRows) error {
	var lists []leases.List
	err := o.each(ctx, session, filter, func(d *leases.Deployment, filter leases.Filter) error {
		list, err := d.List(ctx, filter)
		lists = append(lists, list)
		return err
	})
	if err != nil {
		return err
	}
	merged := mergeLists(lists, filter)
	var tell leaseTelling
	more := false
	for _, list := range lists {
		tell.abouts = append(tell.abouts, list.Origin)
		more = more || list.More
	}
	for _, m := range merged {
		tell.count(m.lease)
	}
	if format.Human() {
		err = writeMerged(rows, lists, merged)
	} else {
		err = writeLists(rows, lists, merged)
	}
	if err != nil {
		return err
	}
	tell.tell(o.env, len(merged), more)
	return nil
}

// mergedLease is a lease of one of several lists.
type mergedLease struct {
	list  int
	lease *leases.Lease
}

// mergeLists are the leases of all lists in the filter's order, at most its limit. A list of which some are left out has
// more.
func mergeLists(lists []leases.List, filter leases.Filter) []mergedLease {
	merged := []mergedLease{}
	for i := range lists {
		for j := range lists[i].Leases {
			merged = append(merged, mergedLease{i, &lists[i].Leases[j]})
		}
	}
	if len(lists) > 1 {
		compare := leases.Compare(&filter)
		slices.SortStableFunc(merged, func(a, b mergedLease) int { return compare(a.lease, b.lease) })
	}
	if len(merged) > filter.Limit {
		for _, m := range merged[filter.Limit:] {
			lists[m.list].More = true
		}
		merged = merged[:filter.Limit]
	}
	return merged
}

// writeMerged writes the leases of all namespaces in one order.
func writeMerged(rows leaseRows, lists []leases.List, merged []mergedLease) error {
	for _, m := range merged {
		if err := rows.begin(lists[m.list].Origin); err != nil {
			return err
		}
		if err := rows.row(m.lease); err != nil {
			return err
		}
	}
	return rows.close()
}

// writeLists writes one namespace after the other.
func writeLists(rows leaseRows, lists []leases.List, merged []mergedLease) error {
	for i, list := range lists {
		if err := rows.begin(list.Origin); err != nil {
			return err
		}
		for _, m := range merged {
			if m.list != i {
				continue
			}
			if err := rows.row(m.lease); err != nil {
				return err
			}
		}
		if err := rows.end(list.Origin, list.More); err != nil {
			return err
		}
	}
	return rows.close()
}
