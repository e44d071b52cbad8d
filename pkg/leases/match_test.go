package leases

import (
	"math/rand/v2"
	"net/netip"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func testNow() time.Time { return time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC) }

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// lease4 is an active lease of 10.10.1.7.
func lease4(change ...func(*Lease)) *Lease {
	l := &Lease{
		Service: kea.DHCP4, Type: V4, Address: ip("10.10.1.7"), SubnetID: 10, Hostname: "Laptop7.example.org",
		HWAddress: Octets{2, 0, 0, 0, 0, 7}, ClientID: Octets{1, 2, 0, 0, 0, 0, 7},
		State: Active, ValidLifetime: 3600, LastSeen: testNow().Add(-10 * time.Minute), Expires: testNow().Add(50 * time.Minute),
	}
	for _, c := range change {
		c(l)
	}
	return l
}

// lease6 is an active lease of 2001:db8:8000:100::/56.
func lease6(change ...func(*Lease)) *Lease {
	l := lease4(func(l *Lease) {
		l.Service, l.Type, l.Address, l.Length = kea.DHCP6, PD, ip("2001:db8:8000:100::"), 56
		l.ClientID, l.DUID, l.IAID = nil, Octets{0, 3, 0, 1, 2, 0, 0, 0, 0, 7}, 7
	})
	for _, c := range change {
		c(l)
	}
	return l
}

