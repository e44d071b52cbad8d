package keadb

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// Health is what one look at the database shows.
type Health struct {
	Now            time.Time // the server's clock
	Started        time.Time // of the server
	ServerVersion  int       // as PostgreSQL numbers itself: 170011 is 17.11
	InRecovery     bool      // a replica, or a restore under way
	ReadOnly       bool      // a new transaction is read-only, by recovery or by a setting
	SizeBytes      int64     // of this database
	History        HistoryLook
	Schema         *Schema   // nil: the database does not hold Kea's schema
	MaxConnections int       // of the server
	Backends       int       // connected to this database, ours included
	Sessions       []Session // of this database, ours not included; oldest first
}

// Schema is the version of Kea's schema: 22.2 of Kea 2.6, 29.0 of Kea 3.0.
type Schema struct{ Version, Minor int }

// Session is a client's connection. Of other roles' sessions PostgreSQL shows PID, User and ApplicationName only,
// unless the asking role is a member of pg_read_all_stats: Hidden is true then.
type Session struct {
	PID             int
	User            string
	ApplicationName string     // Kea sets none
	ClientAddr      netip.Addr // zero for a unix socket
	BackendStart    time.Time
	State           string // "active", "idle", "idle in transaction", ...
	Hidden          bool
}

const (
	healthSQL = `select now(), pg_postmaster_start_time(), current_setting('server_version_num')::int, pg_is_in_recovery(),
	current_setting('transaction_read_only')::bool, pg_database_size(current_database()), current_setting('max_connections')::int,
	(select numbackends from pg_stat_database where datname = current_database())`

	// backend_type is hidden like most of another role's session, so a null must pass.
	sessionsSQL = `select pid, coalesce(usename, ''), coalesce(application_name, ''), coalesce(host(client_addr), ''),
	coalesce(backend_start, 'epoch'), coalesce(state, ''), backend_start is null
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and coalesce(backend_type, 'client backend') = 'client backend'
order by backend_start, pid`

	schemaSQL = `select version, coalesce(minor, 0) from schema_version`
)

// Health looks at the database in one round trip.
func (db *DB) Health(ctx context.Context) (Health, error) {
	var h Health
	err := db.call("health", "look at "+db.target.String(), func() error {
		// The schema comes last: an error of it undoes nothing of what was read before.
		var batch pgx.Batch
		batch.Queue(healthSQL)
		batch.Queue(sessionsSQL)
		batch.Queue(historyLookSQL)
		batch.Queue(schemaSQL)
		results := db.conn.SendBatch(ctx, &batch)
		h = Health{}
		err := errors.Join(h.readServer(results), h.readSessions(results), h.readHistory(results), h.readSchema(results))
		closed := results.Close()
		if err == nil && !errors.Is(classify(closed), ErrNoSchema) {
			err = closed
		}
		return err
	})
	if err != nil {
		return Health{}, err
	}
	return h, nil
}

func (h *Health) readServer(results pgx.BatchResults) error {
	return results.QueryRow().Scan(&h.Now, &h.Started, &h.ServerVersion, &h.InRecovery, &h.ReadOnly, &h.SizeBytes,
		&h.MaxConnections, &h.Backends)
}

func (h *Health) readSessions(results pgx.BatchResults) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	h.Sessions, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Session, error) {
		var s Session
		var addr string
		err := row.Scan(&s.PID, &s.User, &s.ApplicationName, &addr, &s.BackendStart, &s.State, &s.Hidden)
		if a, bad := netip.ParseAddr(addr); bad == nil {
			s.ClientAddr = a
		}
		if s.Hidden {
			s.BackendStart = time.Time{}
		}
		return s, err
	})
	return err
}

func (h *Health) readSchema(results pgx.BatchResults) error {
	var s Schema
	err := results.QueryRow().Scan(&s.Version, &s.Minor)
	switch {
	case err == nil:
		h.Schema = &s
	case errors.Is(err, pgx.ErrNoRows), errors.Is(classify(err), ErrNoSchema):
		return nil
	}
	return err
}
