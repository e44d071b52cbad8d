package keadb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// passage is one run of a Carry.
type passage struct {
	*Carry
	final bool
	note  func(string)

	from, to carried // what the databases have
	mark     Mark    // of this run
	all      bool    // every row is read, not only what changed since the last run
	age      int64   // of the oldest transaction whose rows are read, unless all are
	staged   map[string]int64
	extend   map[Family][]forgotten // to be extended
	counts   map[countKey]CarriedCount
	gap      string
	done     Carried
}

// carried is what one database has of what can be carried.
type carried struct {
	schema   Schema
	columns  map[string][]tableColumn // by table; no such table: none
	used     map[string]bool          // tables that have, or had, rows
	triggers []tableTrigger
	history  carriedHistory
}

type tableColumn struct{ name, typ string }

type tableTrigger struct {
	table, name string
	always      bool // not only for sessions that are no replica's
}

// element is the type as one of an array's: without a length.
func (c tableColumn) element() string {
	typ, _, _ := strings.Cut(c.typ, "(")
	return typ
}

// has reports whether there is such a table.
func (c carried) has(table string) bool { return len(c.columns[table]) > 0 }

// names lists a table's columns, in its order.
func (c carried) names(table string) []string {
	names := make([]string, len(c.columns[table]))
	for i, column := range c.columns[table] {
		names[i] = column.name
	}
	return names
}

// unboundedSQL is for transactions that may take as long as their context lets them.
const unboundedSQL = `select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true), set_config('jit', 'off', true),
	case when current_setting('server_version_num')::int >= 140000 then set_config('client_connection_check_interval', '2s', true) end`

// carriedSQL tells what there is: the schema's version, the columns of the tables, and the triggers that count leases or
// write their history, if they are at work.
const carriedSQL = `select version, coalesce(minor, 0) from schema_version;
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), pg_relation_size(c.oid) > 0 from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.oid in (to_regclass('lease4'), to_regclass('lease6'), to_regclass('lease6_relay_id'), to_regclass('lease6_remote_id'),
	to_regclass('lease4_pool_stat'), to_regclass('lease6_pool_stat'), to_regclass('lease4_stat_by_client_class'), to_regclass('lease6_stat_by_client_class'),
	to_regclass('logs'), to_regclass('kea_history.state'), to_regclass('kea_history.missed'), to_regclass('kea_history.lease_event')) and a.attnum > 0 and not a.attisdropped
order by c.relname, a.attnum;
select c.relname, t.tgname, t.tgenabled = 'A' from pg_trigger t join pg_class c on c.oid = t.tgrelid
where c.oid in (to_regclass('lease4'), to_regclass('lease6')) and not t.tgisinternal and t.tgenabled in ('O', 'A')
	and (t.tgname ~ '^(lease[46]_a(ins|upd|del)|stat_lease[46]_(insert|update|delete))$' or t.tgname = '` + historyTrigger + `')
order by c.relname, t.tgname`

// markSQL tells where From's transactions are, and how old one is for as long as this transaction runs.
const markSQL = `select pg_snapshot_xmin(pg_current_snapshot()), pg_snapshot_xmax(pg_current_snapshot()), extract(epoch from pg_postmaster_start_time())::bigint, age('%d'::xid)`

// look begins the transaction in which From is read, and learns what both databases have.
func (p *passage) look(ctx context.Context, since Mark) error {
	there := make(chan error, 1)
	go func() { there <- p.lookAtTo(ctx) }()
	if err := errors.Join(p.lookAtFrom(ctx, since), <-there); err != nil {
		return err
	}
	p.gap = historyGap(p.from.history, p.to.history, p.Subnets != nil)
	return p.same()
}

func (p *passage) lookAtFrom(ctx context.Context, since Mark) error {
	return p.From.call("carry look", "look at the leases of "+p.From.target.String(), func() error {
		sets, err := p.From.script(ctx, "begin isolation level repeatable read read only; "+unboundedSQL+"; "+fmt.Sprintf(markSQL, uint32(since.xid))+"; "+carriedSQL)
		if err != nil {
			return err
		}
		var t texts
		row := sets[1].Rows[0]
		p.mark = Mark{xid: t.uint(row[0]), server: t.int(row[2])}
		p.all, p.age = !since.tells(p.mark, t.uint(row[1])), t.int(row[3])
		p.from = t.carried(sets[2:])
		if t.err != nil {
			return t.err
		}
		return p.From.lookAtHistory(ctx, &p.from)
	})
}

