package leases

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// List reads leases into memory, at most f.Limit of them when there is a limit.
func (d *Deployment) List(ctx context.Context, f Filter) (List, error) {
	list := List{Leases: []Lease{}}
	asked := f
	if f.Limit > 0 {
		asked.Limit++ // one more tells whether there are more
	}
	origin, err := d.Each(ctx, asked, func(l *Lease) error {
		list.Leases = append(list.Leases, l.Clone())
		return nil
	})
	if err != nil {
		return List{}, err
	}
	list.Origin = origin
	if f.Limit > 0 && len(list.Leases) > f.Limit {
		list.Leases, list.More = list.Leases[:f.Limit], true
	}
	return list, nil
}

// Each calls yield with every lease that f takes, placed in its VLAN, in f's order: nothing is kept in memory. The lease
// is the callback's only until it returns.
func (d *Deployment) Each(ctx context.Context, f Filter, yield func(*Lease) error) (Origin, error) {
	place := func(l *Lease) error {
		d.catalog.Place(l)
		return yield(l)
	}
	var err error
	switch {
	case f.Sort != ByVLAN:
		err = d.reader.Each(ctx, f, place)
	case d.way() == SQL:
		err = d.eachByVLAN(ctx, f, place)
	default:
		err = d.eachSorted(ctx, f, yield)
	}
	if err = d.partial(err); err != nil {
		return Origin{}, err
	}
	return d.origin(), nil
}

// eachByVLAN reads one subnet after the other: the database does not know the VLANs.
func (d *Deployment) eachByVLAN(ctx context.Context, f Filter, yield func(*Lease) error) error {
	order, err := d.subnetsByVLAN(ctx, f)
	if err != nil {
		return err
	}
	left := f.Limit
	for _, s := range order {
		one := f
		one.Sort, one.Limit = ByAddress, left
		one.Services, one.Subnets = []kea.Service{s.service}, map[kea.Service][]uint32{s.service: {s.id}}
		n := 0
		if err := d.reader.Each(ctx, one, func(l *Lease) error { n++; return yield(l) }); err != nil {
			return err
		}
		if left -= n; f.Limit > 0 && left <= 0 {
			return nil
		}
	}
	return nil
}

// numbered is a subnet's number in one service.
type numbered struct {
	service kea.Service
	id      uint32
	vlan    int
}

// subnetsByVLAN are the subnets that a filter takes, by VLAN; those that the configuration has no more come last.
func (d *Deployment) subnetsByVLAN(ctx context.Context, f Filter) ([]numbered, error) {
	order := []numbered{}
	for _, s := range d.catalog.Subnets {
		order = append(order, numbered{s.Service, s.ID, s.VLAN.ID})
	}
	for _, service := range f.services() {
		counts, err := d.reader.Counts(ctx, service)
		if err != nil {
			return nil, err
		}
		for _, c := range counts {
			if len(d.catalog.byID[service][c.SubnetID]) == 0 {
				order = append(order, numbered{service, c.SubnetID, 0})
			}
		}
	}
	order = slices.DeleteFunc(order, func(n numbered) bool {
		return !slices.Contains(f.services(), n.service) || f.Subnets != nil && !slices.Contains(f.Subnets[n.service], n.id)
	})
	slices.SortStableFunc(order, func(a, b numbered) int { return orLast(a.vlan) - orLast(b.vlan) })
	seen := map[numbered]bool{}
	order = slices.DeleteFunc(order, func(n numbered) bool {
		n.vlan = 0
		was := seen[n]
		seen[n] = true
		return was
	})
	if f.Reverse {
		slices.Reverse(order)
	}
	return order, nil
}

// eachSorted sorts by VLAN in memory, where every lease is read anyway.
func (d *Deployment) eachSorted(ctx context.Context, f Filter, yield func(*Lease) error) error {
	all := f
	all.Sort, all.Limit, all.Reverse = ByAddress, 0, false
	var found []Lease
	err := d.reader.Each(ctx, all, func(l *Lease) error {
		d.catalog.Place(l)
		found = append(found, l.Clone())
		return nil
	})
	if err = d.partial(err); err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b Lease) int { return orLast(a.VLAN) - orLast(b.VLAN) })
	if f.Reverse {
		slices.Reverse(found)
	}
	for i := range found {
		if f.Limit > 0 && i >= f.Limit {
			break
		}
		if err := yield(&found[i]); err != nil {
			return err
		}
	}
	return nil
}

// services are those that a filter asks for.
func (f *Filter) services() []kea.Service {
	if f.Services == nil {
		return []kea.Service{kea.DHCP4, kea.DHCP6}
	}
	return f.Services
}

// Clone returns a lease of its own.
func (l *Lease) Clone() Lease {
	c := *l
	c.HWAddress, c.ClientID, c.DUID = bytes.Clone(l.HWAddress), bytes.Clone(l.ClientID), bytes.Clone(l.DUID)
	c.UserContext, c.RelayID, c.RemoteID = bytes.Clone(l.UserContext), bytes.Clone(l.RelayID), bytes.Clone(l.RemoteID)
	c.Hostname, c.MissingOn = strings.Clone(l.Hostname), slices.Clone(l.MissingOn)
	return c
}
