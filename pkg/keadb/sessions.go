package keadb

import "context"

// endSessionsSQL ends what a role may end without being a superuser: sessions of its own.
const endSessionsSQL = `select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
where usename = current_user and datname = current_database() and application_name <> '` + ApplicationName + `'`

// EndSessions ends the sessions that the role of this session has in this database, but for those of this program, and
// returns how many there were. A Kea that serves meanwhile sends a NAK to clients that renew: have it pause before.
func (db *DB) EndSessions(ctx context.Context) (int, error) {
	n := 0
	err := db.call("end sessions", "end the sessions of "+db.target.String(), func() error {
		if db.target.ReadOnly {
			return errReadOnlySession()
		}
		return db.conn.QueryRow(ctx, endSessionsSQL).Scan(&n)
	})
	return n, err
}
