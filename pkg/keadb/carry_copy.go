package keadb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// clocks is how far the clocks may be apart of the servers that wrote the leases and the one whose time Since is. A row too
// many is left alone in To.
const clocks = 5 * time.Minute

// cltt is when a lease's client was last seen, of a row; times explains it.
func cltt(row string) string {
	return fmt.Sprintf("case when %[1]s.valid_lifetime = %[2]d then %[1]s.expire else %[1]s.expire - %[1]s.valid_lifetime * interval '1 second' end", row, Infinite)
}

// stillValid is the condition for the leases of a table that count: in use, declined or registered, and not expired.
func stillValid(row string) string {
	return fmt.Sprintf("%[1]s.state in (0, 1, 4) and (%[1]s.expire > now() or %[1]s.valid_lifetime = %[2]d)", row, Infinite)
}

// seenAfter is the condition for the leases of clients that were seen after a moment. Its first part is cheap.
func seenAfter(row string, moment time.Time) string {
	at := literal(moment)
	return fmt.Sprintf("%s.expire > %s and %s > %s", row, at, cltt(row), at)
}

// literal is a moment for SQL.
func literal(moment time.Time) string { return "timestamptz '" + timestamp(moment) + "'" }

// in is the condition for the leases of some subnets; nil: all.
func in(row string, subnets []uint32) string {
	if subnets == nil {
		return "true"
	}
	return fmt.Sprintf("%s.subnet_id = any('%s'::bigint[])", row, array(subnets))
}

// stage is a table of From of which some rows come to a table of To that lives as long as the session.
type stage struct {
	name, table, staging string
	columns              []string
	query                string
	leases               bool
}

// families are those that are carried.
func (c *Carry) families() []Family {
	return slices.DeleteFunc([]Family{IPv4, IPv6}, func(f Family) bool {
		_, wanted := c.Subnets[f]
		return c.Subnets != nil && !wanted
	})
}

// stages are the tables to be read, leases first.
func (p *passage) stages() []stage {
	var all []stage
	for _, family := range p.families() {
		table := fmt.Sprintf("lease%d", family)
		where := p.wanted("l", family)
		all = append(all, stage{
			name: fmt.Sprintf("IPv%d leases", family), table: table, staging: staging(table), columns: p.to.names(table), leases: true,
			query: "select " + strings.ReplaceAll(list("l.", p.to.names(table)), "l.expire", "date_trunc('second', l.expire)") + " from " + p.rows(table) + " l where " + where,
		})
		if family == IPv4 {
			continue
		}
		for _, name := range extendedInfo() {
			if p.from.used[name] {
				all = append(all, stage{
					name: "relay information of IPv6 leases", table: name, staging: staging(name), columns: extendedColumns(name),
					query: "select " + list("i.", extendedColumns(name)) + " from " + name + " i join " + p.rows(table) + " l on l.address = i.lease_addr where " + where,
				})
			}
		}
	}
	return append(all, p.eventStage()...)
}

// extendedInfo are the tables with what relays said of DHCPv6 leases; those of Kea 2.2 are not there.
func extendedInfo() []string { return []string{"lease6_relay_id", "lease6_remote_id"} }

// extendedColumns are those without the row's number, which is of no meaning elsewhere.
func extendedColumns(table string) []string {
	return []string{strings.TrimPrefix(table, "lease6_"), "lease_addr"}
}

func staging(table string) string { return "pg_temp.kea_carry_" + table }

// wanted is the condition for the leases of From that are carried.
func (p *passage) wanted(row string, family Family) string {
	return stillValid(row) + " and " + seenAfter(row, p.Since.Add(-clocks)) + " and " + in(row, p.Subnets[family])
}

// prepare makes the tables that the rows come to. They are the session's own: a kill leaves nothing behind.
func (p *passage) prepare(ctx context.Context, stages []stage) error {
	return p.To.call("carry prepare", "make temporary tables in "+p.To.target.String(), func() error {
		var sql strings.Builder
		sql.WriteString("begin")
		for _, s := range stages {
			fmt.Fprintf(&sql, "; create temp table if not exists %s as select %s from %s with no data; truncate %s",
				strings.TrimPrefix(s.staging, "pg_temp."), list("", s.columns), qualified(s.table), s.staging)
		}
		sql.WriteString("; commit")
		_, err := p.To.script(ctx, sql.String())
		return p.To.undo(ctx, err)
	})
}

// copy has rows flow from one database into the other; none is held here.
func (p *passage) copy(ctx context.Context, s stage) error {
	columns := strings.Join(s.columns, ", ")
	r, w := io.Pipe()
	staged := make(chan error, 1)
	go func() {
		err := p.To.call("carry stage", "write the "+s.name+" to a temporary table in "+p.To.target.String(), func() error {
			_, err := p.To.conn.PgConn().CopyFrom(ctx, r, fmt.Sprintf("copy %s (%s) from stdin (format binary)", s.staging, columns))
			return err
		})
		_ = r.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		staged <- err
	}()
	var rows int64
	readErr := p.From.call("carry read", "read the "+s.name+" of "+p.From.target.String(), func() error {
		// Every row comes by itself: they are sent on in bigger pieces.
		buffered := bufio.NewWriterSize(w, 64<<10)
		tag, err := p.From.conn.PgConn().CopyTo(ctx, buffered, "copy ("+s.query+") to stdout (format binary)")
		rows = tag.RowsAffected()
		if err == nil {
			err = buffered.Flush()
		}
		return err
	})
	_ = w.CloseWithError(readErr)
	stagedErr := <-staged
	if readErr == nil || stagedErr != nil && errors.Is(readErr, stagedErr) {
		readErr = stagedErr
	}
	if readErr != nil {
		return readErr
	}
	p.staged[s.table] = rows
	if s.leases {
		p.done.Read += rows
	}
	return nil
}

// undo ends a transaction that failed.
func (db *DB) undo(ctx context.Context, err error) error {
	if err != nil && !db.conn.IsClosed() {
		_, _ = db.script(context.WithoutCancel(ctx), "rollback")
	}
	return err
}
