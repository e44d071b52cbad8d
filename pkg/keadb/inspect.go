package keadb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Inspection is what a database holds, looked at as Kea would use it. It scans the leases.
type Inspection struct {
	Now        time.Time
	InRecovery bool
	// Timeline is PostgreSQL's; 0: the role may not ask.
	Timeline   int
	Schema     Schema
	IPv4, IPv6 LeasesInspection
	// Hosts is the number of reservations in the database.
	Hosts int64
	// History reports whether the history of leases is kept and whole.
	History bool
}

// LeasesInspection are the leases of one family.
type LeasesInspection struct {
	Rows  int64
	Valid int64 // in use, declined or registered, and not expired
	// Newest is the newest time that a client was seen; zero without leases.
	Newest time.Time
	// Duplicates is the number of addresses that stand in more than one row, which a sound index does not let happen.
	Duplicates int64
	Subnets    []SubnetInspection // by subnet
}

// SubnetInspection compares a subnet's rows with the counters that Kea's triggers keep.
type SubnetInspection struct {
	SubnetID uint32
	// Rows and Counted are the leases by Kea's number of the state, in the table and in the counters. Only states that are
	// counted are here.
	Rows, Counted map[int]int64
	Valid         int64
}

// inspectSQL begins a reading of everything at one moment. What an index says is not believed: it may be what is broken.
const inspectSQL = `begin isolation level repeatable read read only; ` + unboundedSQL + `,
	set_config('enable_indexscan', 'off', true), set_config('enable_indexonlyscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
	set_config('work_mem', '32MB', true);
select extract(epoch from now())::numeric(20, 6), pg_is_in_recovery(), (select count(*) from hosts);
select version, coalesce(minor, 0) from schema_version`

// timelineSQL is asked for by itself, since a role may be forbidden to. Until the first checkpoint after a promotion only
// the name of the file that is written tells the new timeline.
const timelineSQL = `select case when pg_is_in_recovery() then lpad(to_hex((select timeline_id from pg_control_checkpoint())), 8, '0')
	else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end`

// Miscounted are the states, in order, whose counter does not agree with the rows.
func (s SubnetInspection) Miscounted() []int {
	states := map[int]bool{}
	for _, counts := range []map[int]int64{s.Rows, s.Counted} {
		for state := range counts {
			if s.Rows[state] != s.Counted[state] {
				states[state] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(states))
}

// Inspect looks at everything. Errors: ErrNoSchema, and those of a reading.
func (db *DB) Inspect(ctx context.Context) (Inspection, error) {
	var in Inspection
	err := db.call("inspect", "inspect "+db.target.String(), func() error {
		var err error
		if in, err = db.inspect(ctx); err != nil {
			return err
		}
		h, err := db.history(ctx)
		if errors.Is(err, ErrNoHistory) {
			return nil
		}
		in.History = h.Complete() && !h.Outdated
		return err
	})
	if err != nil {
		return Inspection{}, err
	}
	return in, nil
}

func (db *DB) inspect(ctx context.Context) (Inspection, error) {
	first, err := db.script(ctx, inspectSQL)
	if err != nil {
		return Inspection{}, db.undo(ctx, err)
	}
	var t texts
	if len(first[2].Rows) == 0 {
		return Inspection{}, db.undo(ctx, &refusal{"the table schema_version is empty", ErrNoSchema})
	}
	moment, version := first[1].Rows[0], first[2].Rows[0]
	in := Inspection{
		Now: t.time(moment[0]), InRecovery: t.bool(moment[1]), Hosts: t.int(moment[2]),
		Schema: Schema{Version: int(t.int(version[0])), Minor: int(t.int(version[1]))},
	}
	for _, family := range []Family{IPv4, IPv6} {
		sets, err := db.script(ctx, inspectLeasesSQL(family, in.Schema))
		if err != nil {
			return Inspection{}, db.undo(ctx, err)
		}
		leases := &in.IPv4
		if family == IPv6 {
			leases = &in.IPv6
		}
		t.inspection(leases, sets, countedStates(family, in.Schema))
	}
	if _, err := db.script(ctx, "commit"); err != nil {
		return Inspection{}, err
	}
	sets, err := db.script(ctx, timelineSQL)
	switch {
	case errors.Is(classify(err), ErrPermission):
		return in, t.err
	case err != nil:
		return Inspection{}, err
	}
	in.Timeline = t.hex(sets[0].Rows[0][0])
	return in, t.err
}

// inspectLeasesSQL are two scans: one for all that is counted, one for the duplicates.
func inspectLeasesSQL(family Family, s Schema) string {
	table := fmt.Sprintf("lease%d", family)
	return fmt.Sprintf(`select subnet_id, state, count(*), count(*) filter (where %s), extract(epoch from max(%s))::numeric(20, 6) from %s l group by 1, 2 order by 1, 2;
select subnet_id, state, sum(leases) from %s_stat where state in (%s) group by 1, 2 order by 1, 2;
select count(*) from (select from %s group by address having count(*) > 1) twice`,
		stillValid("l"), cltt("l"), table, table, countedStates(family, s), table)
}

// inspection reads the answers to inspectLeasesSQL.
func (t *texts) inspection(in *LeasesInspection, sets []*pgconn.Result, counted string) {
	at := map[uint32]int{}
	subnet := func(value []byte) *SubnetInspection {
		id := uint32(t.int(value))
		if _, known := at[id]; !known {
			at[id] = len(in.Subnets)
			in.Subnets = append(in.Subnets, SubnetInspection{SubnetID: id, Rows: map[int]int64{}, Counted: map[int]int64{}})
		}
		return &in.Subnets[at[id]]
	}
	for _, row := range sets[0].Rows {
		rows, valid, newest := t.int(row[2]), t.int(row[3]), t.time(row[4])
		in.Rows, in.Valid = in.Rows+rows, in.Valid+valid
		if newest.After(in.Newest) {
			in.Newest = newest
		}
		s := subnet(row[0])
		s.Valid += valid
		if strings.Contains(counted, string(row[1])) {
			s.Rows[int(t.int(row[1]))] = rows
		}
	}
	for _, row := range sets[1].Rows {
		subnet(row[0]).Counted[int(t.int(row[1]))] = t.int(row[2])
	}
	in.Duplicates = t.int(sets[2].Rows[0][0])
	slices.SortFunc(in.Subnets, func(a, b SubnetInspection) int { return cmp.Compare(a.SubnetID, b.SubnetID) })
}

// time reads seconds since 1970 with their fraction.
func (t *texts) time(b []byte) time.Time {
	if b == nil {
		return time.Time{}
	}
	seconds, fraction, _ := strings.Cut(string(b), ".")
	return time.Unix(t.int([]byte(seconds)), t.int([]byte((fraction + "000000000")[:9]))).UTC()
}

func (t *texts) hex(b []byte) int {
	n, err := strconv.ParseUint(string(b), 16, 32)
	if err != nil && t.err == nil {
		t.err = errMalformed()
	}
	return int(n)
}
