package keadb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// lockPatience is how long a change of the triggers waits for the lease tables: what Kea writes meanwhile waits behind it.
	lockPatience = 200 * time.Millisecond
	// lockTries is how often it tries before it gives up, and lockPause how long Kea has the tables for itself in between.
	lockTries = 60
	lockPause = time.Second
)

// EnableHistory has every change of a lease written from now on, and kept for as long as keep says; 0: for ever. It returns
// what it did, a few words each; nothing when all was as it should be. Run again it mends what is missing, and brings a
// history that an older version made, or an older schema of Kea's, up to date. What was written before stays; the history
// begins to be complete now, when a trigger was missing.
//
// It needs the role that owns Kea's tables, or one that may become it. The lease tables are locked against writing for some
// milliseconds, and nobody waits for that lock for longer than lockPatience: note is told of each try that came to nothing.
// Errors: ErrLocked, ErrPermission, ErrReadOnly, ErrNoSchema.
func (db *DB) EnableHistory(ctx context.Context, keep time.Duration, note func(string)) ([]string, error) {
	var done []string
	err := db.call("history enable", "keep a history of leases in "+db.target.String(), func() error {
		if db.target.ReadOnly {
			return errReadOnlySession()
		}
		schema, err := db.known(ctx)
		if err != nil {
			return err
		}
		before, err := db.history(ctx)
		fresh := errors.Is(err, ErrNoHistory)
		if err != nil && !fresh {
			return err
		}
		if fresh || before.Outdated {
			if err := db.makeHistory(ctx, schema, fresh); err != nil {
				return err
			}
			done = append(done, map[bool]string{true: "tables and functions made", false: "functions brought up to date"}[fresh])
		}
		if fresh || before.Keep != keep {
			if err := db.keepHistory(ctx, keep); err != nil {
				return err
			}
			done = append(done, "events are kept "+keptFor(keep))
		}
		if !fresh && before.Complete() {
			return nil
		}
		err = db.patiently(ctx, note, startHistory)
		if err == nil {
			done = append(done, "triggers at work")
		}
		return err
	})
	return done, err
}

func keptFor(keep time.Duration) string {
	if keep == 0 {
		return "for ever"
	}
	return fmt.Sprintf("for %g days", keep.Hours()/24)
}

// becomeOwner makes the transaction the owner's of Kea's tables, so that all belongs to one role whoever logged in.
const becomeOwner = `do $$ declare owner name := pg_get_userbyid((select relowner from pg_class where oid = 'lease4'::regclass)); begin
	if owner <> current_user and pg_has_role(owner, 'member') then execute format('set local role %I', owner); end if; end $$`

// grantHistory lets read who may read the leases, and lets the trigger write for whoever may write them.
const grantHistory = `do $$ declare grantee text; begin
	for grantee in select distinct case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end
		from pg_class c, aclexplode(c.relacl) a where c.oid in ('lease4'::regclass, 'lease6'::regclass) and a.privilege_type = 'SELECT' and a.grantee <> c.relowner
	loop
		execute format('grant usage on schema kea_history to %1$s; grant select on all tables in schema kea_history to %1$s; grant select on all sequences in schema kea_history to %1$s', grantee);
	end loop;
	for grantee in select distinct case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end
		from pg_class c, aclexplode(c.relacl) a where c.oid in ('lease4'::regclass, 'lease6'::regclass) and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE') and a.grantee <> c.relowner
	loop
		execute format('grant usage on schema kea_history to %1$s; grant insert on kea_history.lease_event to %1$s; grant usage on sequence kea_history.missed to %1$s', grantee);
	end loop;
end $$`

// makeHistory makes everything but the triggers, or makes it anew. Kea's tables are not locked. A fresh one begins when the
// triggers are at work, also when somebody dropped a part of it and these are still there.
func (db *DB) makeHistory(ctx context.Context, s Schema, fresh bool) error {
	statements := []string{becomeOwner, "set local lock_timeout = '5s'", historyTables}
	for _, w := range watchedTables(s) {
		statements = append(statements, w.function())
	}
	statements = append(statements, grantHistory,
		fmt.Sprintf("insert into kea_history.state (enabled, version, since) values (false, %[1]d, 'infinity') on conflict (one) do update set version = %[1]d", historyVersion))
	if fresh {
		statements = append(statements, "update kea_history.state set enabled = false, since = 'infinity'")
	}
	return db.transact(ctx, strings.Join(statements, ";\n"))
}

