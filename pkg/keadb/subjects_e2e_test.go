//go:build e2e

package keadb

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCountLeases(t *testing.T) {
	db := fixture(t)
	tests := map[Family][]LeaseTotal{
		IPv4: {
			{fixtureSubnet, TypeV4, 0, 2, 1},
			{fixtureSubnet, TypeV4, 1, 1, 0},
			{fixtureSubnet, TypeV4, 2, 1, 0},
			{fixtureSubnet + 1, TypeV4, 0, 2, 0},
			{fixtureSubnet + 2, TypeV4, 0, 2, 0},
		},
		IPv6: {{fixtureSubnet, TypeNA, 0, 2, 0}, {fixtureSubnet + 1, TypeTA, 1, 1, 0}, {fixtureSubnet + 1, TypePD, 0, 1, 0}},
	}
	for family, want := range tests {
		got, err := db.CountLeases(t.Context(), family)
		if err != nil {
			t.Fatal(err)
		}
		got = slices.DeleteFunc(got, func(c LeaseTotal) bool { return c.SubnetID < fixtureSubnet || c.SubnetID > fixtureSubnet+2 })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("IPv%d: %s", family, diff)
		}
	}
}

func pool(first, last string, prefixes bool) Pool {
	return Pool{netip.MustParseAddr(first), netip.MustParseAddr(last), prefixes}
}

func TestCountLeasesIn(t *testing.T) {
	db := fixture(t)
	pools := []Pool{
		pool("198.51.100.1", "198.51.100.3", false), pool("2001:db8:ffff::", "2001:db8:ffff:ffff::", false), pool("198.51.100.5", "198.51.100.5", false),
		pool("2001:db8:ffff::", "2001:db8:ffff:ffff::", true), pool("198.51.100.9", "198.51.100.1", false),
		{},
	}
	for family, want := range map[Family][]PoolTotal{
		IPv4: {{2, 1}, {}, {1, 0}, {}, {}, {}},
		IPv6: {{}, {2, 1}, {}, {1, 0}, {}, {}},
	} {
		got, err := db.CountLeasesIn(t.Context(), family, pools)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("IPv%d: got %v, %v, want %v", family, got, err, want)
		}
	}
	if got, err := db.CountLeasesIn(t.Context(), IPv4, nil); err != nil || len(got) != 0 {
		t.Errorf("no pools: got %v, %v", got, err)
	}
}

