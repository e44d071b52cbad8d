package leases

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// figures are what usage is worked out from.
type figures struct {
	counts   map[kea.Service][]SubnetCount
	reserved []Reserved
	// leased are the reserved addresses and prefixes that have a lease.
	leased map[Key]bool
	// pools are the leases in each pool, by subnet and pool; nil when nobody counted.
	pools map[poolKey]poolCount
	// rows are the leases themselves, by subnet; nil when nobody counted.
	rows map[subnetKey]SubnetCount
}

// subnetKey is a subnet of a service.
type subnetKey struct {
	service kea.Service
	subnet  uint32
}

// poolKey is a pool of a subnet.
type poolKey struct {
	service kea.Service
	subnet  uint32
	pool    string
}

// poolCount is the leases in a pool.
type poolCount struct{ assigned, declined kea.Count }

// Share is how much of an amount is taken, from 0 to 1: what no new client can get.
func (a Amount) Share() float64 {
	if a.Total.IsZero() {
		return 0
	}
	return a.Total.Sub(a.Free).Float64() / a.Total.Float64()
}

func (a Amount) add(b Amount) Amount {
	return Amount{
		Total: a.Total.Add(b.Total), Assigned: a.Assigned.Add(b.Assigned), Declined: a.Declined.Add(b.Declined),
		Reserved: a.Reserved.Add(b.Reserved), Free: a.Free.Add(b.Free),
	}
}

func addPrefixes(a, b *Amount) *Amount {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	sum := a.add(*b)
	return &sum
}

// amounts works out the usage of every VLAN, fullest first.
func (c *Catalog) amounts(f figures) []VLANUsage {
	found := []VLANUsage{}
	put := func(s *Subnet, u SubnetUsage) {
		v := VLANUsage{Service: s.Service, VLAN: s.VLAN.ID, Name: s.VLAN.Name, From: s.VLAN.Source, Subnets: []SubnetUsage{}}
		i := slices.IndexFunc(found, func(have VLANUsage) bool { return v.VLAN != 0 && have.VLAN == v.VLAN && have.Service == v.Service })
		if i < 0 {
			found = append(found, v)
			i = len(found) - 1
		}
		found[i].Amount, found[i].Prefix = found[i].Amount.add(u.Amount), addPrefixes(found[i].Prefix, u.Prefix)
		found[i].Subnets = append(found[i].Subnets, u)
	}
	for i := range c.Subnets {
		put(&c.Subnets[i], c.Subnets[i].amount(f))
	}
	for _, service := range []kea.Service{kea.DHCP4, kea.DHCP6} {
		for _, n := range f.counts[service] {
			if len(c.byID[service][n.SubnetID]) == 0 && !(n.Assigned.IsZero() && n.Declined.IsZero() && n.Prefixes.IsZero()) {
				put(&Subnet{Service: service}, orphaned(n))
			}
		}
	}
	slices.SortStableFunc(found, func(a, b VLANUsage) int {
		return cmp.Or(cmp.Compare(b.fullest(), a.fullest()), cmp.Compare(orLast(a.VLAN), orLast(b.VLAN)), cmp.Compare(a.Service, b.Service))
	})
	return found
}

// fullest is the larger share of a VLAN's addresses and prefixes.
func (v VLANUsage) fullest() float64 {
	if v.Prefix != nil {
		return max(v.Amount.Share(), v.Prefix.Share())
	}
	return v.Amount.Share()
}

// orphaned counts the leases of a subnet that the configuration has no more.
func orphaned(n SubnetCount) SubnetUsage {
	u := SubnetUsage{ID: n.SubnetID, Pools: []PoolUsage{}, Amount: Amount{Assigned: n.Assigned, Declined: n.Declined}}
	if !n.Prefixes.IsZero() {
		u.Prefix = &Amount{Assigned: n.Prefixes}
	}
	return u
}

