package keadb

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// eventTable is where the history's events are.
const eventTable = "lease_event"

// qualified is a table's name with its schema, where it is not one of Kea's.
func qualified(table string) string {
	if table == eventTable {
		return "kea_history." + table
	}
	return table
}

// carriedHistory is what a database has of the history of leases.
type carriedHistory struct {
	there    bool // its tables
	complete bool // every change is written
	outdated bool
	last     int64  // the highest event
	missed   int64  // events that could not be written
	since    string // when it begins to be complete, as the server wrote it; what is pruned counts too
	pruned   string
	keep     string
}

// carriedHistorySQL reads a history that is there.
const carriedHistorySQL = `select enabled, version, coalesce(quote_literal(since), 'null'), coalesce(quote_literal(pruned_until), 'null'), coalesce(quote_literal(keep), 'null'),
	coalesce((select max(id) from kea_history.lease_event), 0),
	case when (select is_called from kea_history.missed) then (select last_value from kea_history.missed) else 0 end,
	coalesce((select md5(prosrc) from pg_proc where oid = to_regproc('kea_history.lease4')), ''),
	coalesce((select md5(prosrc) from pg_proc where oid = to_regproc('kea_history.lease6')), '')
from kea_history.state`

// lookAtHistory adds what there is of the history. The caller holds the connection.
func (db *DB) lookAtHistory(ctx context.Context, c *carried) error {
	h := &c.history
	h.there = c.has("state") && c.has("missed") && c.has(eventTable)
	if !h.there {
		return nil
	}
	sets, err := db.script(ctx, carriedHistorySQL)
	if err != nil {
		return err
	}
	if len(sets[0].Rows) == 0 {
		h.there = false
		return nil
	}
	var t texts
	row := sets[0].Rows[0]
	triggers := 0
	for _, trigger := range c.triggers {
		if trigger.name == historyTrigger {
			triggers++
		}
	}
	tables := watchedTables(c.schema)
	h.complete = t.bool(row[0]) && triggers == len(tables)
	h.since, h.pruned, h.keep = string(row[2]), string(row[3]), string(row[4])
	h.last, h.missed = t.int(row[5]), t.int(row[6])
	h.outdated = t.int(row[1]) < historyVersion || string(row[7]) != tables[0].sum() || string(row[8]) != tables[1].sum()
	return t.err
}

// historyGap says why a history cannot be complete across the move; "" when it can, or when none is kept.
func historyGap(from, to carriedHistory, limited bool) string {
	switch {
	case !from.complete && !to.complete:
		return ""
	case !to.complete:
		return "no history is kept in the database that takes over: it must be enabled there"
	case !from.complete:
		return "no history was kept in the database that has been in service"
	case from.outdated, to.outdated:
		return "the history was made by another version: it must be enabled once more"
	case limited:
		return "only some subnets were carried"
	}
	return ""
}

// eventSlack is how many of the last events of To are asked for once more: the numbers are given before a transaction
// ends, so an event may come later than the next one.
const eventSlack = 10000

// carriesEvents reports whether events are carried.
func (p *passage) carriesEvents() bool {
	from, to := p.from.history, p.to.history
	return from.complete && to.complete && !from.outdated && !to.outdated && slices.Equal(p.from.columns[eventTable], p.to.columns[eventTable])
}

// eventStage reads the events that To may not have.
func (p *passage) eventStage() []stage {
	if !p.carriesEvents() {
		return nil
	}
	where := []string{fmt.Sprintf("e.id > %d", p.to.history.last-eventSlack)}
	if !p.all {
		where = append(where, fmt.Sprintf("age(e.xmin) <= %d", p.age))
	}
	if p.Subnets != nil {
		some := []string{"false"}
		for _, family := range p.families() {
			some = append(some, fmt.Sprintf("(e.type = -1) = %t and %s", family == IPv4, in("e", p.Subnets[family])))
		}
		where = append(where, "("+strings.Join(some, " or ")+")")
	}
	columns := p.to.names(eventTable)
	return []stage{{
		name: "events of the history", table: eventTable, staging: staging(eventTable), columns: columns,
		query: "select " + list("e.", columns) + " from kea_history.lease_event e where " + strings.Join(where, " and "),
	}}
}

// mergeEvents writes the events that came, with their numbers, and what is known of the history; or notes the gap. An event
// of To's own that has the number of another one gets a new one. The first statement that returns rows tells how many came.
func (p *passage) mergeEvents() []string {
	var statements []string
	count := "select 0"
	if p.staged[eventTable] > 0 {
		columns := p.to.names(eventTable)
		own := slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return c == "id" })
		sequence := "pg_get_serial_sequence('kea_history.lease_event', 'id')"
		statements = append(
			statements,
			fmt.Sprintf("do $$ begin perform setval(%s, (select max(id) from (select max(id) as id from kea_history.lease_event union all select max(id) from %s) highest)); end $$",
				sequence, staging(eventTable)),
			fmt.Sprintf(`with own as (delete from kea_history.lease_event e using %s s where e.id = s.id and (e.at, e.op, e.address) is distinct from (s.at, s.op, s.address) returning e.*)
	insert into kea_history.lease_event (%[2]s) select %[2]s from own order by id`, staging(eventTable), strings.Join(own, ", ")),
		)
		count = fmt.Sprintf(`with added as (insert into kea_history.lease_event (%[1]s) overriding system value select %[1]s from %[2]s order by id on conflict (id) do nothing returning 1)
	select count(*) from added`, strings.Join(columns, ", "), staging(eventTable))
	}
	switch {
	case p.gap != "" && p.to.history.there:
		statements = append(statements, "update kea_history.state set since = clock_timestamp() where enabled")
	case p.gap == "" && p.carriesEvents():
		h := p.from.history
		statements = append(statements, fmt.Sprintf("update kea_history.state set since = greatest(since, %s), pruned_until = greatest(pruned_until, %s), keep = %s", h.since, h.pruned, h.keep),
			fmt.Sprintf("do $$ begin perform setval('kea_history.missed', %d, %t); end $$", max(h.missed, 1), h.missed > 0))
	}
	if len(statements) == 0 {
		return nil
	}
	return append(statements, count)
}

// ownEvents is a setting of the transaction that holds the number of the last event before its own.
const ownEvents = "kea_history.carried_after"

// beforeOwnEvents notes where the events begin that the trigger writes while leases are merged.
func (p *passage) beforeOwnEvents() []string {
	if !p.to.history.there {
		return nil
	}
	return []string{fmt.Sprintf("do $$ begin perform set_config('%s', (select coalesce(max(id), 0) from kea_history.lease_event)::text, true); end $$", ownEvents)}
}

// dropOwnEvents deletes them: what happened is told by the events of From, or by a gap.
func (p *passage) dropOwnEvents() []string {
	if !p.to.history.there {
		return nil
	}
	return []string{fmt.Sprintf("delete from kea_history.lease_event where id > current_setting('%s')::bigint", ownEvents)}
}
