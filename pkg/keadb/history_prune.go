package keadb

import (
	"context"
	"time"
)

// pruneBatch is how many events go in one transaction: some tens of milliseconds' work.
const pruneBatch = 10000

// pruneFromSQL notes from when on the history is complete once this is done, before anything is deleted: a prune that is
// killed leaves nothing that is not true.
const pruneFromSQL = `update kea_history.state set pruned_until = greatest(pruned_until, $1::timestamptz) where $1::timestamptz > coalesce(pruned_until, '-infinity')`

// pruneSQL deletes the next events, oldest first. Their numbers lead to them, so what was deleted before is not read again.
const pruneSQL = `with next as materialized (select id, at from kea_history.lease_event where id > $1::bigint order by id limit $3::bigint),
gone as (delete from kea_history.lease_event e using next n where e.id = n.id and n.at < $2::timestamptz)
select coalesce(max(id), 0), count(*) filter (where at < $2::timestamptz), count(*) from next`

// PruneHistory deletes the events before a moment, in transactions of some thousand events each: nothing waits for it.
// Killed anywhere, it goes on when it runs again. progress is told how many events are gone so far.
func (db *DB) PruneHistory(ctx context.Context, before time.Time, progress func(int64)) (int64, error) {
	var total int64
	err := db.call("history prune", "delete old events of the history of leases in "+db.target.String(), func() error {
		if db.target.ReadOnly {
			return errReadOnlySession()
		}
		if err := db.needHistory(ctx); err != nil {
			return err
		}
		if _, err := db.conn.Exec(ctx, pruneFromSQL, before); err != nil {
			return err
		}
		var last int64
		for {
			var gone, seen int64
			if err := db.conn.QueryRow(ctx, pruneSQL, last, before, int64(pruneBatch)).Scan(&last, &gone, &seen); err != nil {
				return err
			}
			total += gone
			progress(total)
			// An event out of order, of a clock that was set back, must not hide what comes after it: only a whole batch of
			// younger ones ends this.
			if seen < pruneBatch || gone == 0 {
				return nil
			}
		}
	})
	return total, err
}
