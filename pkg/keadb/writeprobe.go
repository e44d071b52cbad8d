package keadb

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// The statements of the write probe. An update of no row needs the same rights and the same kind of transaction as
// any other; a transaction number is given out only where the server takes writes.
const writeProbeSQL = `set local lock_timeout = '2s';
update lease4 set address = address where false;
update lease6 set address = address where false;
select txid_current()`

// WriteProbe proves that the role may change leases and that the server takes writes, in a transaction that is rolled
// back: no row is read or written, and the locks are those of an ordinary update. ErrReadOnly: a replica, a recovering
// server, or a database set to read-only, where Kea's own reads go on and every client is refused. ErrPermission,
// ErrNoSchema, and ErrLocked (somebody holds the tables for longer than 2 s) are told apart.
//
// It does not prove that there is disk space, nor that a synchronous replica confirms a commit.
func (db *DB) WriteProbe(ctx context.Context) error {
	return db.call("write probe", "try to write to "+db.target.String(), func() error {
		if db.target.ReadOnly {
			return errReadOnlySession()
		}
		tx, err := db.conn.Begin(ctx)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, writeProbeSQL, pgx.QueryExecModeSimpleProtocol)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return errors.Join(err, tx.Rollback(ctx))
	})
}
