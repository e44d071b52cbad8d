package keadb

import (
	"context"
	"fmt"
)

// ReservedCount counts what is reserved in a subnet by the hosts database. An address that two hosts share counts once.
type ReservedCount struct {
	SubnetID  uint32
	Addresses uint64
	Prefixes  uint64 // DHCPv6
}

// CountReserved counts reserved addresses and prefixes by subnet. Global reservations, which hold in every subnet, are
// under subnet 0; hosts without an address are not counted. Errors are those of Hosts.
func (db *DB) CountReserved(ctx context.Context, family Family) ([]ReservedCount, error) {
	r := reading{sql: `select dhcp4_subnet_id, count(distinct ipv4_address), 0::bigint
from hosts where dhcp4_subnet_id is not null and ipv4_address <> 0 group by 1 order by 1`}
	if family == IPv6 {
		r.sql = `select dhcp6_subnet_id, count(distinct r.address) filter (where r.type <> 2), count(distinct r.address) filter (where r.type = 2)
from ipv6_reservations r join hosts using (host_id) where dhcp6_subnet_id is not null group by 1 order by 1`
	}
	return collect(ctx, db, "reserved counts", fmt.Sprintf("count the IPv%d reservations in", family), r, func(d *decoder, v [][]byte) ReservedCount {
		return ReservedCount{SubnetID: d.uint32(v[0]), Addresses: uint64(d.int(v[1])), Prefixes: uint64(d.int(v[2]))}
	})
}

// CountReservedIn counts what is reserved inside pools, whatever subnet a reservation is for. The answer has one element
// for every pool, 0 for those of the other family.
func (db *DB) CountReservedIn(ctx context.Context, family Family, pools []Pool) ([]uint64, error) {
	counts := make([]uint64, len(pools))
	err := db.call("reserved counts", fmt.Sprintf("count the IPv%d reservations of pools in %s", family, db.target), func() error {
		schema, err := db.known(ctx)
		if err != nil {
			return err
		}
		spans := newSpans(family, pools)
		if len(spans.ids) == 0 {
			return nil
		}
		var r reading
		if family == IPv6 {
			r.sql = fmt.Sprintf(`select id, count(distinct r.address)
from %s join ipv6_reservations r on %s between low and high and (r.type = 2) = prefixes group by id`, spans.table(&r, "inet"), schema.inet("r.address"))
		} else {
			r.sql = fmt.Sprintf(`select id, count(distinct ipv4_address)
from %s join hosts on ipv4_address between low and high and not prefixes group by id`, spans.table(&r, "bigint"))
		}
		return db.read(ctx, r, func(v [][]byte) error {
			var d decoder
			if id := d.int(v[0]); id >= 0 && id < int64(len(counts)) {
				counts[id] = uint64(d.int(v[1]))
			}
			return d.err
		})
	})
	if err != nil {
		return nil, err
	}
	return counts, nil
}
