//go:build e2e

package keadb

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// 60,000 leases of each family in 60 subnets: what the planner decides on.
const (
	many4 = `insert into lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, hostname, state)
	select 167772160 + n, decode(lpad(to_hex(n % 250), 2, '0') || lpad(to_hex(n), 10, '0'), 'hex'), decode('01' || lpad(to_hex(n), 12, '0'), 'hex'), case n % 3 when 0 then 3600 when 1 then 7200 else 604800 end,
		now() + n * interval '1 second', n % 60, 'host' || n || '.example.org', case when n % 1000 = 0 then 1 else 0 end from generate_series(0, 59999) n order by random()`
	many6 = `insert into lease6 (address, duid, valid_lifetime, expire, subnet_id, pref_lifetime, lease_type, iaid, prefix_len, hostname, state, hwaddr)
	select CAST, decode('0003000102' || lpad(to_hex(n), 10, '0'), 'hex'), 3600, now() + n * interval '1 second', n % 60, 1800, case when n >= 50000 then 2 else 0 end, n,
		case when n >= 50000 then 64 else 128 end, 'six' || n || '.example.org', 0, decode('02' || lpad(to_hex(n), 10, '0'), 'hex') from generate_series(0, 59999) n order by random()`
)

// plan returns how the server would run what a filter makes.
func plan(t *testing.T, db *DB, family Family, f LeaseFilter) string {
	t.Helper()
	q, _ := familyQuery(family, f, *db.schema)
	batch := new(pgconn.Batch)
	batch.ExecParams("explain "+q.sql, q.args, nil, nil, nil)
	results, err := db.conn.PgConn().ExecBatch(t.Context(), batch).ReadAll()
	if err != nil {
		t.Fatalf("%v\n%s", err, q.sql)
	}
	var lines []string
	for _, row := range results[0].Rows {
		lines = append(lines, string(row[0]))
	}
	return strings.Join(lines, "\n")
}

func TestIndexes(t *testing.T) {
	owner := scratch(t)
	empty := func() { exec(t, owner, "truncate lease4; truncate lease6 cascade; analyze lease4; analyze lease6") }
	db := connect(t, target(t))
	clock, err := db.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	address := "('2001:db8::' || to_hex(n / 10000) || ':' || to_hex(n % 10000))"
	if clock.Schema.Version >= inetColumn {
		address += "::inet"
	}
	many := strings.Replace(many6, "CAST", address, 1)
	for _, sql := range []string{
		"begin", "alter table lease4 disable trigger user", "alter table lease6 disable trigger user", many4, many, "alter table lease4 enable trigger user",
		"alter table lease6 enable trigger user", "commit", "analyze lease4", "analyze lease6",
	} {
		exec(t, owner, sql)
	}
	defer empty()
	at := func(text string) []AddressRange {
		a := netip.MustParseAddr(text)
		return []AddressRange{{a, a}}
	}
	mac, now := []byte{7, 0, 0, 0, 1, 1}, clock.Now
	tests := map[string]struct {
		family Family
		f      LeaseFilter
		want   string // the index; "" for none
	}{
		"address":         {IPv4, LeaseFilter{Ranges: at("10.0.3.7")}, "lease4_pkey"},
		"range":           {IPv4, LeaseFilter{Ranges: []AddressRange{{netip.MustParseAddr("10.0.3.0"), netip.MustParseAddr("10.0.3.255")}}}, "lease4_pkey"},
		"MAC":             {IPv4, LeaseFilter{HWAddr: mac}, "lease4_by_hwaddr_subnet_id"},
		"MAC and subnet":  {IPv4, LeaseFilter{HWAddr: mac, Subnets: []uint32{17}}, "lease4_by_hwaddr_subnet_id"},
		"how MACs begin":  {IPv4, LeaseFilter{HWAddr: mac[:4], HWPrefix: true}, "lease4_by_hwaddr_subnet_id"},
		"client id":       {IPv4, LeaseFilter{ClientID: []byte{1, 0, 0, 0, 0, 1, 1}}, "lease4_by_client_id_subnet_id"},
		"client, subnet":  {IPv4, LeaseFilter{ClientID: []byte{1, 0, 0, 0, 0, 1, 1}, Subnets: []uint32{17}}, "lease4_by_client_id_subnet_id"},
		"subnet":          {IPv4, LeaseFilter{Subnets: []uint32{17}, Limit: 50, Order: ByCLTT, Descending: true}, "lease4_by_subnet_id"},
		"host name":       {IPv4, LeaseFilter{Hostname: "Host17.example.org"}, "lease4_by_hostname"},
		"declined":        {IPv4, LeaseFilter{States: []LeaseState{Declined}}, "lease4_by_state_expire"},
		"expired":         {IPv4, LeaseFilter{States: []LeaseState{Expired}, At: now}, "lease4_by_state_expire"},
		"seen":            {IPv4, LeaseFilter{SeenSince: now.Add(-10 * time.Second), Lifetimes: []uint32{3600, 7200, 604800}, Order: ByCLTT, Limit: 100}, "lease4_by_state_expire"},
		"first addresses": {IPv4, LeaseFilter{Limit: 100}, "lease4_pkey"},
		"part of a name":  {IPv4, LeaseFilter{Hostname: "%17%", HostnameBy: HostnameLike}, ""},
		"newest":          {IPv4, LeaseFilter{Order: ByCLTT, SeenSince: now.Add(-time.Hour), Limit: 100}, ""},
		"IPv6 address":    {IPv6, LeaseFilter{Ranges: at("2001:db8::3:7")}, "lease6_pkey"},
		"DUID":            {IPv6, LeaseFilter{DUID: []byte{0, 3, 0, 1, 2, 0, 0, 0, 1, 1}}, "lease6_by_duid_iaid_subnet_id"},
		"IPv6 subnet":     {IPv6, LeaseFilter{Subnets: []uint32{17}}, "lease6_by_subnet_id"},
		"IPv6 host name":  {IPv6, LeaseFilter{Hostname: "six17.example.org"}, "lease6_by_hostname"},
		"IPv6 MAC":        {IPv6, LeaseFilter{HWAddr: mac}, ""},
	}
	for name, tt := range tests {
		got := plan(t, db, tt.family, tt.f)
		// An index may also be read from end to end, for its order: that is a scan, without a condition.
		if all := strings.Contains(got, "Seq Scan") || !strings.Contains(got, "Index Cond") && tt.f.Limit == 0; all != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: want %q:\n%s", name, tt.want, got)
		}
		if Scans(tt.family, tt.f) != (tt.want == "") {
			t.Errorf("%s: Scans is %v", name, tt.want != "")
		}
	}
}
