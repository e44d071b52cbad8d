package keadb

import (
	"context"
	"net/netip"
	"strconv"
	"time"
)

// LogLine is a row of Kea's forensic log.
type LogLine struct {
	Time    time.Time
	Address netip.Addr
	Text    string
}

// Logs reads what the forensic log (table logs, of Kea's hook legal_log) says of addresses between two moments, the
// youngest lines up to a limit, oldest first. A database without that table has none.
func (db *DB) Logs(ctx context.Context, addresses []netip.Addr, since, until time.Time, limit int) ([]LogLine, error) {
	var found []LogLine
	err := db.call("forensic log", "read the forensic log in "+db.target.String(), func() error {
		there := false
		err := db.read(ctx, reading{sql: "select to_regclass('logs') is not null"}, func(v [][]byte) error {
			var d decoder
			there = d.bool(v[0])
			return d.err
		})
		if err != nil || !there || len(addresses) == 0 {
			return err
		}
		var r reading
		r.sql = `select * from (select timestamp, address, log from logs where address = any(` + param(&r.args, array(addresses), "varchar[]") + ")"
		if !since.IsZero() {
			r.sql += " and timestamp >= " + param(&r.args, timestamp(since), "timestamptz")
		}
		if !until.IsZero() {
			r.sql += " and timestamp < " + param(&r.args, timestamp(until), "timestamptz")
		}
		r.sql += " order by timestamp desc limit " + param(&r.args, strconv.Itoa(limit), "bigint") + ") as youngest order by timestamp"
		return db.read(ctx, r, func(v [][]byte) error {
			var d decoder
			found = append(found, LogLine{Time: d.time(v[0]), Address: d.addr(v[1]), Text: string(v[2])})
			return d.err
		})
	})
	return found, err
}
