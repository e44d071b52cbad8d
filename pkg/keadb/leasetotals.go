package keadb

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
)

// LeaseTotal counts rows of a lease table.
type LeaseTotal struct {
	SubnetID uint32
	Type     LeaseType
	State    int // Kea's
	Leases   uint64
	Expired  uint64 // of state 0: those whose end has passed by the database's clock
}

// CountLeases counts the leases of a family from the table itself, by subnet, type and state in that order: what
// LeaseCounts would say if Kea's counters were right. It reads every row: about half a second for a million.
func (db *DB) CountLeases(ctx context.Context, family Family) ([]LeaseTotal, error) {
	table, kind := "lease4", fmt.Sprint(int(TypeV4))
	if family == IPv6 {
		table, kind = "lease6", "lease_type"
	}
	r := reading{timeout: unbounded, sql: fmt.Sprintf(`select subnet_id, %s::smallint, state, count(*),
	count(*) filter (where state = 0 and expire <= now() and valid_lifetime <> %d)
from %s group by 1, 2, 3 order by 1, 2, 3`, kind, Infinite, table)}
	return collect(ctx, db, "lease totals", fmt.Sprintf("count every IPv%d lease in", family), r, func(d *decoder, v [][]byte) LeaseTotal {
		return LeaseTotal{
			SubnetID: d.uint32(v[0]), Type: LeaseType(d.int(v[1])), State: int(d.int(v[2])), Leases: uint64(d.int(v[3])), Expired: uint64(d.int(v[4])),
		}
	})
}

// Pool is a range of addresses, both ends included, or of prefixes that begin in it.
type Pool struct {
	First, Last netip.Addr
	Prefixes    bool
}

// PoolTotal counts the leases in a pool.
type PoolTotal struct {
	Assigned uint64 // state 0; expired ones that are not reclaimed yet among them
	Declined uint64
}

// CountLeasesIn counts the leases of a family in pools, whatever subnet a row says. The answer has one element for every
// pool, 0 for those of the other family. Every row in a pool is read; with the schema of Kea 2.2 every row of lease6.
func (db *DB) CountLeasesIn(ctx context.Context, family Family, pools []Pool) ([]PoolTotal, error) {
	totals := make([]PoolTotal, len(pools))
	err := db.call("pool totals", fmt.Sprintf("count the IPv%d leases of pools in %s", family, db.target), func() error {
		schema, err := db.known(ctx)
		if err != nil {
			return err
		}
		spans := newSpans(family, pools)
		if len(spans.ids) == 0 {
			return nil
		}
		address, typ, kind := "address", "bigint", "not prefixes"
		if family == IPv6 {
			address, typ, kind = schema.inet("l.address"), "inet", "(lease_type = 2) = prefixes"
		}
		r := reading{timeout: unbounded}
		r.sql = fmt.Sprintf(`select id, count(*) filter (where state = 0), count(*) filter (where state = 1)
from %s join lease%d l on %s between low and high and %s
where state in (0, 1) group by id`, spans.table(&r, typ), family, address, kind)
		return db.read(ctx, r, func(v [][]byte) error {
			var d decoder
			if id := d.int(v[0]); id >= 0 && id < int64(len(totals)) {
				totals[id] = PoolTotal{Assigned: uint64(d.int(v[1])), Declined: uint64(d.int(v[2]))}
			}
			return d.err
		})
	})
	if err != nil {
		return nil, err
	}
	return totals, nil
}

// inet returns an address column as inet, which it is from Kea 2.6 on.
func (s Schema) inet(column string) string {
	if s.Version >= inetColumn {
		return column
	}
	return column + "::inet"
}

// spans are pools of one family as parameters of a statement, with their places in the list.
type spans struct {
	ids       []int
	low, high []string
	prefixes  []bool
}

func newSpans(family Family, pools []Pool) spans {
	var s spans
	for id, p := range pools {
		first, last := p.First.Unmap().WithZone(""), p.Last.Unmap().WithZone("")
		if !first.IsValid() || !last.IsValid() || first.Is4() != last.Is4() || first.Is4() != (family == IPv4) || first.Compare(last) > 0 {
			continue
		}
		s.ids, s.prefixes = append(s.ids, id), append(s.prefixes, p.Prefixes)
		if family == IPv4 {
			s.low, s.high = append(s.low, number(first)), append(s.high, number(last))
			continue
		}
		s.low, s.high = append(s.low, first.String()), append(s.high, last.String())
	}
	return s
}

// table returns the pools as a table "pools" of (id, low, high, prefixes).
func (s spans) table(r *reading, addressType string) string {
	return fmt.Sprintf("unnest(%s, %s, %s, %s) pools(id, low, high, prefixes)", param(&r.args, array(s.ids), "int[]"),
		param(&r.args, array(s.low), addressType+"[]"), param(&r.args, array(s.high), addressType+"[]"), param(&r.args, array(s.prefixes), "bool[]"))
}

// Lifetimes returns the valid lifetimes that a family's leases have, in seconds, ascending: what LeaseFilter.Lifetimes
// wants. It reads every row.
func (db *DB) Lifetimes(ctx context.Context, family Family) ([]uint32, error) {
	r := reading{timeout: unbounded, sql: fmt.Sprintf("select distinct valid_lifetime from lease%d where valid_lifetime is not null", family)}
	all, err := collect(ctx, db, "lifetimes", fmt.Sprintf("read the lifetimes of the IPv%d leases in", family), r, func(d *decoder, v [][]byte) uint32 {
		return d.uint32(v[0])
	})
	slices.Sort(all)
	return all, err
}
