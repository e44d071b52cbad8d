//go:build e2e

package keadb

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// read returns the leases of a family that a filter takes, as resources: 1 is 198.51.100.1, the others are in full.
func read(t *testing.T, db *DB, family Family, f LeaseFilter) []string {
	t.Helper()
	if f.Subnets == nil {
		f.Subnets = []uint32{fixtureSubnet, fixtureSubnet + 1, fixtureSubnet + 2}
	}
	got := []string{}
	err := db.Leases(t.Context(), family, f, func(l *Lease) error {
		got = append(got, short(l))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func short(l *Lease) string {
	name := strings.TrimPrefix(strings.TrimPrefix(l.Address.String(), "198.51.100."), "2001:db8:ffff:")
	if l.Type == TypePD {
		name += fmt.Sprint("/", l.PrefixLen)
	}
	return name
}

func TestLeaseFilters(t *testing.T) {
	db := fixture(t)
	addr := netip.MustParseAddr
	within := func(first, last string) []AddressRange { return []AddressRange{{addr(first), addr(last)}} }
	clock, err := db.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := clock.Now
	tests := map[string]struct {
		f         LeaseFilter
		four, six string
	}{
		"all":                    {LeaseFilter{}, "1 2 3 4 5 6 7 8", ":2 :10 1:: 8000::/50"},
		"a subnet":               {LeaseFilter{Subnets: []uint32{fixtureSubnet + 1}}, "5 6", "1:: 8000::/50"},
		"no subnet":              {LeaseFilter{Subnets: []uint32{}}, "", ""},
		"an address":             {LeaseFilter{Ranges: within("198.51.100.3", "198.51.100.3")}, "3", ""},
		"a range":                {LeaseFilter{Ranges: within("198.51.100.3", "198.51.100.5")}, "3 4 5", ""},
		"two ranges":             {LeaseFilter{Ranges: append(within("198.51.100.8", "198.51.100.9"), within("0.0.0.0", "198.51.100.1")...)}, "1 8", ""},
		"a range backwards":      {LeaseFilter{Ranges: within("198.51.100.5", "198.51.100.3")}, "", ""},
		"an IPv6 address":        {LeaseFilter{Ranges: within("2001:db8:ffff::10", "2001:db8:ffff::10")}, "", ":10"},
		"an IPv6 range":          {LeaseFilter{Ranges: within("2001:db8:ffff::", "2001:db8:ffff::ffff")}, "", ":2 :10"},
		"inside a prefix":        {LeaseFilter{Ranges: within("2001:db8:ffff:bfff::1", "2001:db8:ffff:bfff::1")}, "", "8000::/50"},
		"behind a prefix":        {LeaseFilter{Ranges: within("2001:db8:ffff:c000::", "2001:db8:ffff:c000::")}, "", ""},
		"of a prefix's end":      {LeaseFilter{Ranges: within("2001:db8:ffff:bfff::", "2001:db8:ffff:f000::")}, "", "8000::/50"},
		"types":                  {LeaseFilter{Types: []LeaseType{TypeTA, TypePD}}, "", "1:: 8000::/50"},
		"type of IPv4":           {LeaseFilter{Types: []LeaseType{TypeV4, TypeNA}}, "1 2 3 4 5 6 7 8", ":2 :10"},
		"a MAC":                  {LeaseFilter{HWAddr: []byte{2, 0, 0x5e, 0, 0, 1}}, "1 8", ":2"},
		"how a MAC begins":       {LeaseFilter{HWAddr: []byte{2, 0, 0x5e}, HWPrefix: true}, "1 2 4 5 8", ":2"},
		"it ends in ff":          {LeaseFilter{HWAddr: []byte{2, 0, 0x5e, 0xff, 0xff}, HWPrefix: true}, "5", ""},
		"it is ff":               {LeaseFilter{HWAddr: []byte{0xff}, HWPrefix: true}, "", ""},
		"a client id":            {LeaseFilter{ClientID: []byte{1, 2, 0, 0x5e, 0, 0, 1}}, "1 8", ""},
		"a client id of 0":       {LeaseFilter{ClientID: []byte{0}}, "4", ""},
		"a DUID":                 {LeaseFilter{DUID: []byte{0, 3, 0, 1, 0xaa, 1}}, "", ":2 8000::/50"},
		"a host name":            {LeaseFilter{Hostname: "ALPHA.example.org"}, "1", ""},
		"stored with capitals":   {LeaseFilter{Hostname: "delta.example.org"}, "4", ""},
		"no wildcards":           {LeaseFilter{Hostname: "%"}, "", ""},
		"host names like":        {LeaseFilter{Hostname: "%.EXAMPLE.___", HostnameBy: HostnameLike}, "1 2 4", ":2"},
		"a hostile name":         {LeaseFilter{Hostname: `%50\%\_\\` + "\u202e", HostnameBy: HostnameLike}, "6", ""},
		"injected":               {LeaseFilter{Hostname: `'; drop table lease4; --`}, "", ""},
		"active":                 {LeaseFilter{States: []LeaseState{Active}}, "1 5 6 7 8", ":2 :10 8000::/50"},
		"expired":                {LeaseFilter{States: []LeaseState{Expired}}, "2", ""},
		"declined or reclaimed":  {LeaseFilter{States: []LeaseState{Declined, Reclaimed}}, "3 4", "1::"},
		"released or registered": {LeaseFilter{States: []LeaseState{Released, Registered}}, "", ""},
		"no state":               {LeaseFilter{States: []LeaseState{}}, "", ""},
		"active in an hour":      {LeaseFilter{States: []LeaseState{Active}, At: now.Add(time.Hour)}, "5", ":10"},
		"expires soon":           {LeaseFilter{ExpiresFrom: now, ExpiresBefore: now.Add(700 * time.Second)}, "6 7", "1::"},
		"seen lately":            {LeaseFilter{SeenSince: now.Add(-500 * time.Second)}, "3 7 8", "8000::/50"},
		"seen, by lifetimes":     {LeaseFilter{SeenSince: now.Add(-500 * time.Second), Lifetimes: []uint32{600, 3600, 7200, 86400, Infinite}}, "3 7 8", "8000::/50"},
		"for ever, by lifetimes": {LeaseFilter{SeenSince: now.Add(-25 * time.Hour), Lifetimes: []uint32{Infinite}}, "5", ""},
		"everything at once": {LeaseFilter{
			Subnets: []uint32{fixtureSubnet}, Ranges: within("198.51.100.0", "198.51.100.255"), HWAddr: []byte{2}, HWPrefix: true, Types: []LeaseType{TypeV4},
			ClientID: []byte{1, 2, 0, 0x5e, 0, 0, 1}, Hostname: "a%", HostnameBy: HostnameLike, States: []LeaseState{Active}, SeenSince: now.Add(-time.Hour),
			ExpiresFrom: now, ExpiresBefore: now.Add(time.Hour), Limit: 3,
		}, "1", ""},
		"a limit":           {LeaseFilter{Limit: 2}, "1 2", ":2 :10"},
		"descending":        {LeaseFilter{Descending: true, Limit: 3}, "8 7 6", "8000::/50 1:: :10"},
		"oldest seen":       {LeaseFilter{Order: ByCLTT}, "5 6 4 2 1 3 8 7", ":10 1:: :2 8000::/50"},
		"newest seen":       {LeaseFilter{Order: ByCLTT, Descending: true, Limit: 2}, "7 8", "8000::/50 :2"},
		"first to expire":   {LeaseFilter{Order: ByExpiry}, "4 2 6 7 1 8 3 5", "1:: :2 8000::/50 :10"},
		"last to expire":    {LeaseFilter{Order: ByExpiry, Descending: true, Limit: 2}, "5 3", ":10 8000::/50"},
		"by host name":      {LeaseFilter{Order: ByHostname}, "6 1 2 4 5 8 3 7", "8000::/50 :2 :10 1::"},
		"by host name back": {LeaseFilter{Order: ByHostname, Descending: true}, "8 5 4 2 1 6 3 7", ":2 8000::/50 :10 1::"},
		"by subnet back":    {LeaseFilter{Order: BySubnet, Descending: true}, "7 8 5 6 1 2 3 4", "1:: 8000::/50 :2 :10"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for family, want := range map[Family]string{IPv4: tt.four, IPv6: tt.six} {
				if got := read(t, db, family, tt.f); strings.Join(got, " ") != want {
					t.Errorf("IPv%d: got %v, want %s", family, got, want)
				}
			}
		})
	}
	for _, order := range []LeaseOrder{ByAddress, ByCLTT, ByExpiry, ByHostname, BySubnet, Unordered} {
		got := read(t, db, IPv4, LeaseFilter{Order: order})
		if slices.Sort(got); strings.Join(got, " ") != "1 2 3 4 5 6 7 8" {
			t.Errorf("order %d loses leases: %v", order, got)
		}
	}
}

func TestLeaseValues(t *testing.T) {
	db := fixture(t)
	clock, err := db.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	leases := map[string]Lease{}
	for _, family := range []Family{IPv4, IPv6} {
		err := db.Leases(t.Context(), family, LeaseFilter{Subnets: []uint32{fixtureSubnet, fixtureSubnet + 1, fixtureSubnet + 2}}, func(l *Lease) error {
			l.Expires, l.CLTT = l.Expires.Round(5*time.Second), l.CLTT.Round(5*time.Second)
			l.HWAddr, l.ClientID, l.DUID = slices.Clone(l.HWAddr), slices.Clone(l.ClientID), slices.Clone(l.DUID)
			leases[short(l)] = *l
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	addr := netip.MustParseAddr
	for _, want := range []Lease{
		{
			Address: addr("198.51.100.1"), PrefixLen: 32, Type: TypeV4, HWAddr: []byte{2, 0, 0x5e, 0, 0, 1}, ClientID: []byte{1, 2, 0, 0x5e, 0, 0, 1},
			SubnetID: fixtureSubnet, Valid: 3600, Hostname: "alpha.example.org", FQDNForward: true, UserContext: `{"a": 1}`,
		},
		{Address: addr("198.51.100.3"), PrefixLen: 32, Type: TypeV4, SubnetID: fixtureSubnet, State: 1, Valid: 86400},
		{
			Address: addr("198.51.100.5"), PrefixLen: 32, Type: TypeV4, HWAddr: []byte{2, 0, 0x5e, 0xff, 0xff, 5}, ClientID: []byte{0xff},
			SubnetID: fixtureSubnet + 1, Valid: Infinite, Hostname: "forever",
		},
		{
			Address: addr("198.51.100.6"), PrefixLen: 32, Type: TypeV4, HWAddr: []byte{3, 0xff, 0xff, 0xff, 0xff, 0xff}, ClientID: []byte{1},
			SubnetID: fixtureSubnet + 1, Valid: 7200, Hostname: "\x1b[31m50%_\\\u202e",
		},
		{Address: addr("198.51.100.7"), PrefixLen: 32, Type: TypeV4, SubnetID: fixtureSubnet + 2, Valid: 600},
		{
			Address: addr("2001:db8:ffff::2"), PrefixLen: 128, Type: TypeNA, HWAddr: []byte{2, 0, 0x5e, 0, 0, 1}, DUID: []byte{0, 3, 0, 1, 0xaa, 1}, IAID: 4294967295,
			SubnetID: fixtureSubnet, Valid: 3600, Preferred: 1800, Hostname: "six.example.org", FQDNForward: true, FQDNReverse: true,
		},
		{
			Address: addr("2001:db8:ffff::10"), PrefixLen: 128, Type: TypeNA, DUID: []byte{0, 3, 0, 1, 0xaa, 2}, IAID: 2147483648,
			SubnetID: fixtureSubnet, Valid: Infinite, Preferred: Infinite,
		},
		{Address: addr("2001:db8:ffff:1::"), PrefixLen: 128, Type: TypeTA, DUID: []byte{0, 0, 0}, IAID: 7, SubnetID: fixtureSubnet + 1, State: 1, Valid: 3600},
		{
			Address: addr("2001:db8:ffff:8000::"), PrefixLen: 50, Type: TypePD, DUID: []byte{0, 3, 0, 1, 0xaa, 1}, IAID: 8,
			SubnetID: fixtureSubnet + 1, Valid: 3600, Preferred: 1800, Hostname: "pd",
		},
	} {
		got := leases[short(&want)]
		if want.Valid == Infinite {
			if age := clock.Now.Sub(got.CLTT); !got.Expires.IsZero() || age < 23*time.Hour || age > 50*time.Hour {
				t.Errorf("%s never ends: seen at %s, expires %s", want.Address, got.CLTT, got.Expires)
			}
		} else if got.Expires.Sub(got.CLTT) != time.Duration(want.Valid)*time.Second || got.Expires.Location() != time.UTC {
			t.Errorf("%s: seen at %s, expires %s", want.Address, got.CLTT, got.Expires)
		}
		got.CLTT, got.Expires = time.Time{}, time.Time{}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s", want.Address, diff)
		}
	}
}

// TestAllLeases has both families in one order, from one statement.
func TestAllLeases(t *testing.T) {
	db := fixture(t)
	both := []uint32{fixtureSubnet, fixtureSubnet + 1, fixtureSubnet + 2}
	tests := map[string]struct {
		f    LeaseFilter
		want string
	}{
		"by address":       {LeaseFilter{}, "1 2 3 4 5 6 7 8 :2 :10 1:: 8000::/50"},
		"by address, back": {LeaseFilter{Descending: true, Limit: 5}, "8000::/50 1:: :10 :2 8"},
		"first to expire":  {LeaseFilter{Order: ByExpiry, Limit: 6}, "4 2 6 1:: 7 1"},
		"by host name":     {LeaseFilter{Order: ByHostname}, "6 1 2 4 5 8000::/50 :2 8 3 7 :10 1::"},
		"by subnet":        {LeaseFilter{Order: BySubnet, Limit: 7}, "1 2 3 4 :2 :10 5"},
		"only one can":     {LeaseFilter{DUID: []byte{0, 3, 0, 1, 0xaa, 1}, Order: BySubnet}, ":2 8000::/50"},
		"the other":        {LeaseFilter{ClientID: []byte{0xff}, Order: BySubnet}, "5"},
	}
	for name, tt := range tests {
		tt.f.Subnets = both
		var got []string
		err := db.AllLeases(t.Context(), tt.f, tt.f, func(l *Lease) error {
			got = append(got, short(l))
			if l.Type == TypeV4 && (l.PrefixLen != 32 || l.DUID != nil) || l.Type != TypeV4 && l.ClientID != nil {
				t.Errorf("%s: %+v", name, l)
			}
			return nil
		})
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, %v, want %s", name, got, err, tt.want)
		}
	}
}

// TestReadingIsBounded: a reading cannot write, has a timeout, and leaves nothing of that in the session.
func TestReadingIsBounded(t *testing.T) {
	target := target(t)
	target.StatementTimeout = 200 * time.Millisecond
	db := connect(t, target)
	one := func(sql string) error {
		return db.call("test", "try", func() error { return db.read(t.Context(), reading{sql: sql}, func([][]byte) error { return nil }) })
	}
	if err := one("create table no_such_table ()"); !errors.Is(err, ErrReadOnly) {
		t.Errorf("got %v, want ErrReadOnly", err)
	}
	if err := one("select pg_sleep(5)"); !errors.Is(err, ErrCancelled) {
		t.Errorf("got %v, want ErrCancelled", err)
	}
	var readOnly, timeout string
	if err := db.conn.QueryRow(t.Context(), "select current_setting('transaction_read_only'), current_setting('statement_timeout')").Scan(&readOnly, &timeout); err != nil {
		t.Fatal(err)
	}
	if readOnly != "off" || timeout != "0" {
		t.Errorf("the session is left with transaction_read_only %s, statement_timeout %s", readOnly, timeout)
	}
	target.ReadOnly = true
	if err := connect(t, target).WriteProbe(t.Context()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("got %v, want ErrReadOnly", err)
	}
}

// ended waits a moment for the server to work on no statement with a text in it.
func ended(t *testing.T, db *DB, text string) bool {
	t.Helper()
	for range 30 {
		var n int
		err := db.conn.QueryRow(t.Context(), "select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '%' || $1 || '%'", text).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return true
		}
		time.Sleep(100 * time.Millisecond)
	}
	return false
}

// TestReadingEnds: what is not wanted any more ends at the server too.
func TestReadingEnds(t *testing.T) {
	other := connect(t, target(t))
	long := reading{sql: "select pg_sleep(60) as kubectl_kea_sleeps", timeout: unbounded}
	many := reading{sql: "select generate_series(1, 2000000000) as kubectl_kea_counts", timeout: unbounded}

	db := connect(t, target(t))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := db.read(ctx, long, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("got %v after %s", err, time.Since(start))
	}
	if !ended(t, other, "kubectl_kea_sleeps") {
		t.Error("the server still works on the statement of a context that has ended")
	}

	db = connect(t, target(t))
	rows, enough := 0, errors.New("enough")
	start = time.Now()
	err := db.read(t.Context(), many, func([][]byte) error {
		if rows++; rows == 10 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || rows != 10 || time.Since(start) > 10*time.Second {
		t.Errorf("got %v after %d rows and %s", err, rows, time.Since(start))
	}
	if !ended(t, other, "kubectl_kea_counts") {
		t.Error("the server still works on the statement that was stopped")
	}
	if _, err := db.Clock(t.Context()); err != nil {
		t.Errorf("the connection is not usable after a stop: %v", err)
	}
}

func TestClock(t *testing.T) {
	db := connect(t, target(t))
	c, err := db.Clock(t.Context())
	if err != nil || time.Since(c.Now).Abs() > time.Minute || c.Schema.Version < 13 {
		t.Errorf("got %+v, %v", c, err)
	}
	exec(t, db, "set search_path = pg_catalog")
	if _, err := db.Clock(t.Context()); !errors.Is(err, ErrNoSchema) {
		t.Errorf("got %v, want ErrNoSchema", err)
	}
}

// TestStrangeSchema: a version never seen is read with the columns that are known, and one that lacks them says which it is.
func TestStrangeSchema(t *testing.T) {
	db := fixture(t)
	db.schema = &Schema{Version: 99}
	own, err := connect(t, target(t)).Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = db.Leases(t.Context(), IPv4, LeaseFilter{Limit: 1}, func(*Lease) error { return nil })
	if own.Schema.Version >= poolColumn {
		if err != nil {
			t.Errorf("version 99: %v", err)
		}
		return
	}
	if !errors.Is(err, ErrNoSchema) || !strings.Contains(err.Error(), "schema version 99.0: column") {
		t.Errorf("got %v", err)
	}
}