func TestMatch(t *testing.T) {
	between := func(first, last string) []Range { return []Range{{ip(first), ip(last)}} }
	ends := func(d time.Duration) func(*Lease) { return func(l *Lease) { l.Expires = testNow().Add(d) } }
	never := func(l *Lease) { l.Expires = time.Time{} }
	tests := map[string]struct {
		filter Filter
		lease  *Lease
		want   bool
	}{
		"all":                      {Filter{}, lease4(), true},
		"service":                  {Filter{Services: []kea.Service{kea.DHCP4}}, lease4(), true},
		"other service":            {Filter{Services: []kea.Service{kea.DHCP6}}, lease4(), false},
		"subnet":                   {Filter{Subnets: map[kea.Service][]uint32{kea.DHCP4: {9, 10}}}, lease4(), true},
		"other subnet":             {Filter{Subnets: map[kea.Service][]uint32{kea.DHCP4: {9}}}, lease4(), false},
		"the other service's":      {Filter{Subnets: map[kea.Service][]uint32{kea.DHCP6: {10}}}, lease4(), false},
		"no subnet":                {Filter{Subnets: map[kea.Service][]uint32{}}, lease4(), false},
		"first of a range":         {Filter{Ranges: between("10.10.1.7", "10.10.1.9")}, lease4(), true},
		"last of a range":          {Filter{Ranges: between("10.10.1.0", "10.10.1.7")}, lease4(), true},
		"before a range":           {Filter{Ranges: between("10.10.1.8", "10.10.1.9")}, lease4(), false},
		"second range":             {Filter{Ranges: append(between("10.10.1.8", "10.10.1.9"), between("10.10.1.7", "10.10.1.7")...)}, lease4(), true},
		"range of the other kind":  {Filter{Ranges: between("::", "ffff::")}, lease4(), false},
		"inside a prefix":          {Filter{Ranges: between("2001:db8:8000:1ff::1", "2001:db8:8000:1ff::1")}, lease6(), true},
		"behind a prefix":          {Filter{Ranges: between("2001:db8:8000:200::", "2001:db8:8000:200::1")}, lease6(), false},
		"around a prefix":          {Filter{Ranges: between("2001:db8::", "2001:db8:ffff::")}, lease6(), true},
		"hardware address":         {Filter{HWAddress: Octets{2, 0, 0, 0, 0, 7}}, lease4(), true},
		"its beginning":            {Filter{HWAddress: Octets{2, 0, 0}}, lease4(), false},
		"its beginning, asked so":  {Filter{HWAddress: Octets{2, 0, 0}, HWPrefix: true}, lease4(), true},
		"all of it, as beginning":  {Filter{HWAddress: Octets{2, 0, 0, 0, 0, 7}, HWPrefix: true}, lease4(), true},
		"longer than it":           {Filter{HWAddress: Octets{2, 0, 0, 0, 0, 7, 0}, HWPrefix: true}, lease4(), false},
		"no hardware address":      {Filter{HWAddress: Octets{2}, HWPrefix: true}, lease6(func(l *Lease) { l.HWAddress = nil }), false},
		"client id":                {Filter{ClientID: Octets{1, 2, 0, 0, 0, 0, 7}}, lease4(), true},
		"client id of DHCPv6":      {Filter{ClientID: Octets{1, 2, 0, 0, 0, 0, 7}}, lease6(), false},
		"DUID":                     {Filter{DUID: Octets{0, 3, 0, 1, 2, 0, 0, 0, 0, 7}}, lease6(), true},
		"other DUID":               {Filter{DUID: Octets{0, 3, 0, 1, 2, 0, 0, 0, 0}}, lease6(), false},
		"host name":                {Filter{Hostname: Pattern{Text: "laptop7.EXAMPLE.org"}}, lease4(), true},
		"its beginning only":       {Filter{Hostname: Pattern{Text: "laptop7"}}, lease4(), false},
		"state":                    {Filter{States: []State{Declined, Active}}, lease4(), true},
		"other state":              {Filter{States: []State{Expired}}, lease4(), false},
		"ends in time":             {Filter{ExpiresWithin: time.Hour}, lease4(), true},
		"ends at the limit":        {Filter{ExpiresWithin: time.Hour}, lease4(ends(time.Hour)), false},
		"ends before it":           {Filter{ExpiresWithin: time.Hour}, lease4(ends(time.Hour - time.Second)), true},
		"ends now":                 {Filter{ExpiresWithin: time.Hour}, lease4(ends(0)), true},
		"ended before":             {Filter{ExpiresWithin: time.Hour}, lease4(ends(-time.Second)), false},
		"ends never":               {Filter{ExpiresWithin: time.Hour}, lease4(never), false},
		"seen since":               {Filter{SeenSince: testNow().Add(-10 * time.Minute)}, lease4(), true},
		"not seen since":           {Filter{SeenSince: testNow().Add(-10*time.Minute + time.Second)}, lease4(), false},
		"all of it, last not":      {Filter{HWAddress: Octets{2, 0, 0, 0, 0, 7}, States: []State{Active}, SeenSince: testNow()}, lease4(), false},
		"no state":                 {Filter{States: []State{}}, lease4(), false},
		"order and limit are none": {Filter{Sort: ByVLAN, Reverse: true, Limit: 1}, lease4(), true},
	}
	for name, tt := range tests {
		if got := tt.filter.Match(tt.lease, testNow()); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestPattern(t *testing.T) {
	tests := []struct {
		pattern Pattern
		yes, no []string
	}{
		{Pattern{}, []string{"", "x"}, nil},
		{Pattern{Text: "Pc1"}, []string{"pc1", "PC1"}, []string{"", "pc", "pc12", "xpc1"}},
		{Pattern{Text: "pc*", Kind: Glob}, []string{"pc", "PC12", "pc.x"}, []string{"", "p", "xpc"}},
		{Pattern{Text: "*PC", Kind: Glob}, []string{"pc", "a-pc", "pcpc"}, []string{"pc1"}},
		{Pattern{Text: "p?", Kind: Glob}, []string{"pc", "P1", "pé", "p\xff"}, []string{"p", "pcc"}},
		{Pattern{Text: "a*b*?c", Kind: Glob}, []string{"abxc", "aXbYbzc", "aab.c"}, []string{"abc", "ac", "abxcd"}},
		{Pattern{Text: "**", Kind: Glob}, []string{"x"}, []string{""}},
		{Pattern{Text: "[a]%_\\", Kind: Glob}, []string{"[A]%_\\"}, []string{"a%_\\", "[a]xx\\"}},
		{Pattern{Text: "TOP", Kind: Substring}, []string{"top", "laptop7"}, []string{"", "to", "t.op"}},
		{Pattern{Text: "*", Kind: Substring}, []string{"a*b"}, []string{"ab"}},
		{Pattern{Text: "É"}, []string{"É"}, []string{"é"}}, // as lower() with the C locale, and as Kea
	}
	for _, tt := range tests {
		for _, name := range tt.yes {
			if !tt.pattern.Match(name) {
				t.Errorf("%+v does not take %q", tt.pattern, name)
			}
		}
		for _, name := range tt.no {
			if tt.pattern.Match(name) {
				t.Errorf("%+v takes %q", tt.pattern, name)
			}
		}
	}
}

func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{{"a*b?c", "axxbyc"}, {"*", ""}, {"?", "é"}, {"*a*a*a*b", strings.Repeat("a", 50)}, {"p?", "p\xff"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		got := glob(pattern, name)
		// Where the standard library's means the same, it says the same.
		if strings.ContainsAny(pattern, "[]\\-^/") || strings.Contains(name, "/") || !utf8.ValidString(pattern) || !utf8.ValidString(name) {
			return
		}
		ascii := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r < utf8.RuneSelf {
					return rune(lower(byte(r)))
				}
				return r
			}, s)
		}
		if want, err := path.Match(ascii(pattern), ascii(name)); err == nil && want != got {
			t.Fatalf("%q takes %q: %v, want %v", pattern, name, got, want)
		}
	})
}

