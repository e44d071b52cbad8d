package keadb

import (
	"context"
	"errors"
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
type Mark struct{ xid uint64 }

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

// AfterCount is how many valid leases of a subnet were granted or renewed after a moment.
type AfterCount struct {
	Family   Family
	SubnetID uint32
	Leases   int64
}

// After counts the valid leases that were granted or renewed after a moment, by family and subnet: what a restore to then
// would forget.
func (db *DB) After(ctx context.Context, since time.Time) ([]AfterCount, error) {
	return nil, errors.ErrUnsupported
}

// Run carries what changed in From since the mark, in one transaction of To, and rebuilds the counters there. It can be
// repeated: a row that is as new there is left alone. note is told of progress. final is set for the last call, in which
// nothing else writes to either database: leases are extended in it.
//
// Errors: ErrPermission, ErrReadOnly, ErrSchemaDiffers, and those of a reading.
func (c *Carry) Run(ctx context.Context, since Mark, final bool, note func(string)) (Carried, error) {
	return Carried{}, errors.ErrUnsupported
}

// ErrSchemaDiffers: the two databases have different versions of Kea's schema.
var ErrSchemaDiffers = errors.New("the databases have different versions of Kea's schema")
