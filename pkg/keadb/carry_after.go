package keadb

import (
	"context"
	"fmt"
	"time"
)

// AfterCount is how many valid leases of a subnet were granted or renewed after a moment.
type AfterCount struct {
	Family   Family
	SubnetID uint32
	Leases   int64
}

// After counts the valid leases that were granted or renewed after a moment, by family and subnet: what a restore to then
// would forget. It reads every row.
func (db *DB) After(ctx context.Context, since time.Time) ([]AfterCount, error) {
	count := func(family Family) string {
		return fmt.Sprintf("select %d as family, subnet_id, count(*) from lease%d l where %s and %s group by subnet_id", family, family, stillValid("l"), seenAfter("l", since))
	}
	r := reading{timeout: unbounded, sql: count(IPv4) + " union all " + count(IPv6) + " order by 1, 2"}
	return collect(ctx, db, "leases after", "count what changed lately in", r, func(d *decoder, v [][]byte) AfterCount {
		return AfterCount{Family: Family(d.int(v[0])), SubnetID: d.uint32(v[1]), Leases: d.int(v[2])}
	})
}
