package keadb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// fewRows is up to how many rows are merged with the triggers at work that count leases. One row costs more then, but the
// tables are neither locked nor counted anew. It must not be many: the triggers' cost of a row grows with their number.
const fewRows = 500

// merge writes what came to the lease tables, in one transaction.
func (p *passage) merge(ctx context.Context) error {
	rows := p.staged["lease4"] + p.staged["lease6"]
	if rows == 0 && p.staged[eventTable] == 0 && len(p.extend) == 0 && p.gap == "" {
		return nil
	}
	quiet := rows > fewRows || !p.final || p.changed == ""
	sql, answers := p.mergeScript(quiet)
	return p.To.call("carry merge", "merge leases into "+p.To.target.String(), func() error {
		return untilUnlocked(ctx, p.note, func() error {
			sets, err := p.To.script(ctx, sql)
			if err != nil {
				return p.To.undo(ctx, err)
			}
			return p.read(sets, answers)
		})
	})
}

// answer is what a statement of the merge tells.
type answer struct {
	family   Family
	extended bool
	events   bool
}

// mergeScript is the merge's transaction, and what its answers mean. With quiet, the triggers are off.
func (p *passage) mergeScript(quiet bool) (string, []answer) {
	statements := []string{"begin", "set local statement_timeout = 0", "set local jit = off"}
	var answers []answer
	add := func(sql ...string) { statements = append(statements, sql...) }
	families := slices.DeleteFunc(p.families(), func(f Family) bool { return p.staged[fmt.Sprintf("lease%d", f)] == 0 })
	if quiet {
		add(fmt.Sprintf("set local lock_timeout = '%dms'", lockPatience.Milliseconds()))
		add(p.triggers("disable", families)...)
	} else {
		add(p.beforeOwnEvents()...)
	}
	for _, family := range families {
		add(p.mergeTable(family))
		answers = append(answers, answer{family: family})
	}
	if quiet {
		for _, family := range families {
			add(p.recount(family)...)
		}
	} else {
		add(p.dropOwnEvents()...)
	}
	events := p.mergeEvents()
	add(events...)
	if len(events) > 0 {
		answers = append(answers, answer{events: true})
	}
	if quiet {
		add(p.triggers("enable", families)...)
	}
	for _, family := range p.families() {
		if len(p.extend[family]) > 0 {
			add(p.extendLeases(family))
			answers = append(answers, answer{family: family, extended: true})
		}
	}
	return strings.Join(append(statements, "commit"), ";\n"), answers
}

