package leases

import (
	"context"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// countRows counts the leases themselves, by subnet and by pool: the database does it where there is one, else every
// lease is read.
func (d *Deployment) countRows(ctx context.Context, f *figures, filter Filter) error {
	f.pools, f.rows = map[poolKey]poolCount{}, map[subnetKey]SubnetCount{}
	if d.way() != SQL {
		return d.countByReading(ctx, f, filter)
	}
	for _, s := range d.stores {
		for _, service := range s.services() {
			if s.db == nil || !filter.takes(service) {
				continue
			}
			totals, err := s.db.CountLeases(ctx, familyOf(service))
			if err != nil {
				return err
			}
			for _, t := range totals {
				f.count(subnetKey{service, t.SubnetID}, t)
			}
			if err := d.countPools(ctx, s.db, service, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// count adds what a database counted.
func (f *figures) count(key subnetKey, t keadb.LeaseTotal) {
	n, leases := f.rows[key], kea.CountOf(t.Leases)
	switch {
	case t.State == 1:
		n.Declined = n.Declined.Add(leases)
	case t.State != 0: // reclaimed, released: nobody's
	case t.Type == keadb.TypePD:
		n.Prefixes = n.Prefixes.Add(leases)
	default:
		n.Assigned = n.Assigned.Add(leases)
	}
	f.rows[key] = n
}

func (c poolCount) add(assigned, declined uint64) poolCount {
	return poolCount{c.assigned.Add(kea.CountOf(assigned)), c.declined.Add(kea.CountOf(declined))}
}

// countPools counts the leases in every pool of a service.
func (d *Deployment) countPools(ctx context.Context, db *keadb.DB, service kea.Service, f *figures) error {
	var keys []poolKey
	var pools []keadb.Pool
	for _, s := range d.catalog.Subnets {
		if s.Service != service {
			continue
		}
		for _, p := range s.Pools {
			keys, pools = append(keys, poolKey{service, s.ID, p.String()}), append(pools, keadb.Pool{First: p.First, Last: p.Last})
		}
		for _, p := range s.PDPools {
			keys = append(keys, poolKey{service, s.ID, p.Prefix.String()})
			pools = append(pools, keadb.Pool{First: p.Prefix.Addr(), Last: kea.LastAddr(p.Prefix), Prefixes: true})
		}
	}
	totals, err := db.CountLeasesIn(ctx, familyOf(service), pools)
	if err != nil {
		return err
	}
	for i, t := range totals {
		f.pools[keys[i]] = f.pools[keys[i]].add(t.Assigned, t.Declined)
	}
	return nil
}

// countByReading counts the leases as they come.
func (d *Deployment) countByReading(ctx context.Context, f *figures, filter Filter) error {
	filter.States = []State{Active, Expired, Declined}
	err := d.reader.Each(ctx, filter, func(l *Lease) error {
		t := keadb.LeaseTotal{Leases: 1}
		if l.State == Declined {
			t.State = 1
		}
		if l.Type == PD {
			t.Type = keadb.TypePD
		}
		f.count(subnetKey{l.Service, l.SubnetID}, t)
		s := d.catalog.Find(l.Service, l.SubnetID, l.Address)
		if s == nil || s.poolOf(l) == "" {
			return nil
		}
		p := poolKey{l.Service, s.ID, s.poolOf(l)}
		if l.State == Declined {
			f.pools[p] = f.pools[p].add(0, 1)
		} else {
			f.pools[p] = f.pools[p].add(1, 0)
		}
		return nil
	})
	return d.partial(err)
}
