package keadb

import (
	"context"
	"errors"
	"time"
)

// Inspection is what a database holds, looked at as Kea would use it. It scans the leases.
type Inspection struct {
	Now        time.Time
	InRecovery bool
	Timeline   int
	Schema     Schema
	IPv4, IPv6 LeasesInspection
	// Hosts is the number of reservations in the database.
	Hosts int64
	// History reports whether the history of leases is kept and whole.
	History bool
}

// LeasesInspection are the leases of one family.
type LeasesInspection struct {
	Rows  int64
	Valid int64 // in use or declined, and not expired
	// Newest is the newest time that a client was seen; zero without leases.
	Newest time.Time
	// Duplicates is the number of addresses that stand in more than one row, which a sound index does not let happen.
	Duplicates int64
	Subnets    []SubnetInspection // by subnet
}

// SubnetInspection compares a subnet's rows with the counters that Kea's triggers keep.
type SubnetInspection struct {
	SubnetID uint32
	// Rows and Counted are the leases by Kea's number of the state, in the table and in the counters. Only states that are
	// counted are here.
	Rows, Counted map[int]int64
	Valid         int64
}

// Inspect looks at everything. Errors: ErrNoSchema, and those of a reading.
func (db *DB) Inspect(ctx context.Context) (Inspection, error) {
	return Inspection{}, errors.ErrUnsupported
}