// triggers switches the triggers off that count leases or write their history, or on again: by name, since others watch
// that rows belong together.
func (p *passage) triggers(action string, families []Family) []string {
	var all []string
	for _, family := range families {
		table := fmt.Sprintf("lease%d", family)
		var parts []string
		for _, t := range p.to.triggers {
			if t.table != table {
				continue
			}
			always := ""
			if t.always && action == "enable" {
				always = "always "
			}
			parts = append(parts, action+" "+always+"trigger "+quoteName(t.name))
		}
		if len(parts) > 0 {
			all = append(all, "alter table "+table+" "+strings.Join(parts, ", "))
		}
	}
	return all
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// mergeTable is the statement that merges one table: the newest time of the client wins, and who has none gets a row.
func (p *passage) mergeTable(family Family) string {
	table := fmt.Sprintf("lease%d", family)
	columns := p.to.names(table)
	var sql strings.Builder
	fmt.Fprintf(&sql, `with change as materialized (select s.*, l.address is not null as had from %s s left join %s l on l.address = s.address
	where l.address is null or %s > coalesce(%s, '-infinity') or %s = %s and (%s) is distinct from (%s)),
renewed as (update %s l set (%s) = (%s) from change c where c.had and l.address = c.address),
added as (insert into %s (%s) select %s from change where not had)`,
		staging(table), table, cltt("s"), cltt("l"), cltt("s"), cltt("l"), list("s.", columns), list("l.", columns),
		table, strings.Join(columns, ", "), list("c.", columns), table, strings.Join(columns, ", "), strings.Join(columns, ", "))
	if family == IPv6 {
		for _, name := range extendedInfo() {
			p.mergeExtended(&sql, name)
		}
	}
	sql.WriteString("\nselect subnet_id, count(*) filter (where not had), count(*) filter (where had) from change group by 1")
	return sql.String()
}

// mergeExtended replaces what relays said of the leases that change.
func (p *passage) mergeExtended(sql *strings.Builder, table string) {
	if p.to.used[table] {
		fmt.Fprintf(sql, ",\nno_%[1]s as (delete from %[1]s where lease_addr in (select address from change where had))", table)
	}
	if p.staged[table] > 0 {
		columns := extendedColumns(table)
		fmt.Fprintf(sql, ",\nnew_%[1]s as (insert into %[1]s (%[2]s) select %[3]s from %[4]s i join change c on c.address = i.lease_addr)",
			table, strings.Join(columns, ", "), list("i.", columns), staging(table))
	}
}

// recount makes the counters of a family anew, as Kea's triggers would have them.
func (p *passage) recount(family Family) []string {
	table := fmt.Sprintf("lease%d", family)
	kind := ""
	counted := "0, 1"
	if family == IPv6 {
		kind = "lease_type, "
	}
	statements := []string{
		"delete from " + table + "_stat",
		fmt.Sprintf("insert into %[1]s_stat (subnet_id, %[2]sstate, leases) select subnet_id, %[2]sstate, count(*) from %[1]s where state in (%[3]s) group by subnet_id, %[2]sstate",
			table, kind, countedStates(family, p.to.schema)),
	}
	if p.to.has(table + "_pool_stat") {
		statements = append(
			statements, "delete from "+table+"_pool_stat",
			fmt.Sprintf("insert into %[1]s_pool_stat (subnet_id, pool_id, %[2]sstate, leases) select subnet_id, pool_id, %[2]sstate, count(*) from %[1]s where state in (%[3]s) group by subnet_id, pool_id, %[2]sstate",
				table, kind, counted),
		)
	}
	if p.to.has(table + "_stat_by_client_class") {
		statements = append(
			statements, "delete from "+table+"_stat_by_client_class",
			fmt.Sprintf(`insert into %[1]s_stat_by_client_class (client_class, %[2]sleases) select class, %[2]scount(*)
	from %[1]s, json_array_elements_text(user_context::json->'ISC'->'client-classes') class
	where state = 0 and user_context like '%%"client-classes"%%' group by class%[3]s`, table, kind, strings.TrimSuffix(", "+kind, ", ")),
		)
	}
	return statements
}

// registering is the version of the schema that counts addresses which clients gave themselves.
const registering = 29

// countedStates are Kea's numbers of the states that are counted by subnet.
func countedStates(family Family, s Schema) string {
	if family == IPv6 && s.Version >= registering {
		return "0, 1, 4"
	}
	return "0, 1"
}

// read reads the merge's answers.
func (p *passage) read(sets []*pgconn.Result, answers []answer) error {
	if len(sets) != len(answers) {
		return errMalformed()
	}
	var t texts
	counts := map[Family]map[uint32]*CarriedCount{IPv4: {}, IPv6: {}}
	for i, a := range answers {
		if a.events {
			p.done.Events = t.int(sets[i].Rows[0][0])
			continue
		}
		for _, row := range sets[i].Rows {
			id := uint32(t.int(row[0]))
			c := counts[a.family][id]
			if c == nil {
				c = &CarriedCount{Family: a.family, SubnetID: id}
				counts[a.family][id] = c
			}
			if a.extended {
				c.Extended = t.int(row[1])
				continue
			}
			c.New, c.Newer = t.int(row[1]), t.int(row[2])
		}
	}
	for _, family := range counts {
		for _, c := range family {
			p.done.Counts = append(p.done.Counts, *c)
		}
	}
	slices.SortFunc(p.done.Counts, func(a, b CarriedCount) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.SubnetID, b.SubnetID))
	})
	return t.err
}
