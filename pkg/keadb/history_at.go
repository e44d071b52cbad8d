package keadb

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// pastSchema is the schema whose columns the leases of a past moment have, whatever the database's own.
const pastSchema = inetColumn

// LeasesAt is Leases as they were at a moment: of each address what stood in its row before the first event after that,
// or what stands there now when there was none. That is right for moments from History.Since on, as long as the history is complete: the
// caller must see to it. It costs what happened between then and now, and Kea's whole table.
func (db *DB) LeasesAt(ctx context.Context, at time.Time, family Family, f LeaseFilter, yield func(*Lease) error) error {
	return db.past(ctx, at, fmt.Sprintf("IPv%d", family), func(s Schema) (leaseQuery, bool) { return familyQuery(family, f, s) }, yield)
}

// AllLeasesAt is AllLeases as they were at a moment. See LeasesAt.
func (db *DB) AllLeasesAt(ctx context.Context, at time.Time, f4, f6 LeaseFilter, yield func(*Lease) error) error {
	return db.past(ctx, at, "IPv4 and IPv6", func(s Schema) (leaseQuery, bool) { return allQuery(f4, f6, s) }, yield)
}

// past runs a statement on tables of the past, which stand before it under the names of Kea's own.
func (db *DB) past(ctx context.Context, at time.Time, what string, compose func(Schema) (leaseQuery, bool), yield func(*Lease) error) error {
	return db.leases(ctx, what+" past", func(s Schema) (leaseQuery, bool) {
		q, some := compose(Schema{Version: pastSchema})
		if !some {
			return q, false
		}
		moment := param(&q.args, timestamp(at), "timestamptz")
		q.sql = "with " + past4(s, moment) + ",\n" + past6(s, moment) + "\n" + q.sql
		return q, true
	}, yield)
}

// pastColumn is a column of a past lease table: from an event, and from Kea's own table; version is the schema it came with.
type pastColumn struct {
	name, event, now string
	version          int
}

// pastColumns are those that both tables have.
func pastColumns() []pastColumn {
	return []pastColumn{
		{"hwaddr", "hwaddr", "hwaddr", 0},
		{"valid_lifetime", "was_valid_lifetime", "valid_lifetime", 0},
		{"expire", "was_expire", "expire", 0},
		{"subnet_id", "subnet_id", "subnet_id", 0},
		{"fqdn_fwd", "fqdn_fwd", "fqdn_fwd", 0},
		{"fqdn_rev", "fqdn_rev", "fqdn_rev", 0},
		{"hostname", "hostname", "hostname", 0},
		{"state", "was_state::bigint", "state", 0},
		{"user_context", "user_context", "user_context", 0},
		{"pool_id", "coalesce(pool_id, 0)", "pool_id", poolColumn},
	}
}

// past4 makes lease4 as it was at a moment.
func past4(s Schema, moment string) string {
	return pastTable(s, moment, "lease4", "type = -1", "'0.0.0.0'::inet + t.address", append([]pastColumn{
		{"address", "address - '0.0.0.0'::inet", "address", 0},
		{"client_id", "client", "client_id", 0},
		{"relay_id", "relay_id", "relay_id", relayColumns},
		{"remote_id", "remote_id", "remote_id", relayColumns},
	}, pastColumns()...))
}

// past6 makes lease6 as it was at a moment.
func past6(s Schema, moment string) string {
	return pastTable(s, moment, "lease6", "type <> -1", "set_masklen(t.address::inet, case when t.lease_type = 2 then t.prefix_len::integer else 128 end)", append([]pastColumn{
		{"address", "set_masklen(address, 128)", "address::inet", 0},
		{"lease_type", "type", "lease_type", 0},
		{"prefix_len", "masklen(address)::smallint", "prefix_len", 0},
		{"duid", "client", "duid", 0},
		{"iaid", "iaid", "iaid", 0},
		{"pref_lifetime", "was_preferred", "pref_lifetime", 0},
	}, pastColumns()...))
}

// pastTable is a table as it was: of each address the row before its first event after the moment, then the rows without
// such an event. An event that begins with no row before it (I) says that there was none; the new half of a pair (N, C)
// says nothing that the old half does not.
func pastTable(s Schema, moment, table, events, address string, columns []pastColumn) string {
	var names, before, now []string
	for _, c := range columns {
		names, before = append(names, c.name), append(before, c.event)
		if c.version > s.Version {
			now = append(now, map[string]string{"pool_id": "0::bigint"}[c.name])
			if now[len(now)-1] == "" {
				now[len(now)-1] = "null::bytea"
			}
			continue
		}
		now = append(now, "t."+c.now)
	}
	bound := strings.ReplaceAll(boundSQL, "$1::timestamptz", moment)
	return fmt.Sprintf(`%[1]s_after as materialized (select distinct on (address) * from kea_history.lease_event
	where %[2]s and op not in ('N', 'C') and at > %[3]s and id >= (%[4]s) order by address, id),
%[1]s (%[5]s) as (
	select %[6]s from %[1]s_after where op <> 'I'
	union all
	select %[7]s from %[1]s t where not exists (select from %[1]s_after a where a.address = %[8]s))`,
		table, events, moment, bound, strings.Join(names, ", "), strings.Join(before, ", "), strings.Join(now, ", "), address)
}
