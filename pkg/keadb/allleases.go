package keadb

import (
	"context"
	"strings"
)

// AllLeases is Leases over both families in one order: that of f4, with f4's direction and limit.
func (db *DB) AllLeases(ctx context.Context, f4, f6 LeaseFilter, yield func(*Lease) error) error {
	return db.leases(ctx, "IPv4 and IPv6", func(s Schema) (leaseQuery, bool) { return allQuery(f4, f6, s) }, yield)
}

// allQuery is the statement of AllLeases.
func allQuery(f4, f6 LeaseFilter, s Schema) (leaseQuery, bool) {
	f6.Order, f6.Descending, f6.Limit = f4.Order, f4.Descending, f4.Limit
	var q leaseQuery
	c4, c6 := newConditions(f4, IPv4, s, &q.args), newConditions(f6, IPv6, s, &q.args)
	switch {
	case c4.none:
		return familyQuery(IPv6, f6, s)
	case c6.none:
		return familyQuery(IPv4, f4, s)
	}
	limit := q.limit(f4.Limit)
	part := func(table, address string, c *conditions, sql func(merged) string) string {
		list := make([]string, 0, len(mergedColumns(s)))
		for _, m := range mergedColumns(s) {
			list = append(list, sql(m)+" as "+m.name)
		}
		sorted := ""
		if limit != "" {
			sorted = order(f4, address) + limit
		}
		return "(select " + strings.Join(list, ", ") + "\nfrom " + table + c.where() + sorted + ")"
	}
	for _, m := range mergedColumns(s) {
		q.columns = append(q.columns, m.column)
	}
	q.sql = "select * from (" + part("lease4", "lease4.address", c4, func(m merged) string { return m.four }) + "\nunion all\n" +
		part("lease6", "lease6.address::inet", c6, func(m merged) string { return m.six }) + ") as leases" + order(f4, "address") + limit
	return q, true
}

// merged is a column that both tables are made to have.
type merged struct {
	column
	four, six string // how each table has it
}

// mergedColumns are the columns of both tables, with nulls where one has none.
func mergedColumns(s Schema) []merged {
	addressed := columns6(Schema{Version: inetColumn})
	out := []merged{
		{addressed[0], "'0.0.0.0'::inet + lease4.address", "lease6.address::inet"},
		{addressed[1], "-1::smallint", "lease_type"},
		{addressed[2], "32::smallint", "prefix_len"},
		{addressed[3], "hwaddr", "hwaddr"},
		{addressed[4], "null::bytea", "duid"},
		{addressed[5], "null::integer", "iaid"},
		{addressed[6], "null::bigint", "pref_lifetime"},
		{column{"client_id", func(d *decoder, l *Lease, v []byte) { l.ClientID = d.octets(v) }}, "client_id", "null::bytea"},
	}
	for _, c := range commonColumns(s) {
		out = append(out, merged{c, c.name, c.name})
	}
	if s.Version >= relayColumns {
		out = append(out, merged{relayIDColumn(), "relay_id", "null::bytea"}, merged{remoteIDColumn(), "remote_id", "null::bytea"})
	}
	return out
}
