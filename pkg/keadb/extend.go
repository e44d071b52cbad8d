package keadb

import (
	"context"
	"time"
)

// extendSQL gives leases that were valid at a moment another lifetime from now, in whole seconds: Kea refuses a row with a
// fraction of one. One without an end has none to move.
func extendSQL(table string) string {
	return "update " + table + ` set expire = date_trunc('second', now()) + valid_lifetime * interval '1 second'
where state = 0 and expire > $1 and valid_lifetime <> 4294967295 and valid_lifetime > 0`
}

// ExtendValid extends every lease that was valid at a moment as if its client had just renewed it, and returns how many.
// For a database that has come back from the past, when nobody can say what its clients did since: their addresses are
// given to nobody else for another lifetime.
func (db *DB) ExtendValid(ctx context.Context, at time.Time) (int64, error) {
	var n int64
	err := db.call("extend leases", "extend the leases in "+db.target.String(), func() error {
		if db.target.ReadOnly {
			return errReadOnlySession()
		}
		tx, err := db.conn.Begin(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit there is nothing left to undo
		for _, table := range []string{"lease4", "lease6"} {
			tag, err := tx.Exec(ctx, extendSQL(table), at)
			if err != nil {
				return err
			}
			n += tag.RowsAffected()
		}
		return tx.Commit(ctx)
	})
	return n, err
}