func TestCompare(t *testing.T) {
	at := func(address string, seen, end int, host string, vlan int) *Lease {
		l := lease4(func(l *Lease) {
			l.Address, l.Hostname, l.VLAN = ip(address), host, vlan
			l.LastSeen, l.Expires = time.Time{}, time.Time{}
			if seen >= 0 {
				l.LastSeen = testNow().Add(time.Duration(seen) * time.Second)
			}
			if end >= 0 {
				l.Expires = testNow().Add(time.Duration(end) * time.Second)
			}
		})
		return l
	}
	prefix := at("2001:db8::", 3, 3, "B", 10)
	prefix.Type, prefix.Length = PD, 56
	all := []*Lease{
		prefix,
		at("2001:db8::", 3, 3, "b", 10),
		at("10.0.0.2", 1, -1, "", 0),
		at("10.0.0.10", -1, 5, "a", 20),
		at("9.0.0.1", 9, 1, "C.x", 10),
	}
	tests := map[Sort][2]string{
		ByAddress:  {"9.0.0.1 10.0.0.2 10.0.0.10 2001:db8:: 2001:db8::/56", "2001:db8::/56 2001:db8:: 10.0.0.10 10.0.0.2 9.0.0.1"},
		ByLastSeen: {"10.0.0.2 2001:db8:: 2001:db8::/56 9.0.0.1 10.0.0.10", "9.0.0.1 2001:db8:: 2001:db8::/56 10.0.0.2 10.0.0.10"},
		ByExpiry:   {"9.0.0.1 2001:db8:: 2001:db8::/56 10.0.0.10 10.0.0.2", "10.0.0.2 10.0.0.10 2001:db8:: 2001:db8::/56 9.0.0.1"},
		ByHostname: {"10.0.0.10 2001:db8:: 2001:db8::/56 9.0.0.1 10.0.0.2", "9.0.0.1 2001:db8:: 2001:db8::/56 10.0.0.10 10.0.0.2"},
		ByVLAN:     {"9.0.0.1 2001:db8:: 2001:db8::/56 10.0.0.10 10.0.0.2", "10.0.0.10 9.0.0.1 2001:db8:: 2001:db8::/56 10.0.0.2"},
	}
	for sort, want := range tests {
		for i, reverse := range []bool{false, true} {
			f := Filter{Sort: sort, Reverse: reverse}
			for range 20 {
				rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				slices.SortFunc(all, Compare(&f))
				var got []string
				for _, l := range all {
					got = append(got, l.Resource())
				}
				if diff := cmp.Diff(want[i], strings.Join(got, " ")); diff != "" {
					t.Fatalf("by %s, reverse %v: %s", sort, reverse, diff)
				}
			}
		}
	}
}
