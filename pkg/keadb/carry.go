package keadb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Carry carries leases forward: from the database that has been in service to the one that takes over. Both sessions are
// the tables' owner's. The sessions belong to it until it is done.
type Carry struct {
	From, To *DB
	// Since is the target of the restore. Leases whose clients were last seen before it are in the other database already.
	Since time.Time
	// Subnets limits what is carried; nil carries all. A family that is not in it is not carried.
	Subnets map[Family][]uint32
	// Extend also extends leases that were valid at Since, have expired since, and whose address has no row at all in From.
	Extend bool
}

// Mark is a moment in the database From, told by its transactions and not by a clock. The zero value is the beginning.
type Mark struct {
	xid    uint64 // transactions before it had ended
	server int64  // when the server was started: another one counts otherwise
}

// CarriedCount is what happened to one subnet's leases.
type CarriedCount struct {
	Family   Family
	SubnetID uint32
	New      int64 // had no row
	Newer    int64 // had an older one
	Extended int64
}

// Carried is what was carried.
type Carried struct {
	Read   int64          // rows that came from From
	Counts []CarriedCount // by family and subnet; subnets without a change are not in it
	Events int64          // of the history
	// HistoryGap says why the history of To cannot be complete across the move; "" when it is, or when none is kept.
	HistoryGap string
	// Mark is when From was read: the next call carries what changed since.
	Mark Mark
}

// Run carries what changed in From since the mark, in one transaction of To, and rebuilds the counters there. It can be
// repeated: a row that is as new there is left alone. note is told of progress. final is set for the last call, in which
// nothing else writes to either database: leases are extended in it.
//
// When the context ends, or anything fails, To is as it was, and the sessions may be broken.
//
// Errors: ErrPermission, ErrReadOnly, ErrSchemaDiffers, and those of a reading.
func (c *Carry) Run(ctx context.Context, since Mark, final bool, note func(string)) (Carried, error) {
	if c.To.target.ReadOnly {
		return Carried{}, fail(c.doing(), errReadOnlySession())
	}
	p := &passage{Carry: c, final: final, note: note, staged: map[string]int64{}, counts: map[countKey]CarriedCount{}}
	defer p.end(ctx)
	if err := p.look(ctx, since); err != nil {
		return Carried{}, err
	}
	stages := p.stages()
	if err := p.prepare(ctx, stages); err != nil {
		return Carried{}, err
	}
	for _, s := range stages {
		if err := p.copy(ctx, s); err != nil {
			return Carried{}, err
		}
		if n := p.staged[s.table]; n > 0 {
			note(fmt.Sprintf("%d %s read", n, s.name))
		}
	}
	if final && c.Extend {
		if err := p.findForgotten(ctx); err != nil {
			return Carried{}, err
		}
	}
	if err := p.merge(ctx); err != nil {
		return Carried{}, err
	}
	p.done.Mark, p.done.HistoryGap, p.done.Counts = p.mark, p.gap, p.sorted()
	return p.done, nil
}

// countKey is one subnet.
type countKey struct {
	family Family
	subnet uint32
}

// count adds to what happened to a subnet's leases.
func (p *passage) count(family Family, subnet uint32, n CarriedCount) {
	key := countKey{family, subnet}
	c := p.counts[key]
	p.counts[key] = CarriedCount{Family: family, SubnetID: subnet, New: c.New + n.New, Newer: c.Newer + n.Newer, Extended: c.Extended + n.Extended}
}

// sorted are the counts by family and subnet.
func (p *passage) sorted() []CarriedCount {
	return slices.SortedFunc(maps.Values(p.counts), func(a, b CarriedCount) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.SubnetID, b.SubnetID))
	})
}

func (c *Carry) doing() string {
	return fmt.Sprintf("carry leases from %s to %s", c.From.target, c.To.target)
}

// ErrSchemaDiffers: the two databases have different versions of Kea's schema.
var ErrSchemaDiffers = errors.New("the databases have different versions of Kea's schema")
