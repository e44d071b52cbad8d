package keadb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// fewRows is up to how many rows the last run merges with the triggers at work: a row costs more then, but the tables need
// not be locked, for which an autovacuum may have to end first. It must not be many: what the triggers cost for a row grows
// with their number.
const fewRows = 500

// merge writes what came to the lease tables, in one transaction.
func (p *passage) merge(ctx context.Context) error {
	rows := p.staged["lease4"] + p.staged["lease6"]
	if !p.all && rows == 0 && p.staged[eventTable] == 0 && len(p.extend) == 0 && p.gap == "" {
		return nil
	}
	quiet := rows > fewRows || !p.final || p.all
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

// finalPatience is how long the last run waits for the lease tables, which nobody else writes to: long enough for
// PostgreSQL to end an autovacuum that stands in the way.
const finalPatience = 3 * time.Second

func (p *passage) patience() time.Duration {
	if p.final {
		return finalPatience
	}
	return lockPatience
}

// answer is what a statement of the merge tells.
type answer struct {
	family   Family
	extended bool
	events   bool
}

// mergeScript is the merge's transaction, and what its answers mean. With quiet, the triggers are off. The first run counts
// the whole tables anew, the others what changes.
func (p *passage) mergeScript(quiet bool) (string, []answer) {
	statements := []string{"begin", "set local statement_timeout = 0", "set local jit = off"}
	var answers []answer
	add := func(sql ...string) { statements = append(statements, sql...) }
	families := slices.DeleteFunc(p.families(), func(f Family) bool { return !p.all && p.staged[fmt.Sprintf("lease%d", f)] == 0 })
	if quiet {
		add(fmt.Sprintf("set local lock_timeout = '%dms'", p.patience().Milliseconds()))
		add(p.triggers("disable", families)...)
	} else {
		add(p.beforeOwnEvents()...)
	}
	for _, family := range families {
		add(p.mergeTable(family, quiet && !p.all))
		answers = append(answers, answer{family: family})
	}
	switch {
	case !quiet:
		add(p.dropOwnEvents()...)
	case p.all:
		for _, family := range families {
			for _, c := range p.to.counters(family) {
				add(c.recount()...)
			}
		}
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
			parts = append(parts, action+" "+always+"trigger "+QuoteName(t.name))
		}
		if len(parts) > 0 {
			all = append(all, "alter table "+table+" "+strings.Join(parts, ", "))
		}
	}
	return all
}

// QuoteName quotes the name of an object or a role for SQL.
func QuoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// mergeTable is the statement that merges one table: the newest time of the client wins, and who has none gets a row. With
// count, it has the counters follow.
func (p *passage) mergeTable(family Family, count bool) string {
	table := fmt.Sprintf("lease%d", family)
	columns := p.to.names(table)
	counters := p.to.counters(family)
	was := ""
	for _, column := range countedColumns(counters) {
		was += fmt.Sprintf(", l.%[1]s as was_%[1]s", column)
	}
	var sql strings.Builder
	fmt.Fprintf(&sql, `with change as materialized (select s.*, l.address is not null as had%s from %s s left join %s l on l.address = s.address
	where l.address is null or %s > coalesce(%s, '-infinity') or %s = %s and (%s) is distinct from (%s)),
renewed as (update %s l set (%s) = (%s) from change c where c.had and l.address = c.address),
added as (insert into %s (%s) select %s from change where not had)`,
		was, staging(table), table, cltt("s"), cltt("l"), cltt("s"), cltt("l"), list("s.", columns), list("l.", columns),
		table, list("", columns), list("c.", columns), table, list("", columns), list("", columns))
	if family == IPv6 {
		for _, name := range extendedInfo() {
			p.mergeExtended(&sql, name)
		}
	}
	if count {
		for _, c := range counters {
			fmt.Fprintf(&sql, ",\nof_%s as (%s)", c.table, c.follow())
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

// read reads the merge's answers.
func (p *passage) read(sets []*pgconn.Result, answers []answer) error {
	if len(sets) != len(answers) {
		return errMalformed()
	}
	var t texts
	for i, a := range answers {
		for _, row := range sets[i].Rows {
			switch {
			case a.events:
				p.done.Events = t.int(row[0])
			case a.extended:
				p.count(a.family, uint32(t.int(row[0])), CarriedCount{Extended: t.int(row[1])})
			default:
				p.count(a.family, uint32(t.int(row[0])), CarriedCount{New: t.int(row[1]), Newer: t.int(row[2])})
			}
		}
	}
	return t.err
}
