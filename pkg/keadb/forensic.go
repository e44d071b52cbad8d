package keadb

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// LogEntry is a line of the forensic log that Kea's hook legal_log writes.
type LogEntry struct {
	Time    time.Time // when it was written, by the database's clock
	Address string    // as the hook wrote it
	Text    string
}

// LogFilter chooses entries: those of any of the addresses, and those with any of the texts in them.
type LogFilter struct {
	Addresses []netip.Addr
	Contains  []string // case does not matter; with them every entry between the times is read
	// Since and Until bound the time; zero: no bound.
	Since, Until time.Time
	Limit        int // 0: 100
}

// ForensicLog reads the table logs, newest first. It is empty, without an error, where there is no such table or nobody
// writes it: most deployments.
func (db *DB) ForensicLog(ctx context.Context, f LogFilter) ([]LogEntry, error) {
	entries, err := collect(ctx, db, "forensic log", "read the forensic log of", logQuery(f), func(d *decoder, v [][]byte) LogEntry {
		return LogEntry{Time: d.time(v[0]), Address: string(v[1]), Text: string(v[2])}
	})
	var said *pgconn.PgError
	if errors.As(err, &said) && said.Code == "42P01" {
		return nil, nil
	}
	return entries, err
}

func logQuery(f LogFilter) reading {
	var r reading
	var parts, all []string
	if len(f.Addresses) > 0 {
		parts = append(parts, "address = any("+param(&r.args, array(f.Addresses), "varchar[]")+")")
	}
	for _, text := range f.Contains {
		parts = append(parts, "strpos(lower(log), lower("+param(&r.args, text, "text")+")) > 0")
	}
	if len(parts) > 0 {
		all = append(all, "("+strings.Join(parts, " or ")+")")
	}
	if !f.Since.IsZero() {
		all = append(all, `"timestamp" >= `+param(&r.args, timestamp(f.Since), "timestamptz"))
	}
	if !f.Until.IsZero() {
		all = append(all, `"timestamp" < `+param(&r.args, timestamp(f.Until), "timestamptz"))
	}
	where := ""
	if len(all) > 0 {
		where = " where " + strings.Join(all, " and ")
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	r.sql = `select "timestamp", address, log from logs` + where + ` order by "timestamp" desc nulls last limit ` + param(&r.args, fmt.Sprint(limit), "bigint")
	return r
}