// amount works out the usage of a subnet. Leases of reserved addresses outside of the pools take nothing from them;
// reserved addresses inside of them that have no lease are nobody else's either.
func (s *Subnet) amount(f figures) SubnetUsage {
	n := SubnetCount{}
	for _, c := range f.counts[s.Service] {
		if c.SubnetID == s.ID {
			n = c
		}
	}
	inside := map[string]kea.Count{}
	addresses, prefixes := tally{}, tally{}
	for _, r := range s.reservedIn(f.reserved) {
		if r.prefix {
			p, in := s.PDPool(r.address)
			prefixes.add(in, f.leased[Key{r.address, PD}])
			inside[p.Prefix.String()] = inside[p.Prefix.String()].Add(one(in))
			continue
		}
		p, in := s.Pool(r.address)
		addresses.add(in, f.leased[Key{r.address, s.addressType()}])
		inside[p.String()] = inside[p.String()].Add(one(in))
	}
	u := SubnetUsage{ID: s.ID, Subnet: s.CIDR.String(), SharedNetwork: s.SharedNetwork, Pools: []PoolUsage{}}
	pooled := poolCount{n.Assigned.Sub(addresses.leasedOut), n.Declined}
	if f.pools != nil {
		pooled = poolCount{}
		for _, p := range s.Pools {
			c := f.pools[poolKey{s.Service, s.ID, p.String()}]
			pooled.assigned, pooled.declined = pooled.assigned.Add(c.assigned), pooled.declined.Add(c.declined)
		}
	}
	u.Amount = addresses.amount(s.Addresses(), n.Assigned, n.Declined, pooled)
	if len(s.PDPools) > 0 || !n.Prefixes.IsZero() || !prefixes.in.IsZero() || !prefixes.out.IsZero() {
		p := prefixes.amount(s.Prefixes(), n.Prefixes, kea.Count{}, poolCount{assigned: n.Prefixes.Sub(prefixes.leasedOut)})
		u.Prefix = &p
	}
	pool := func(name string, total kea.Count) {
		p := PoolUsage{Pool: name, Total: total, Reserved: inside[name]}
		if f.pools != nil {
			p.Assigned = new(f.pools[poolKey{s.Service, s.ID, name}].assigned)
		}
		u.Pools = append(u.Pools, p)
	}
	for _, p := range s.Pools {
		pool(p.String(), p.Size())
	}
	for _, p := range s.PDPools {
		pool(p.Prefix.String(), p.Size())
	}
	return u
}

func (s *Subnet) addressType() Type {
	if s.Service == kea.DHCP6 {
		return NA
	}
	return V4
}

// tally counts reservations inside and outside of pools, and those of them that have a lease.
type tally struct{ in, out, leasedIn, leasedOut kea.Count }

func (t *tally) add(in, leased bool) {
	t.in, t.out = t.in.Add(one(in)), t.out.Add(one(!in))
	t.leasedIn, t.leasedOut = t.leasedIn.Add(one(in && leased)), t.leasedOut.Add(one(!in && leased))
}

// amount is the sum of a subnet; pooled are those of the assigned and declined that lie in its pools.
func (t tally) amount(pools, assigned, declined kea.Count, pooled poolCount) Amount {
	return Amount{
		Total: pools.Add(t.out), Assigned: assigned, Declined: declined, Reserved: t.in.Add(t.out),
		Free: pools.Sub(pooled.assigned).Sub(pooled.declined).Sub(t.in.Sub(t.leasedIn)),
	}
}

func one(yes bool) kea.Count {
	if yes {
		return kea.CountOf(1)
	}
	return kea.Count{}
}

// reservedOne is one reserved address or prefix.
type reservedOne struct {
	address netip.Addr
	prefix  bool
}

// reservedIn are the addresses and prefixes that reservations keep in a subnet, each once.
func (s *Subnet) reservedIn(all []Reserved) []reservedOne {
	var found []reservedOne
	seen := map[reservedOne]bool{}
	add := func(o reservedOne) {
		if !seen[o] {
			seen[o] = true
			found = append(found, o)
		}
	}
	for _, r := range all {
		if r.Service != s.Service || r.SubnetID != 0 && r.SubnetID != s.ID {
			continue
		}
		global := r.SubnetID == 0
		for _, a := range append(slices.Clone(r.Addresses), r.Address) {
			if a.IsValid() && (!global || s.CIDR.Contains(a)) {
				add(reservedOne{a, false})
			}
		}
		for _, p := range r.Prefixes {
			if _, in := s.PDPool(p.Addr()); !global || in {
				add(reservedOne{p.Addr(), true})
			}
		}
	}
	return found
}

// totals sums up by service.
func totals(vlans []VLANUsage) []Totals {
	found := []Totals{}
	for _, service := range []kea.Service{kea.DHCP4, kea.DHCP6} {
		t, has := Totals{Service: service}, false
		for _, v := range vlans {
			if v.Service == service {
				t.Amount, t.Prefix, has = t.Amount.add(v.Amount), addPrefixes(t.Prefix, v.Prefix), true
			}
		}
		if has {
			found = append(found, t)
		}
	}
	return found
}
