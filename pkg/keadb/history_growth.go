package keadb

import (
	"context"
	"time"
)

// Growth is how a subnet's leases came and went over some time.
type Growth struct {
	Type     LeaseType // TypeV4, or of DHCPv6 TypePD for prefixes and TypeNA for all addresses
	SubnetID uint32
	Granted  uint64 // leases that a client got and did not have before
	Ended    uint64 // leases that a client had and has no more
}

// growthSQL counts beginnings and ends of state 0, of which a row of another state is neither, nor a client of which
// something else is known now.
const growthSQL = `select case when type in (0, 1) then 0 else type end::smallint, subnet_id,
	count(*) filter (where op <> 'X' and state = 0 and (was_state is distinct from 0 or op = 'N')),
	count(*) filter (where op <> 'N' and was_state = 0 and (state is distinct from 0 or op = 'X'))
from kea_history.lease_event e
where e.op not in ('O', 'C') and e.at >= $1::timestamptz and e.id >= (` + boundSQL + `)
group by 1, 2 order by 1, 2`

// Growth counts the leases that began and ended since a moment, by type and subnet. It costs the events since then.
// Errors: ErrNoHistory.
func (db *DB) Growth(ctx context.Context, since time.Time) ([]Growth, error) {
	var all []Growth
	err := db.call("history growth", "count what came and went in "+db.target.String(), func() error {
		if err := db.needHistory(ctx); err != nil {
			return err
		}
		return db.read(ctx, reading{sql: growthSQL, args: [][]byte{[]byte(timestamp(since))}}, func(v [][]byte) error {
			var d decoder
			all = append(all, Growth{LeaseType(d.int(v[0])), d.uint32(v[1]), uint64(d.int(v[2])), uint64(d.int(v[3]))})
			return d.err
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
