package leases

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// read returns what a reader gives, as resources, or fails.
func read(t *testing.T, r Reader, f Filter) []string {
	t.Helper()
	got := []string{}
	err := r.Each(t.Context(), f, func(l *Lease) error {
		got = append(got, l.Resource())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// someLeases are n leases of each kind in places that meet, with everything that filters ask for.
func someLeases(s kea.Service, n int) []*Lease {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	var out []*Lease
	for i := range n {
		l := lease4(func(l *Lease) { l.Address = netip.AddrFrom4([4]byte{10, byte(10 + i%3), byte(i >> 8), byte(i)}) })
		if s == kea.DHCP6 {
			l = lease6(func(l *Lease) {
				l.Type, l.Length = NA, 0
				l.Address = ip(fmt.Sprintf("2001:db8:%x::%x", 10+i%3, i+1))
				if i%5 == 0 {
					l.Type, l.Length, l.Address = PD, 56, ip(fmt.Sprintf("2001:db8:%x:%x00::", 0x8000+(i+1)>>8, (i+1)&0xff))
				}
			})
			l.DUID[9], l.IAID = byte(i/2), uint32(i)
		}
		l.SubnetID = uint32(10 + i%3)
		l.HWAddress = Octets{2, 0, 0, 0, byte(i >> 8), byte(i / 2)}
		if s == kea.DHCP4 {
			l.ClientID = append(Octets{1}, l.HWAddress...)
		}
		l.Hostname = []string{"", "Pc-1.example.org", fmt.Sprintf("pc-%d", i), "phone"}[random.IntN(4)]
		l.LastSeen = testNow().Add(-time.Duration(random.IntN(5000)) * time.Second)
		l.ValidLifetime = 3600
		l.Expires = l.LastSeen.Add(time.Hour)
		l.State = []State{Active, Active, Active, Declined, Reclaimed}[random.IntN(5)]
		if random.IntN(20) == 0 {
			l.ValidLifetime, l.Expires = kea.Infinite, time.Time{}
		}
		if l.State == Active && !l.Expires.IsZero() && !l.Expires.After(testNow()) {
			l.State = Expired
		}
		out = append(out, l)
	}
	return out
}

// expected is what a filter means: Match and Compare, which have tests of their own, without pages or lookups.
func expected(all []*Lease, f Filter) []string {
	kept := slices.DeleteFunc(slices.Clone(all), func(l *Lease) bool { return !f.Match(l, testNow()) })
	slices.SortStableFunc(kept, Compare(&f))
	if f.Limit > 0 {
		kept = kept[:min(len(kept), f.Limit)]
	}
	out := []string{}
	for _, l := range kept {
		out = append(out, l.Resource())
	}
	return out
}

// someFilters are filters of every kind for someLeases, and combinations of two.
func someFilters() []Filter {
	one := func(a string) []Range { return []Range{{ip(a), ip(a)}} }
	single := []Filter{
		{},
		{Services: []kea.Service{kea.DHCP4}},
		{Services: []kea.Service{kea.DHCP6}},
		{Subnets: map[kea.Service][]uint32{kea.DHCP4: {10, 12}, kea.DHCP6: {11}}},
		{Subnets: map[kea.Service][]uint32{}},
		{Ranges: []Range{{ip("10.11.0.9"), ip("10.12.1.200")}, {ip("2001:db8:b::"), ip("2001:db8:c::10")}}},
		{Ranges: one("10.11.0.1")},
		{Ranges: append(one("10.10.0.0"), one("10.11.0.4")...)},
		{Ranges: one("10.99.0.1")},
		{Ranges: one("2001:db8:b::2")},
		{Ranges: one("2001:db8:8000:6ff::77")},
		{Ranges: one("2001:db8:8000:600::")},
		{HWAddress: Octets{2, 0, 0, 0, 0, 7}},
		{HWAddress: Octets{2, 0, 0, 0, 1}, HWPrefix: true},
		{ClientID: Octets{1, 2, 0, 0, 0, 0, 7}},
		{DUID: Octets{0, 3, 0, 1, 2, 0, 0, 0, 0, 7}},
		{Hostname: Pattern{Text: "pc-1.EXAMPLE.org"}},
		{Hostname: Pattern{Text: "p*-1?", Kind: Glob}},
		{Hostname: Pattern{Text: "HON", Kind: Substring}},
		{States: []State{Expired}},
		{States: []State{Declined, Reclaimed}},
		{States: []State{}},
		{ExpiresWithin: 20 * time.Minute},
		{SeenSince: testNow().Add(-20 * time.Minute)},
	}
	out := single
	for i, a := range single {
		b := single[(i*7+3)%len(single)]
		both := a
		both.Hostname, both.States = b.Hostname, b.States
		out = append(out, both)
	}
	for i := range out {
		out[i].Sort = []Sort{ByAddress, ByLastSeen, ByHostname, ByExpiry, ByAddress, "", Unordered}[i%7]
		out[i].Reverse = i%4 == 3
	}
	for i := range out {
		limited := out[i]
		limited.Limit = []int{1, 7, 1000}[i%3]
		out = append(out, limited)
	}
	return out
}

// TestAPI reads leases of servers that hold none, some, and several pages of them.
func TestAPI(t *testing.T) {
	for _, s := range []kea.Service{kea.DHCP4, kea.DHCP6} {
		for _, n := range []int{0, 1, 40, 1000, 2345} {
			all := someLeases(s, n)
			fake, client := newFakeKea(t, s, all...)
			r := NewAPI(client, s, "kea-0/"+string(s), testNow)
			for i, f := range someFilters() {
				if n >= 1000 && i%11 != 0 {
					continue
				}
				fake.lookups6 = i%2 == 0
				if diff := cmp.Diff(expected(all, f), read(t, r, f)); diff != "" {
					t.Fatalf("%s, %d leases, %+v: %s", s, n, f, diff)
				}
			}
		}
	}
}

// TestAPILease has every member of a lease.
func TestAPILease(t *testing.T) {
	four := lease4(func(l *Lease) {
		l.FQDNForward, l.FQDNReverse, l.UserContext = true, true, []byte(`{"note":"x"}`)
		l.PoolID = 0
	})
	six := lease6(func(l *Lease) { l.PreferredLifetime = 1800; l.ValidLifetime, l.Expires = kea.Infinite, time.Time{} })
	for _, want := range []*Lease{four, six} {
		_, client := newFakeKea(t, want.Service, want)
		var got Lease
		err := NewAPI(client, want.Service, "kea-0", testNow).Each(t.Context(), Filter{}, func(l *Lease) error { got = l.Clone(); return nil })
		if diff := cmp.Diff(*want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	}
}

// TestAPICommands proves that a client is looked up rather than read through all leases, and what else is asked.
func TestAPICommands(t *testing.T) {
	four, client4 := newFakeKea(t, kea.DHCP4, someLeases(kea.DHCP4, 2500)...)
	six, client6 := newFakeKea(t, kea.DHCP6, someLeases(kea.DHCP6, 100)...)
	r4, r6 := NewAPI(client4, kea.DHCP4, "a", testNow), NewAPI(client6, kea.DHCP6, "b", testNow)
	read(t, r4, Filter{Limit: 1})
	read(t, r6, Filter{Limit: 1})
	four.commands()
	six.commands()
	tests := map[string]struct {
		filter    Filter
		four, six []string
	}{
		"address":  {Filter{Ranges: []Range{{ip("10.10.0.0"), ip("10.10.0.0")}}}, []string{`lease4-get {"ip-address":"10.10.0.0"}`}, nil},
		"hardware": {Filter{HWAddress: Octets{2, 0, 0, 0, 0, 7}}, []string{`lease4-get-by-hw-address {"hw-address":"02:00:00:00:00:07"}`}, []string{`lease6-get-by-hw-address {"hw-address":"02:00:00:00:00:07"}`, `lease6-get-page {"from":"start","limit":1000}`}},
		"client":   {Filter{ClientID: Octets{1, 2}, HWAddress: Octets{2, 3}}, []string{`lease4-get-by-client-id {"client-id":"01:02"}`}, nil},
		"duid":     {Filter{DUID: Octets{1, 2}, Hostname: Pattern{Text: "x"}}, nil, []string{`lease6-get-by-duid {"duid":"01:02"}`}},
		"name":     {Filter{Hostname: Pattern{Text: "pc"}}, []string{`lease4-get-by-hostname {"hostname":"pc"}`}, []string{`lease6-get-by-hostname {"hostname":"pc"}`}},
		"first":    {Filter{Limit: 5}, []string{`lease4-get-page {"from":"start","limit":5}`}, []string{`lease6-get-page {"from":"start","limit":5}`}},
		"enough":   {Filter{Limit: 5, States: []State{Active}}, []string{`lease4-get-page {"from":"start","limit":1000}`}, []string{`lease6-get-page {"from":"start","limit":1000}`}},
		"range": {
			Filter{Ranges: []Range{{ip("10.12.0.0"), ip("10.12.0.9")}, {ip("2001:db8:b::7"), ip("2001:db8:b::9")}}},
			[]string{`lease4-get-page {"from":"10.11.255.255","limit":1000}`},
			[]string{`lease6-get-page {"from":"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff","limit":1000}`},
		},
	}
	for name, tt := range tests {
		read(t, r4, tt.filter)
		read(t, r6, tt.filter)
		want4, got4 := tt.four, four.commands()
		if name == "range" {
			got4 = got4[:1] // the next page may be on its way
		}
		if diff := cmp.Diff(want4, got4, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(tt.six, six.commands(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	read(t, r4, Filter{})
	if n := len(four.commands()); n != 3 {
		t.Errorf("2500 leases took %d pages", n)
	}
}

// TestAPIClock: what has expired is told by the server's clock.
func TestAPIClock(t *testing.T) {
	fake, client := newFakeKea(t, kea.DHCP4, lease4())
	for ahead, want := range map[time.Duration]State{0: Active, time.Hour: Expired} {
		fake.now = testNow().Add(ahead)
		r := NewAPI(client, kea.DHCP4, "a", testNow)
		for range 2 {
			err := r.Each(t.Context(), Filter{}, func(l *Lease) error {
				if l.State != want {
					t.Errorf("%s ahead: %s", ahead, l.State)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		now, err := r.Clock(t.Context())
		if err != nil || now.Sub(fake.now).Abs() > 10*time.Second {
			t.Errorf("the clock says %s, %v", now, err)
		}
		if n := strings.Count(strings.Join(fake.commands(), " "), "version-get"); n != 1 {
			t.Errorf("asked for the time %d times", n)
		}
	}
}

func TestAPIErrors(t *testing.T) {
	fake, client := newFakeKea(t, kea.DHCP4, someLeases(kea.DHCP4, 2500)...)
	r := NewAPI(client, kea.DHCP4, "a", testNow)
	stop := errors.New("stop")
	n := 0
	err := r.Each(t.Context(), Filter{}, func(*Lease) error {
		if n++; n == 1200 {
			return stop
		}
		return nil
	})
	if err != stop || n != 1200 { //nolint:errorlint // as it is
		t.Errorf("%d rows and %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = r.Each(ctx, Filter{}, func(*Lease) error { cancel(); return ctx.Err() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	fake.fail = func(string) string { return "no current lease manager is available" }
	for _, f := range []Filter{{}, {Ranges: []Range{{ip("10.0.0.1"), ip("10.0.0.1")}}}, {ClientID: Octets{1, 2}}, {Sort: ByHostname}} {
		err := r.Each(t.Context(), f, func(*Lease) error { t.Error("a row"); return nil })
		if !errors.Is(err, kea.ErrNoDatabase) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}
