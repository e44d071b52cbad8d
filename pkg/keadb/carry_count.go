package keadb

import (
	"fmt"
	"slices"
	"strings"
)

// counter is a table in which Kea's triggers count the leases of a table.
type counter struct {
	table, of string
	keys      []string // columns of both
	states    string
	classes   bool // by the client classes that a lease's user context names, too
}

// registering is the version of the schema from which on addresses are counted that clients gave themselves.
const registering = 29

// countedStates are Kea's numbers of the states that are counted by subnet.
func countedStates(family Family, s Schema) string {
	if family == IPv6 && s.Version >= registering {
		return "0, 1, 4"
	}
	return "0, 1"
}

// counters are those of a family that the schema has.
func (c carried) counters(family Family) []counter {
	table := fmt.Sprintf("lease%d", family)
	kind := []string{"lease_type"}
	if family == IPv4 {
		kind = nil
	}
	all := []counter{
		{table: table + "_stat", keys: append([]string{"subnet_id", "state"}, kind...), states: countedStates(family, c.schema)},
		{table: table + "_pool_stat", keys: append([]string{"subnet_id", "pool_id", "state"}, kind...), states: "0, 1"},
		{table: table + "_stat_by_client_class", keys: kind, states: "0", classes: true},
	}
	for i := range all {
		all[i].of = table
	}
	return slices.DeleteFunc(all, func(counter counter) bool { return counter.table != table+"_stat" && !c.has(counter.table) })
}

// countedColumns are the columns of a lease that counters depend on.
func countedColumns(counters []counter) []string {
	columns := []string{"state", "user_context"}
	for _, c := range counters {
		columns = append(columns, c.keys...)
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}

// columns are those that tell the counter's rows apart.
func (c counter) columns() []string {
	if c.classes {
		return append([]string{"client_class"}, c.keys...)
	}
	return c.keys
}

// counts is the query that counts rows, each as n times.
func (c counter) counts(rows, n string) string {
	from := rows + " l"
	where := fmt.Sprintf("l.state in (%s)", c.states)
	columns := list("l.", c.keys)
	if c.classes {
		from += ", json_array_elements_text(l.user_context::json->'ISC'->'client-classes') class"
		where += ` and l.user_context like '%"client-classes"%'`
		columns = strings.TrimSuffix("class, "+columns, ", ")
	}
	return fmt.Sprintf("select %s, %s from %s where %s group by %[1]s", columns, n, from, where)
}

// recount are the statements that make the counter anew, as Kea's triggers would have it.
func (c counter) recount() []string {
	return []string{"delete from " + c.table, fmt.Sprintf("insert into %s (%s, leases) %s", c.table, list("", c.columns()), c.counts(c.of, "count(*)"))}
}

// follow is the statement that has the counter follow the rows of "change", which has what was before as was_....
func (c counter) follow() string {
	columns := countedColumns([]counter{c})
	was := make([]string, len(columns))
	for i, column := range columns {
		was[i] = "was_" + column + " as " + column
	}
	rows := fmt.Sprintf("(select %s, -1 as n from change where had union all select %s, 1 from change)", list("", was), list("", columns))
	return fmt.Sprintf("insert into %[1]s (%[2]s, leases) %[3]s having sum(n) <> 0 on conflict (%[2]s) do update set leases = greatest(%[1]s.leases + excluded.leases, 0)",
		c.table, list("", c.columns()), c.counts(rows, "sum(n)"))
}
