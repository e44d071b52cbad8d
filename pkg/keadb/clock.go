package keadb

import (
	"context"
	"fmt"
	"time"
)

// Clock is the time by the database's own clock and the version of Kea's schema.
type Clock struct {
	Now    time.Time
	Schema Schema
}

// String returns the version as Kea writes it: "22.2".
func (s Schema) String() string { return fmt.Sprintf("%d.%d", s.Version, s.Minor) }

// The versions with which columns of the lease tables came: those of Kea 2.2 (13.0) have none of them, those of
// Kea 2.6 (22.2) all.
const (
	relayColumns = 15 // lease4.relay_id and remote_id
	poolColumn   = 17 // pool_id
	inetColumn   = 18 // lease6.address and ipv6_reservations.address are inet; before, text
)

// Clock reads the clock and the schema's version in one round trip. ErrNoSchema: the database does not hold Kea's schema.
func (db *DB) Clock(ctx context.Context) (Clock, error) {
	var c Clock
	err := db.call("clock", "read the clock and the schema's version of "+db.target.String(), func() error {
		var err error
		c, err = db.clock(ctx)
		return err
	})
	return c, err
}

func (db *DB) clock(ctx context.Context) (Clock, error) {
	var c Clock
	var found bool
	err := db.read(ctx, reading{sql: `select now(), version, coalesce(minor, 0) from schema_version`}, func(values [][]byte) error {
		var d decoder
		c = Clock{Now: d.time(values[0]), Schema: Schema{Version: int(d.int(values[1])), Minor: int(d.int(values[2]))}}
		found = true
		return d.err
	})
	if err != nil {
		return Clock{}, err
	}
	if !found {
		return Clock{}, &refusal{"the table schema_version is empty", ErrNoSchema}
	}
	db.schema = &c.Schema
	return c, nil
}

// knownSchema is known for who does not hold the connection.
func (db *DB) knownSchema(ctx context.Context) (Schema, error) {
	db.mu.Lock()
	schema := db.schema
	db.mu.Unlock()
	if schema != nil {
		return *schema, nil
	}
	c, err := db.Clock(ctx)
	return c.Schema, err
}

// known returns the schema's version, as read before on this connection. The caller holds the connection.
func (db *DB) known(ctx context.Context) (Schema, error) {
	if db.schema != nil {
		return *db.schema, nil
	}
	c, err := db.clock(ctx)
	return c.Schema, err
}
