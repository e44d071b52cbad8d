package leases

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

func TestSQLFilter(t *testing.T) {
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	a := netip.MustParseAddr("10.0.0.1")
	got, err := sqlFilter(Filter{
		Subnets: map[kea.Service][]uint32{kea.DHCP4: {10}}, Ranges: []Range{{a, a}}, HWAddress: Octets{2}, HWPrefix: true, Hostname: Pattern{"50%*", Glob},
		States: []State{Active, Registered}, ExpiresWithin: time.Hour, SeenSince: now, Sort: ByVLAN, Reverse: true, Limit: 5,
	}, kea.DHCP4, now)
	want := keadb.LeaseFilter{
		Subnets: []uint32{10}, Ranges: []keadb.AddressRange{{First: a, Last: a}}, HWAddr: []byte{2}, HWPrefix: true, Hostname: `50\%%`, HostnameBy: keadb.HostnameLike,
		States: []keadb.LeaseState{keadb.Active, keadb.Registered}, ExpiresFrom: now, ExpiresBefore: now.Add(time.Hour + time.Microsecond), SeenSince: now, At: now,
		Order: keadb.BySubnet, Descending: true, Limit: 5,
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	// A service without subnets has none, which is not the same as any.
	if got, _ := sqlFilter(Filter{Subnets: map[kea.Service][]uint32{kea.DHCP4: {10}}}, kea.DHCP6, now); got.Subnets == nil || len(got.Subnets) != 0 {
		t.Errorf("got subnets %#v", got.Subnets)
	}
	for _, bad := range []Filter{{Sort: "age"}, {States: []State{"lost"}}} {
		if _, err := sqlFilter(bad, kea.DHCP4, now); err == nil {
			t.Errorf("took %+v", bad)
		}
	}
}

func TestFillLease(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	row := keadb.Lease{
		Address: netip.MustParseAddr("2001:db8:8000::"), PrefixLen: 56, Type: keadb.TypePD, DUID: []byte{0, 1}, IAID: 4294967295, SubnetID: 10, Valid: keadb.Infinite,
		CLTT: now, UserContext: `{"a": 1}`,
	}
	var l Lease
	fillLease(&l, &row, now)
	if l.Service != kea.DHCP6 || l.Type != PD || l.Resource() != "2001:db8:8000::/56" || l.State != Active || l.IAID != 4294967295 || !l.Expires.IsZero() {
		t.Errorf("got %+v", l)
	}
	fillLease(&l, &keadb.Lease{Address: netip.MustParseAddr("10.0.0.1"), PrefixLen: 32, Type: keadb.TypeV4, Expires: now, UserContext: "not json\xff"}, now)
	if l.Service != kea.DHCP4 || l.Type != V4 || l.Length != 0 || l.State != Expired || l.DUID != nil || l.IAID != 0 {
		t.Errorf("got %+v", l)
	}
	if _, err := json.Marshal(l); err != nil {
		t.Errorf("what somebody wrote into the user context breaks the report: %v", err)
	}
}

// FuzzLike: what SQL's LIKE takes is what Match takes.
func FuzzLike(f *testing.F) {
	for _, name := range []string{"host1.example.org", "50%_\\", "a*b", ""} {
		f.Add("host*", name, true)
		f.Add(`%_\?`, name, false)
	}
	f.Fuzz(func(t *testing.T, text, name string, isGlob bool) {
		p := Pattern{Text: text, Kind: Substring}
		if isGlob {
			p.Kind = Glob
		}
		pattern, how := p.like()
		if text == "" {
			if pattern != "" {
				t.Errorf("a pattern without text became %q", pattern)
			}
			return
		}
		if how != keadb.HostnameLike {
			t.Fatalf("%+v is looked for exactly", p)
		}
		// Characters, not bytes, are what a ? takes the place of in the database.
		if !plainASCII(text + name) {
			return
		}
		if got, want := like(strings.ToLower(pattern), strings.ToLower(name)), p.Match(name); got != want {
			t.Errorf("%q like %q is %v, Match says %v", name, pattern, got, want)
		}
	})
}

func plainASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 || r == 0xfffd })
}

// like is PostgreSQL's LIKE, the plain way.
func like(pattern, name string) bool {
	switch {
	case pattern == "":
		return name == ""
	case pattern[0] == '%':
		return like(pattern[1:], name) || name != "" && like(pattern, name[1:])
	case name == "":
		return false
	case pattern[0] == '_':
		return like(pattern[1:], name[1:])
	case pattern[0] == '\\' && len(pattern) > 1:
		pattern = pattern[1:]
	}
	return pattern[0] == name[0] && like(pattern[1:], name[1:])
}
