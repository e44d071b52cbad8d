package keadb

import (
	"crypto/md5" //nolint:gosec // it tells one text from another, as PostgreSQL's md5 does
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
)

// historyVersion is the version of what EnableHistory makes. A higher one makes an older history's functions and tables anew.
const historyVersion = 1

// historyTrigger is the name of the triggers. Triggers of a table run by name, and this one runs before those that count
// leases: the row of the counters is locked no longer than without it.
const historyTrigger = "kea_history"

// historyTables makes the schema and the tables.
//
//go:embed history.sql
var historyTables string

// image is a column of the events and the expression that fills it; $ stands for the row, old or new.
type image struct{ column, value string }

// watched is a lease table as the history sees it.
type watched struct {
	table string
	// client are the columns that say whose a row is, others those that follow their holder with them.
	client, others []string
	// fixed fill the events from both; moving from the columns that change at every renewal, before and after.
	fixed, moving []image
}

// movingColumns change while a lease stays the same client's. The events have each of them twice.
func movingColumns(preferred string) []image {
	return []image{
		{"state", "$.state"},
		{"expire", "$.expire"},
		{"valid_lifetime", "$.valid_lifetime"},
		{"preferred", preferred},
	}
}

// watchedTables are the two lease tables in a version of the schema. A column that a table does not have yet is null in its
// events.
func watchedTables(s Schema) []watched {
	since := func(version int, column, typ string) image {
		if s.Version >= version {
			return image{column, "$." + column}
		}
		return image{column, "null::" + typ}
	}
	names := func(images []image) []string {
		found := []string{}
		for _, i := range images {
			if strings.HasPrefix(i.value, "$.") {
				found = append(found, i.column)
			}
		}
		return found
	}
	common := []image{
		{"subnet_id", "$.subnet_id"},
		{"hwaddr", "$.hwaddr"},
		{"hostname", "$.hostname"},
		{"fqdn_fwd", "$.fqdn_fwd"},
		{"fqdn_rev", "$.fqdn_rev"},
		{"user_context", "$.user_context"},
		since(poolColumn, "pool_id", "bigint"),
	}
	relayed := []image{since(relayColumns, "relay_id", "bytea"), since(relayColumns, "remote_id", "bytea")}
	// Kea writes no octets where there is no client id, and a prefix of 128 where there is no prefix.
	return []watched{
		{
			table: "lease4", client: []string{"hwaddr", "client_id"}, others: names(append(relayed, common...)),
			moving: movingColumns("null::bigint"),
			fixed: append(append([]image{
				{"address", "inet '0.0.0.0' + $.address"},
				{"type", "-1"},
				{"client", `case when $.client_id <> '\x'::bytea then $.client_id end`},
				{"iaid", "null::integer"},
			}, relayed...), common...),
		},
		{
			table: "lease6", client: []string{"duid", "iaid"}, others: append(names(common), "lease_type", "prefix_len"),
			moving: movingColumns("$.pref_lifetime"),
			fixed: append([]image{
				{"address", "set_masklen($.address::inet, case when $.lease_type = 2 then $.prefix_len::integer else 128 end)"},
				{"type", "$.lease_type"},
				{"client", "$.duid"},
				{"iaid", "$.iaid"},
				{"relay_id", "null::bytea"},
				{"remote_id", "null::bytea"},
			}, common...),
		},
	}
}

// of fills an expression with a row.
func (i image) of(row string) string { return strings.ReplaceAll(i.value, "$", row) }

// differs compares a row's columns before and after.
func differs(columns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = fmt.Sprintf("old.%[1]s is distinct from new.%[1]s", c)
	}
	return strings.Join(parts, " or ")
}

// insert is the statement that writes an event: the row whose holder it is, and which of the moving columns it has.
func (w watched) insert(op, row string, before, after bool) string {
	columns, values := []string{"at", "op"}, []string{"moment", op}
	for _, i := range w.fixed {
		columns, values = append(columns, i.column), append(values, i.of(row))
	}
	for _, i := range w.moving {
		if before {
			columns, values = append(columns, "was_"+i.column), append(values, i.of("old"))
		}
		if after {
			columns, values = append(columns, i.column), append(values, i.of("new"))
		}
	}
	return "insert into kea_history.lease_event (" + strings.Join(columns, ", ") + ")\n    values (" + strings.Join(values, ", ") + ");"
}

// body is what the trigger does. Whatever goes wrong in it is a warning in the server's log and counted, never an error of
// Kea's statement.
func (w watched) body() string {
	moved := []string{}
	for _, i := range w.moving {
		if column, ok := strings.CutPrefix(i.value, "$."); ok {
			moved = append(moved, column)
		}
	}
	return fmt.Sprintf(`
declare
  moment timestamptz := clock_timestamp();
begin
  if tg_op = 'INSERT' then
    %s
  elsif tg_op = 'DELETE' then
    %s
  elsif %s then
    if %s then
      %s
      %s
    else
      %s
      %s
    end if;
  elsif %s then
    %s
  end if;
  return null;
exception when others then
  raise warning 'the history of leases misses an event: %% (%%)', sqlerrm, sqlstate;
  begin
    perform nextval('kea_history.missed');
  exception when others then
    null;
  end;
  return null;
end `,
		w.insert("'I'", "new", false, true),
		w.insert("'D'", "old", true, false),
		differs(append(append([]string{}, w.client...), w.others...)),
		differs(w.client),
		w.insert("'X'", "old", true, true), w.insert("'N'", "new", true, true),
		w.insert("'O'", "old", true, true), w.insert("'C'", "new", true, true),
		differs(moved),
		w.insert("'R'", "old", true, true))
}

// function is the statement that makes the trigger's function. It waits for nobody's lock longer than its own setting says.
// It runs as whoever changes the lease: as its owner it would have to guard its search path, at a third of what it costs.
func (w watched) function() string {
	return "create or replace function kea_history." + w.table + "() returns trigger language plpgsql set lock_timeout = '100ms' as $history$" +
		w.body() + "$history$"
}

// sum is how the database knows the body again.
func (w watched) sum() string {
	sum := md5.Sum([]byte(w.body()))
	return hex.EncodeToString(sum[:])
}
