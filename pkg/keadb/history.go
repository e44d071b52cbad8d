package keadb

import (
	"context"
	"errors"
	"time"
)

// ErrNoHistory: the database keeps no history of leases.
var ErrNoHistory = errors.New("no history of leases is kept")

// History is the state of the history of leases.
type History struct {
	// Enabled: it is meant to be kept.
	Enabled bool
	// Missing are the lease tables ("lease4") without their trigger, or with one that is switched off: what changes in them
	// is not written.
	Missing []string
	// Outdated: it was made by an older version, or for an older version of Kea's schema. Enabling it once more mends that.
	Outdated bool
	// Since is when the history begins to be complete; zero: it never was. Between two times of being kept there is a gap,
	// which counts as its end.
	Since time.Time
	// Keep is how long events are to be kept; 0: for ever.
	Keep time.Duration
	// Missed is how many events could not be written, ever. Those are missing in the history.
	Missed int64

	Now            time.Time // the server's clock
	Bytes          int64     // on disk, indexes included
	Events         int64     // about
	Last           int64     // the highest id; 0: no events
	Oldest, Newest time.Time // zero: no events
	LastDay        int64     // events of the last 24 hours, or since the oldest
}

// Complete reports whether every change is written now.
func (h History) Complete() bool { return h.Enabled && len(h.Missing) == 0 }

// historySchemaSQL tells whether there is a history, whole, without touching it: also where it may not be read.
const historySchemaSQL = `select to_regclass('kea_history.state') is not null and to_regclass('kea_history.lease_event') is not null
	and to_regclass('kea_history.missed') is not null`

// historyTriggersSQL lists the lease tables whose trigger is there and at work.
const historyTriggersSQL = `(select array_to_string(array(select c.relname::text from pg_trigger t join pg_class c on c.oid = t.tgrelid
	where t.tgrelid in (to_regclass('lease4'), to_regclass('lease6')) and t.tgname = '` + historyTrigger + `' and t.tgenabled in ('O', 'A')), ','))`

// historyStateSQL reads the state. The time of the day before is looked up by id, see boundSQL.
const historyStateSQL = `select enabled, version, nullif(greatest(since, pruned_until), 'infinity'), extract(epoch from keep)::bigint,
	case when (select is_called from kea_history.missed) then (select last_value from kea_history.missed) else 0 end, now(),
	pg_total_relation_size('kea_history.lease_event'),
	coalesce((select max(id) - min(id) + 1 from kea_history.lease_event), 0), coalesce((select max(id) from kea_history.lease_event), 0),
	(select at from kea_history.lease_event order by id limit 1), (select at from kea_history.lease_event order by id desc limit 1),
	coalesce((select max(id) + 1 from kea_history.lease_event) - (` + boundSQL + `), 0),
	` + historyTriggersSQL + `,
	coalesce((select md5(prosrc) from pg_proc where oid = to_regproc('kea_history.lease4')), ''),
	coalesce((select md5(prosrc) from pg_proc where oid = to_regproc('kea_history.lease6')), '')
from kea_history.state`

// History reads the state. ErrNoHistory: there is none, and none was.
func (db *DB) History(ctx context.Context) (History, error) {
	var h History
	err := db.call("history", "look at the history of leases in "+db.target.String(), func() error {
		var err error
		h, err = db.history(ctx)
		return err
	})
	return h, err
}

func (db *DB) history(ctx context.Context) (History, error) {
	schema, err := db.known(ctx)
	if err != nil {
		return History{}, err
	}
	if err := db.needHistory(ctx); err != nil {
		return History{}, err
	}
	var h History
	found := false
	day := timestamp(time.Now().Add(-24 * time.Hour))
	err = db.read(ctx, reading{sql: historyStateSQL, args: [][]byte{[]byte(day)}}, func(v [][]byte) error {
		var d decoder
		found = true
		h = History{
			Enabled: d.bool(v[0]), Since: d.time(v[2]), Keep: time.Duration(d.int(v[3])) * time.Second, Missed: d.int(v[4]), Now: d.time(v[5]),
			Bytes: d.int(v[6]), Events: d.int(v[7]), Last: d.int(v[8]), Oldest: d.time(v[9]), Newest: d.time(v[10]), LastDay: d.int(v[11]),
			Missing: missingFrom(string(v[12])),
		}
		tables := watchedTables(schema)
		h.Outdated = d.int(v[1]) < historyVersion || string(v[13]) != tables[0].sum() || string(v[14]) != tables[1].sum()
		return d.err
	})
	if err == nil && !found {
		err = errNoHistory()
	}
	return h, err
}

// needHistory returns ErrNoHistory when there is none to look at; what somebody dropped a part of is none.
func (db *DB) needHistory(ctx context.Context) error {
	there := false
	err := db.read(ctx, reading{sql: historySchemaSQL}, func(v [][]byte) error {
		var d decoder
		there = d.bool(v[0])
		return d.err
	})
	if err == nil && !there {
		err = errNoHistory()
	}
	return err
}

func errNoHistory() error { return &refusal{ErrNoHistory.Error(), ErrNoHistory} }