func (db *DB) keepHistory(ctx context.Context, keep time.Duration) error {
	value := "null"
	if keep > 0 {
		value = fmt.Sprintf("interval '%d seconds'", int64(keep.Seconds()))
	}
	return db.transact(ctx, becomeOwner+"; update kea_history.state set keep = "+value)
}

// transact runs statements in one transaction.
func (db *DB) transact(ctx context.Context, sql string) error {
	_, err := db.conn.Exec(ctx, "begin; "+sql+"; commit", pgx.QueryExecModeSimpleProtocol)
	if err != nil && !db.conn.IsClosed() {
		_, _ = db.conn.Exec(context.WithoutCancel(ctx), "rollback", pgx.QueryExecModeSimpleProtocol)
	}
	return err
}

// startHistory makes the triggers that are missing and switches on those that are off. With the tables locked, no change
// is under way: the history is complete from then on.
const startHistory = `lock table lease4, lease6 in share row exclusive mode;
do $$ declare place text; missing boolean := false; begin
	foreach place in array array['lease4', 'lease6'] loop
		if not exists (select from pg_trigger where tgrelid = place::regclass and tgname = '` + historyTrigger + `') then
			execute format('create trigger ` + historyTrigger + ` after insert or update or delete on %1$I for each row execute function kea_history.%1$I()', place);
			missing := true;
		elsif exists (select from pg_trigger where tgrelid = place::regclass and tgname = '` + historyTrigger + `' and tgenabled not in ('O', 'A')) then
			execute format('alter table %I enable trigger ` + historyTrigger + `', place);
			missing := true;
		end if;
	end loop;
	update kea_history.state set enabled = true, since = case when missing or since = 'infinity' then clock_timestamp() else since end;
end $$;
comment on schema kea_history is '` + historyOn + `'`

// stopHistory takes the triggers away.
const stopHistory = `drop trigger if exists ` + historyTrigger + ` on lease4;
drop trigger if exists ` + historyTrigger + ` on lease6;
do $$ begin
	if to_regclass('kea_history.state') is not null then
		update kea_history.state set enabled = false, since = 'infinity';
	end if;
end $$;
comment on schema kea_history is '` + historyOff + `'`

// DisableHistory ends the history: nothing is written any more. What was written stays, to be read, unless drop says
// otherwise. Errors: ErrNoHistory, and those of EnableHistory.
func (db *DB) DisableHistory(ctx context.Context, drop bool, note func(string)) error {
	return db.call("history disable", "end the history of leases in "+db.target.String(), func() error {
		if db.target.ReadOnly {
			return errReadOnlySession()
		}
		there := false
		err := db.read(ctx, reading{sql: "select to_regnamespace('kea_history') is not null"}, func(v [][]byte) error {
			var d decoder
			there = d.bool(v[0])
			return d.err
		})
		switch {
		case err != nil:
			return err
		case !there:
			return errNoHistory()
		}
		sql := stopHistory
		if drop {
			sql += "; drop schema kea_history cascade"
		}
		return db.patiently(ctx, note, sql)
	})
}

// RestartHistory notes that leases changed and their events are missing: after a restore, or when rows were written with the
// triggers off. The history counts as complete from now on. Errors: ErrNoHistory, ErrPermission.
func (db *DB) RestartHistory(ctx context.Context) error {
	return db.call("history restart", "note a gap in the history of leases in "+db.target.String(), func() error {
		if db.target.ReadOnly {
			return errReadOnlySession()
		}
		if err := db.needHistory(ctx); err != nil {
			return err
		}
		return db.transact(ctx, becomeOwner+"; update kea_history.state set since = clock_timestamp() where enabled")
	})
}

// patiently changes triggers, in a transaction that rather ends than keeps Kea waiting, as often as it takes.
func (db *DB) patiently(ctx context.Context, note func(string), sql string) error {
	sql = fmt.Sprintf("%s; set local lock_timeout = '%dms'; %s", becomeOwner, lockPatience.Milliseconds(), sql)
	return untilUnlocked(ctx, note, func() error { return db.transact(ctx, sql) })
}

// untilUnlocked tries something that locks the lease tables, as often as it takes, and leaves them to Kea in between.
func untilUnlocked(ctx context.Context, note func(string), try func() error) error {
	for n := 1; ; n++ {
		err := try()
		var said *pgconn.PgError
		if !errors.As(err, &said) || said.Code != "55P03" && said.Code != "40P01" || n == lockTries {
			return err
		}
		note(fmt.Sprintf("somebody holds the lease tables; try %d", n+1))
		timer := time.NewTimer(lockPause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}