func TestLifetimes(t *testing.T) {
	db := fixture(t)
	got, err := db.Lifetimes(t.Context(), IPv4)
	if want := []uint32{600, 3600, 7200, 86400, Infinite}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// hosts fills the tables of reservations for one test.
func hosts(t *testing.T) {
	t.Helper()
	db := scratch(t)
	empty := func() {
		if _, err := db.conn.Exec(context.Background(), "delete from hosts where host_id >= 900001"); err != nil {
			t.Error(err)
		}
	}
	empty()
	t.Cleanup(empty)
	exec(t, db, `insert into hosts (host_id, dhcp_identifier, dhcp_identifier_type, dhcp4_subnet_id, dhcp6_subnet_id, ipv4_address, hostname, dhcp4_client_classes, user_context) values
		(900001, '\x02005e000001', 0, 4294967200, null, 3325256705, 'Printer', 'a,b', '{"x": 1}'),
		(900002, '\x00030001aa01', 1, null, 4294967200, null, null, null, null),
		(900003, '\x0102005e000001', 3, 0, null, 3325256706, '', null, null),
		(900004, '\x02005e000004', 0, 4294967200, null, 3325256705, null, null, null)`)
	exec(t, db, `insert into ipv6_reservations (address, prefix_len, type, dhcp6_iaid, host_id) values
		('2001:db8:ffff::2', 128, 0, null, 900002), ('2001:db8:ffff:8000::', 50, 2, null, 900002)`)
}

func TestHosts(t *testing.T) {
	hosts(t)
	db := connect(t, target(t))
	addr, id := netip.MustParseAddr, func(n uint32) *uint32 { return &n }
	printer := Host{
		ID: 900001, Type: ByHWAddress, Identifier: []byte{2, 0, 0x5e, 0, 0, 1}, Subnet4: id(fixtureSubnet), Address4: addr("198.51.100.1"), Hostname: "Printer",
		Classes4: []string{"a", "b"}, UserContext: `{"x": 1}`,
	}
	six := Host{
		ID: 900002, Type: ByDUID, Identifier: []byte{0, 3, 0, 1, 0xaa, 1}, Subnet6: id(fixtureSubnet),
		Reserved6: []Reserved6{{TypeNA, netip.MustParsePrefix("2001:db8:ffff::2/128")}, {TypePD, netip.MustParsePrefix("2001:db8:ffff:8000::/50")}},
	}
	global := Host{ID: 900003, Type: ByClientID, Identifier: []byte{1, 2, 0, 0x5e, 0, 0, 1}, Subnet4: id(0), Address4: addr("198.51.100.2")}
	twin := Host{ID: 900004, Type: ByHWAddress, Identifier: []byte{2, 0, 0x5e, 0, 0, 4}, Subnet4: id(fixtureSubnet), Address4: addr("198.51.100.1")}
	tests := map[string]struct {
		f    HostFilter
		want []Host
	}{
		"all":             {HostFilter{}, []Host{printer, six, global, twin}},
		"an address":      {HostFilter{Addresses: []netip.Addr{addr("198.51.100.1")}}, []Host{printer, twin}},
		"an IPv6 address": {HostFilter{Addresses: []netip.Addr{addr("2001:db8:ffff::2")}}, []Host{six}},
		"in a prefix":     {HostFilter{Addresses: []netip.Addr{addr("2001:db8:ffff:bfff::1")}}, []Host{six}},
		"behind it":       {HostFilter{Addresses: []netip.Addr{addr("2001:db8:ffff:c000::")}}, nil},
		"a client":        {HostFilter{Identifiers: [][]byte{{0, 3, 0, 1, 0xaa, 1}, {1, 2, 0, 0x5e, 0, 0, 1}}}, []Host{six, global}},
		"or":              {HostFilter{Hostname: "PRINTER", Subnets4: []uint32{0}}, []Host{printer, global}},
		"a subnet":        {HostFilter{Subnets6: []uint32{fixtureSubnet}}, []Host{six}},
		"a limit":         {HostFilter{Limit: 2}, []Host{printer, six}},
	}
	for name, tt := range tests {
		got, err := db.Hosts(t.Context(), tt.f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	exec(t, db, "set search_path = pg_catalog")
	if _, err := db.Hosts(t.Context(), HostFilter{}); !errors.Is(err, ErrNoSchema) {
		t.Errorf("got %v, want ErrNoSchema", err)
	}
}

func TestForensicLog(t *testing.T) {
	db, other := connect(t, target(t)), scratch(t)
	if got, err := db.ForensicLog(t.Context(), LogFilter{}); err != nil || len(got) != 0 {
		t.Fatalf("an empty log: got %v, %v", got, err)
	}
	exec(t, other, `insert into logs values ('2026-01-01T10:00:00Z', '198.51.100.1', 'Address: 198.51.100.1 has been assigned to 02:00:5E:00:00:01'),
		('2026-01-01T11:00:00Z', '2001:db8::1', 'to 02:00:5e:00:00:01 50%'), ('2026-01-01T12:00:00Z', null, 'else')`)
	t.Cleanup(func() { _, _ = other.conn.Exec(context.Background(), "delete from logs") })
	at := func(hour int) time.Time { return time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC) }
	for name, tt := range map[string]struct {
		f    LogFilter
		want []int // hours
	}{
		"all":           {LogFilter{}, []int{12, 11, 10}},
		"a limit":       {LogFilter{Limit: 1}, []int{12}},
		"an address":    {LogFilter{Addresses: []netip.Addr{netip.MustParseAddr("2001:db8::1")}}, []int{11}},
		"a text":        {LogFilter{Contains: []string{"02:00:5e:00:00:01"}}, []int{11, 10}},
		"a sign":        {LogFilter{Contains: []string{"%"}}, []int{11}},
		"either":        {LogFilter{Addresses: []netip.Addr{netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("2001:db8::9")}, Contains: []string{"else"}}, []int{12, 10}},
		"between times": {LogFilter{Since: at(11), Until: at(12)}, []int{11}},
	} {
		got, err := db.ForensicLog(t.Context(), tt.f)
		var hours []int
		for _, e := range got {
			hours = append(hours, e.Time.Hour())
		}
		if err != nil || !slices.Equal(hours, tt.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, tt.want)
		}
	}
	exec(t, db, "set search_path = pg_catalog")
	if got, err := db.ForensicLog(t.Context(), LogFilter{}); err != nil || got != nil {
		t.Errorf("no table: got %v, %v", got, err)
	}
}
