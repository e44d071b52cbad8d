package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

// leaseFilter is the flags that choose leases. All that are given must hold.
type leaseFilter struct {
	source                   *leaseSource
	four, six                bool
	vlans, subnets, ranges   []string
	mac, clientID, duid      string
	hostname, states         string
	expiresWithin, seenSince string
}

// bind adds the flags.
func (f *leaseFilter) bind(c *cobra.Command) {
	f.bindFamilies(c)
	f.bindPlaces(c)
	c.Flags().StringVar(&f.mac, "mac", "", "A hardware address in any usual spelling, or how it begins, as in 00:1a:2b")
	c.Flags().StringVar(&f.clientID, "client-id", "", "A DHCPv4 client id, in hexadecimal or as 'text'")
	c.Flags().StringVar(&f.duid, "duid", "", "A DHCPv6 DUID, in hexadecimal")
	c.Flags().StringVar(&f.hostname, "hostname", "", "A host name; with * and ? for any letters, or ~part for a part of one")
	c.Flags().StringVar(&f.states, "state", "", "States, with commas: active, expired, declined, reclaimed, released, registered (default all)")
	c.Flags().StringVar(&f.expiresWithin, "expires-within", "", "Leases that end within a time, as 30m, 12h or 2d")
	c.Flags().StringVar(&f.seenSince, "seen-since", "", "Leases whose client was heard of since, as 15m, 14:30, \"yesterday 14:30\" or 2025-03-10T14:30:00Z")
	complete(c, "state", cobra.FixedCompletions([]cobra.Completion{"active", "expired", "declined", "reclaimed", "released", "registered"}, cobra.ShellCompDirectiveNoFileComp))
}

// bindPlaces adds the flags that choose by address.
func (f *leaseFilter) bindPlaces(c *cobra.Command) {
	c.PreRunE = noEmptyFlags
	c.Flags().StringSliceVar(&f.vlans, "vlan", nil, "VLANs, by number or name")
	c.Flags().StringSliceVar(&f.subnets, "subnet", nil, "Subnets, as 10.10.0.0/16 or by Kea's number; also of subnets that the configuration has no more")
	c.Flags().StringSliceVar(&f.ranges, "ip", nil, "Addresses, as 10.10.1.7, 10.10.0.0/16 or 10.10.1.10-10.10.1.20")
	complete(c, "vlan", f.completeVLAN)
}

// bindFamilies adds -4 and -6.
func (f *leaseFilter) bindFamilies(c *cobra.Command) {
	c.Flags().BoolVarP(&f.four, "ipv4", "4", false, "DHCPv4 only")
	c.Flags().BoolVarP(&f.six, "ipv6", "6", false, "DHCPv6 only")
}

// services are those that -4 and -6 choose; nil is both.
func (f *leaseFilter) services() []kea.Service {
	switch {
	case f.four && !f.six:
		return []kea.Service{kea.DHCP4}
	case f.six && !f.four:
		return []kea.Service{kea.DHCP6}
	}
	return nil
}

// parse checks the flags. What needs to know the subnets is left to place.
func (f *leaseFilter) parse(now time.Time) (leases.Filter, error) {
	out := leases.Filter{Services: f.services()}
	for _, text := range f.ranges {
		r, err := leases.ParseRange(text)
		if err != nil {
			return out, usagef("--ip %w", err)
		}
		out.Ranges = append(out.Ranges, r)
	}
	var err error
	given := func(name, value string, parse func() error) {
		if value != "" && err == nil {
			if wrong := parse(); wrong != nil {
				err = usagef("--%s %w", name, wrong)
			}
		}
	}
	given("mac", f.mac, func() (e error) { out.HWAddress, out.HWPrefix, e = leases.ParseMAC(f.mac); return })
	given("client-id", f.clientID, func() (e error) { out.ClientID, e = leases.ParseClientID(f.clientID); return })
	given("duid", f.duid, func() (e error) { out.DUID, e = leases.ParseDUID(f.duid); return })
	given("hostname", f.hostname, func() (e error) { out.Hostname, e = leases.ParsePattern(f.hostname); return })
	given("state", f.states, func() (e error) { out.States, e = leases.ParseStates(f.states); return })
	given("expires-within", f.expiresWithin, func() (e error) { out.ExpiresWithin, e = leases.ParseAge(f.expiresWithin); return })
	given("seen-since", f.seenSince, func() (e error) { out.SeenSince, e = leases.ParseSince(f.seenSince, now); return })
	return out, err
}

