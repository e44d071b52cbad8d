//go:build e2e

package leases

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// database connects to that of KEADB_TEST_DSN, which must hold testdata/sql_leases.sql and no other leases.
func database(t *testing.T) *keadb.DB {
	t.Helper()
	u, err := url.Parse(os.Getenv("KEADB_TEST_DSN"))
	if err != nil || !strings.HasPrefix(u.Path, "/scratch_") {
		t.Fatal("KEADB_TEST_DSN names no database that begins with scratch_")
	}
	port, _ := strconv.Atoi(u.Port())
	password, _ := u.User.Password()
	target := keadb.Target{
		Host: u.Hostname(), Port: port, Database: strings.TrimPrefix(u.Path, "/"), User: u.User.Username(),
		Password: func() string { return password }, ReadOnly: true,
	}
	if file := os.Getenv("KEADB_TEST_CA"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if target.TLS, err = keadb.VerifyFull(pem, os.Getenv("KEADB_TEST_SERVERNAME")); err != nil {
			t.Fatal(err)
		}
	}
	db, err := keadb.Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	return db
}

func TestSQLReader(t *testing.T) {
	both := []kea.Service{kea.DHCP4, kea.DHCP6}
	r := NewSQL(database(t), both)
	prefix := netip.MustParseAddr("2001:db8:8000:3fff::1")
	tests := map[string]struct {
		f    Filter
		want string // the resources; 1 is 198.51.100.1, and 2001:db8 is left out
	}{
		"all":                  {Filter{}, "1 2 3 4 ::2 :8000::/50"},
		"backwards":            {Filter{Reverse: true, Limit: 3}, ":8000::/50 ::2 4"},
		"a limit over both":    {Filter{Limit: 5}, "1 2 3 4 ::2"},
		"of one service":       {Filter{Services: []kea.Service{kea.DHCP6}}, "::2 :8000::/50"},
		"subnets by service":   {Filter{Subnets: map[kea.Service][]uint32{kea.DHCP4: {20}, kea.DHCP6: {10}}}, "4 ::2"},
		"subnets of one":       {Filter{Subnets: map[kea.Service][]uint32{kea.DHCP6: {10, 30}}}, "::2 :8000::/50"},
		"newest":               {Filter{Sort: ByLastSeen, Reverse: true, Limit: 3}, ":8000::/50 1 ::2"},
		"first to expire":      {Filter{Sort: ByExpiry}, "2 ::2 1 :8000::/50 3 4"},
		"by host name":         {Filter{Sort: ByHostname}, "::2 1 2 4 3 :8000::/50"},
		"by VLAN":              {Filter{Sort: ByVLAN}, "1 2 3 ::2 4 :8000::/50"},
		"unordered":            {Filter{Sort: Unordered, Limit: 5}, "1 2 3 4 ::2"},
		"a MAC of both":        {Filter{HWAddress: Octets{2, 0, 0x5e, 0, 0, 1}}, "1 ::2"},
		"a glob":               {Filter{Hostname: Pattern{"ALPHA.*", Glob}}, "1 ::2"},
		"a part":               {Filter{Hostname: Pattern{"_", Substring}}, "4"},
		"in a prefix":          {Filter{Ranges: []Range{{prefix, prefix}}}, ":8000::/50"},
		"active":               {Filter{States: []State{Active}}, "1 4 ::2 :8000::/50"},
		"expired":              {Filter{States: []State{Expired}}, "2"},
		"expires within":       {Filter{ExpiresWithin: 30 * time.Minute}, "1 ::2"},
		"a client id and more": {Filter{ClientID: Octets{0}, States: []State{Active}, Sort: ByExpiry}, "4"},
	}
	for name, tt := range tests {
		var got []string
		err := r.Each(t.Context(), tt.f, func(l *Lease) error {
			got = append(got, strings.TrimPrefix(strings.TrimPrefix(l.Resource(), "198.51.100."), "2001:db8"))
			return nil
		})
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, %v, want %s", name, got, err, tt.want)
		}
	}
	states := map[string]State{}
	stop := errors.New("enough")
	err := r.Each(t.Context(), Filter{}, func(l *Lease) error {
		if states[l.Resource()] = l.State; len(states) == 4 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || states["198.51.100.1"] != Active || states["198.51.100.2"] != Expired || states["198.51.100.3"] != Declined || states["198.51.100.4"] != Active {
		t.Errorf("got %v, %v", states, err)
	}
	counts, err := r.Counts(t.Context(), kea.DHCP4)
	if err != nil || len(counts) != 2 || counts[0] != (SubnetCount{SubnetID: 10, Assigned: kea.CountOf(2), Declined: kea.CountOf(1)}) {
		t.Errorf("got %+v, %v", counts, err)
	}
	if !strings.HasPrefix(r.String(), "scratch_") || !strings.HasSuffix(r.String(), ", as kea") {
		t.Errorf("is %s", r)
	}
}
