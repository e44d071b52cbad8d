package keadb

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Leases reads the leases of a family that f takes and gives each to yield, in f's order. Memory stays flat: the Lease is
// the same one every time. An error of yield ends the reading, at the server too, and is returned as it is. yield must not
// use this DB. A schema that is older than Kea 2.2's is read like that of 2.2, one that is newer than the newest known like
// that one.
//
// Without a limit the reading ends with ctx only; with one, Target.StatementTimeout holds. What it costs: see Scans.
func (db *DB) Leases(ctx context.Context, family Family, f LeaseFilter, yield func(*Lease) error) error {
	return db.leases(ctx, fmt.Sprintf("IPv%d", family), func(s Schema) (leaseQuery, bool) { return familyQuery(family, f, s) }, yield)
}

// leaseQuery is a statement with what its columns are.
type leaseQuery struct {
	reading
	columns []column
}

// leases runs the statement that compose makes for the schema; it says false when no row can fulfil it.
func (db *DB) leases(ctx context.Context, what string, compose func(Schema) (leaseQuery, bool), yield func(*Lease) error) error {
	schema, err := db.knownSchema(ctx)
	if err != nil {
		return err
	}
	doing := fmt.Sprintf("read the %s leases of %s, schema version %s", what, db.target, schema)
	var stopped error
	err = db.call("leases", doing, func() error {
		q, some := compose(schema)
		if !some {
			return nil
		}
		row := leaseRow{columns: q.columns}
		err := db.read(ctx, q.reading, func(values [][]byte) error {
			if err := row.decode(values); err != nil {
				return err
			}
			stopped = yield(&row.lease)
			return stopped
		})
		if stopped != nil {
			// That was wanted: nobody who observes statements is told of an error.
			err = nil
		}
		return err
	})
	if stopped != nil {
		return stopped
	}
	return err
}

func familyQuery(family Family, f LeaseFilter, s Schema) (leaseQuery, bool) {
	var q leaseQuery
	c := newConditions(f, family, s, &q.args)
	if c.none {
		return q, false
	}
	table, address := "lease4", "address"
	q.columns = columns4(s)
	if family == IPv6 {
		table, q.columns = "lease6", columns6(s)
		if s.Version < inetColumn {
			address = "address::inet"
		}
	}
	names := make([]string, len(q.columns))
	for i, column := range q.columns {
		names[i] = column.name
	}
	q.sql = "select " + strings.Join(names, ", ") + "\nfrom " + table + c.where() + order(f, address) + q.limit(f.Limit)
	return q, true
}

// limit returns the clause, and lets a reading without one take its time.
func (q *leaseQuery) limit(n int) string {
	if n <= 0 {
		q.timeout = unbounded
		return ""
	}
	return "\nlimit " + param(&q.args, strconv.Itoa(n), "bigint")
}
