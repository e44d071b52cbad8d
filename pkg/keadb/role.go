package keadb

import (
	"context"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// Role is the role of a session, and who else is logged in as it.
type Role struct {
	Name      string
	Now       time.Time // the server's clock
	Superuser bool
	Sessions  []RoleSession // in all databases, those of this program not included; oldest first
}

// RoleSession is a client's connection.
type RoleSession struct {
	Database     string
	ClientAddr   netip.Addr // zero for a unix socket
	BackendStart time.Time
	TLS          bool
	// Quiet is for how long it has been given nothing to do; 0 while it is at work, or in a transaction.
	Quiet time.Duration
}

const (
	roleSQL = `select rolname, now(), rolsuper from pg_roles where rolname = current_user`

	roleSessionsSQL = `select coalesce(datname, ''), coalesce(host(client_addr), ''), backend_start, coalesce(ssl, false),
case when state = 'idle' then greatest(extract(epoch from clock_timestamp() - state_change), 0) else 0 end::float8
from pg_stat_activity left join pg_stat_ssl using (pid)
where usename = current_user and backend_type = 'client backend' and application_name <> '` + ApplicationName + `'
order by backend_start, pid`

	// A role may end sessions of its own without being a superuser.
	endSessionsFromSQL = `select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
where usename = current_user and backend_type = 'client backend' and application_name <> '` + ApplicationName + `'
and client_addr = any($1::text[]::inet[]) and backend_start < $2`
)

// Role looks at the role of this session, in one round trip.
func (db *DB) Role(ctx context.Context) (Role, error) {
	var r Role
	err := db.call("role", "look at the role of "+db.target.String(), func() error {
		var batch pgx.Batch
		batch.Queue(roleSQL)
		batch.Queue(roleSessionsSQL)
		results := db.conn.SendBatch(ctx, &batch)
		err := results.QueryRow().Scan(&r.Name, &r.Now, &r.Superuser)
		if err == nil {
			r.Sessions, err = readRoleSessions(results)
		}
		if closed := results.Close(); err == nil {
			err = closed
		}
		return err
	})
	if err != nil {
		return Role{}, err
	}
	return r, nil
}

func readRoleSessions(results pgx.BatchResults) ([]RoleSession, error) {
	rows, err := results.Query()
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (RoleSession, error) {
		var s RoleSession
		var addr string
		var quiet float64
		err := row.Scan(&s.Database, &addr, &s.BackendStart, &s.TLS, &quiet)
		s.Quiet = time.Duration(quiet * float64(time.Second))
		if a, bad := netip.ParseAddr(addr); bad == nil {
			s.ClientAddr = a
		}
		return s, err
	})
}

// EndSessionsFrom ends the sessions of this role that came from these addresses and began before a moment of the server's
// clock, in whatever database, but for those of this program. It returns how many there were. See EndSessions.
func (db *DB) EndSessionsFrom(ctx context.Context, addresses []netip.Addr, before time.Time) (int, error) {
	n, texts := 0, []string{}
	for _, a := range addresses {
		texts = append(texts, a.String())
	}
	err := db.call("end sessions", "end sessions of "+db.target.String(), func() error {
		if db.target.ReadOnly {
			return errReadOnlySession()
		}
		return db.conn.QueryRow(ctx, endSessionsFromSQL, texts, before).Scan(&n)
	})
	return n, err
}
