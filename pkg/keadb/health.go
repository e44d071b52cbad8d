package keadb

import (
	"context"
	"net/netip"
	"time"
)

// Health is what one look at the database shows.
type Health struct {
	Now            time.Time // the server's clock
	Started        time.Time // of the server
	ServerVersion  int       // as PostgreSQL numbers itself: 170011 is 17.11
	InRecovery     bool      // a replica, or a restore under way
	ReadOnly       bool      // a new transaction would be read-only, by recovery or by a setting
	SizeBytes      int64     // of this database
	Schema         *Schema   // nil: the database does not hold Kea's schema
	MaxConnections int       // of the server
	Backends       int       // connected to this database, ours included
	Sessions       []Session // of this database, ours not included
}

// Schema is the version of Kea's schema.
type Schema struct{ Version, Minor int }

// Session is a client's connection. Of other roles' sessions PostgreSQL shows User and ApplicationName only, unless
// the asking role is a member of pg_read_all_stats: Hidden is true then.
type Session struct {
	PID             int
	User            string
	ApplicationName string     // Kea sets none
	ClientAddr      netip.Addr // zero for a unix socket
	BackendStart    time.Time
	State           string // "active", "idle", "idle in transaction", ...
	Hidden          bool
}

// Health looks at the database in one round trip.
func (db *DB) Health(ctx context.Context) (Health, error) { return Health{}, errTODO }