// noEmptyFlags refuses flags that were given nothing: in a script that is a variable that is not set, and no filter at all
// would be the widest.
func noEmptyFlags(c *cobra.Command, _ []string) error {
	var err error
	c.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) {
		value := flag.Value.String()
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), "")
		}
		if flag.Changed && value == "" && err == nil {
			err = usagef("--%s is empty", flag.Name)
		}
	})
	return err
}

// place fills in the subnets of the VLANs and subnets asked for. Error: *leases.UnknownError in a UsageError.
func (f *leaseFilter) place(out *leases.Filter, catalog *leases.Catalog, namespace string) error {
	if len(f.vlans) == 0 && len(f.subnets) == 0 {
		return nil
	}
	vlans, err := union(f.vlans, catalog.VLAN)
	if err != nil {
		return unknownPlace("--vlan", err, namespace)
	}
	subnets, err := union(f.subnets, catalog.Subnet)
	if err != nil {
		return unknownPlace("--subnet", err, namespace)
	}
	switch {
	case len(f.vlans) == 0:
		out.Subnets = subnets
	case len(f.subnets) == 0:
		out.Subnets = vlans
	default:
		out.Subnets = map[kea.Service][]uint32{}
		for service, ids := range vlans {
			both := slices.DeleteFunc(slices.Clone(ids), func(id uint32) bool { return !slices.Contains(subnets[service], id) })
			if len(both) > 0 {
				out.Subnets[service] = both
			}
		}
	}
	return nil
}

// union is the subnets of several names.
func union(names []string, find func(string) (map[kea.Service][]uint32, error)) (map[kea.Service][]uint32, error) {
	all := map[kea.Service][]uint32{}
	for _, name := range names {
		found, err := find(name)
		if err != nil {
			return nil, err
		}
		for service, ids := range found {
			for _, id := range ids {
				if !slices.Contains(all[service], id) {
					all[service] = append(all[service], id)
				}
			}
		}
	}
	return all, nil
}

// unknownPlace: somebody asked for a VLAN or subnet that is not there.
func unknownPlace(flag string, err error, namespace string) error {
	if unknown := (*leases.UnknownError)(nil); errors.As(err, &unknown) && len(unknown.Nearest) == 0 && unknown.What == "VLAN" {
		err = fmt.Errorf("%w: no subnet of namespace %s names its VLAN; --vlan-map tells them, or choose with --subnet", err, namespace)
	}
	return WithHint(usagef("%s: %w", flag, err), "kubectl kea leases usage -n "+namespace)
}

// completeVLAN offers the VLANs of the namespace. A completion must be quick and silent: what does not answer offers
// nothing.
func (f *leaseFilter) completeVLAN(c *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const noFiles = cobra.ShellCompDirectiveNoFileComp
	ctx, cancel := context.WithTimeout(c.Context(), 3*time.Second)
	defer cancel()
	request, err := f.source.request(time.Second)
	if err != nil {
		return nil, noFiles
	}
	session, err := f.source.connect(ctx, request)
	if err != nil {
		return nil, noFiles
	}
	defer session.close()
	before := ""
	if i := strings.LastIndex(typed, ","); i >= 0 {
		before = typed[:i+1]
	}
	var found []cobra.Completion
	for _, namespace := range session.namespaces {
		d, err := session.open(ctx, namespace)
		if err != nil {
			continue
		}
		for _, s := range d.Catalog().Subnets {
			name := s.VLAN.Name
			if s.VLAN.ID != 0 {
				name = fmt.Sprint(s.VLAN.ID)
			}
			if name == "" {
				continue
			}
			offer := cobra.CompletionWithDesc(before+name, s.Label()+", "+s.CIDR.String())
			if !slices.ContainsFunc(found, func(have cobra.Completion) bool { return strings.HasPrefix(have, before+name+"\t") }) {
				found = append(found, offer)
			}
		}
		d.Close(ctx)
	}
	return found, noFiles
}