func (p *passage) lookAtTo(ctx context.Context) error {
	return p.To.call("carry look", "look at the leases of "+p.To.target.String(), func() error {
		sets, err := p.To.script(ctx, carriedSQL)
		if err != nil {
			return err
		}
		var t texts
		p.to = t.carried(sets)
		if t.err != nil {
			return t.err
		}
		return p.To.lookAtHistory(ctx, &p.to)
	})
}

// end ends the transaction in which From was read.
func (p *passage) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = p.From.call("carry end", "end the reading of "+p.From.target.String(), func() error {
		if p.From.conn.IsClosed() {
			return nil
		}
		_, err := p.From.script(ctx, "rollback")
		return err
	})
}

// same returns ErrSchemaDiffers unless rows of one database fit the other.
func (p *passage) same() error {
	if p.from.schema != p.to.schema {
		return fail(p.doing(), fmt.Errorf("%w: %s and %s", ErrSchemaDiffers, p.from.schema, p.to.schema))
	}
	for _, table := range []string{"lease4", "lease6", "lease6_relay_id", "lease6_remote_id"} {
		if !slices.Equal(p.from.columns[table], p.to.columns[table]) {
			return fail(p.doing(), fmt.Errorf("%w: the table %s is not the same", ErrSchemaDiffers, table))
		}
	}
	return nil
}

// tells reports whether a mark tells which rows changed since: now is the mark now, and next the server's next transaction.
//
// A row has the lower half of its transaction's number, also long after that counts as frozen. When the numbers have gone
// round, old rows may be taken for new ones, but no new one for an old one, unless the mark itself is half a round old.
func (m Mark) tells(now Mark, next uint64) bool {
	const half = 1 << 31
	return m != (Mark{}) && m.server == now.server && m.xid <= next && next-m.xid < half
}

// rows is a table of From, or what of it is to be read. That is a query by itself, so that nothing else is asked of a row
// that did not change: the table is read whole, while service pauses.
func (p *passage) rows(table string) string {
	if p.all {
		return table
	}
	return fmt.Sprintf("(select * from %s where age(xmin) <= %d offset 0)", table, p.age)
}

// script runs statements without parameters in one round trip, and returns what each of those that select or fetch returned.
func (db *DB) script(ctx context.Context, sql string) ([]*pgconn.Result, error) {
	results, err := db.conn.PgConn().Exec(ctx, sql).ReadAll()
	if ctx.Err() != nil {
		db.settle()
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(results, func(r *pgconn.Result) bool {
		return !r.CommandTag.Select() && !strings.HasPrefix(r.CommandTag.String(), "FETCH")
	}), nil
}

// texts reads values in PostgreSQL's text format; nil, the null, is read as the zero value. It keeps the first error.
type texts struct{ err error }

func (t *texts) int(b []byte) int64 {
	if b == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil && t.err == nil {
		t.err = errMalformed()
	}
	return n
}

func (t *texts) uint(b []byte) uint64 {
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil && t.err == nil {
		t.err = errMalformed()
	}
	return n
}

func (*texts) bool(b []byte) bool { return string(b) == "t" }

// carried reads the answers to carriedSQL.
func (t *texts) carried(sets []*pgconn.Result) carried {
	c := carried{columns: map[string][]tableColumn{}, used: map[string]bool{}}
	if len(sets) != 3 || len(sets[0].Rows) != 1 {
		t.err = &refusal{"the table schema_version is empty", ErrNoSchema}
		return c
	}
	version := sets[0].Rows[0]
	c.schema = Schema{Version: int(t.int(version[0])), Minor: int(t.int(version[1]))}
	for _, row := range sets[1].Rows {
		table := string(row[0])
		c.columns[table] = append(c.columns[table], tableColumn{string(row[1]), string(row[2])})
		c.used[table] = t.bool(row[3])
	}
	for _, row := range sets[2].Rows {
		c.triggers = append(c.triggers, tableTrigger{table: string(row[0]), name: string(row[1]), always: t.bool(row[2])})
	}
	return c
}

// list joins names for SQL.
func list(prefix string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return prefix + strings.Join(names, ", "+prefix)
}
