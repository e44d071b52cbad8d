package leases

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// rows is a reader of leases that are given.
type rows struct{ leases []Lease }

func (r rows) Each(_ context.Context, f Filter, yield func(*Lease) error) error {
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	var found []*Lease
	for i := range r.leases {
		if f.Match(&r.leases[i], now) {
			found = append(found, &r.leases[i])
		}
	}
	slices.SortFunc(found, Compare(&f))
	for i, l := range found {
		if f.Limit > 0 && i == f.Limit {
			break
		}
		if err := yield(l); err != nil {
			return err
		}
	}
	return nil
}

func (r rows) Counts(context.Context, kea.Service) ([]SubnetCount, error) { return nil, nil }
func (r rows) String() string                                             { return "rows" }

func lease(address string, subnet uint32, mac byte, change ...func(*Lease)) Lease {
	l := Lease{
		Service: kea.DHCP4, Type: V4, Address: netip.MustParseAddr(address), SubnetID: subnet, HWAddress: Octets{2, 0, 0, 0, 0, mac},
		ClientID: Octets{1, 2, 0, 0, 0, 0, mac}, State: Active, ValidLifetime: 3600, Hostname: fmt.Sprintf("host%d.example.org", mac),
		LastSeen: time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC), Expires: time.Date(2026, 11, 23, 3, 30, 0, 0, time.UTC),
	}
	for _, f := range change {
		f(&l)
	}
	return l
}

func prefix(address string, length int, duid ...byte) Lease {
	l := lease(address, 10, 0)
	l.Service, l.Type, l.Length, l.HWAddress, l.ClientID, l.DUID = kea.DHCP6, PD, length, nil, nil, duid
	return l
}

func deployed(t *testing.T, leases ...Lease) *Deployment {
	t.Helper()
	return &Deployment{
		catalog: catalog(t, nil, nil), reader: rows{leases}, source: Source{Now: time.Now},
		stores: []*store{{way: API, readers: []Reader{rows{}}}},
	}
}

// told is a card in a few lines.
func told(c Card) []string {
	out := []string{c.As}
	for _, e := range c.Entries {
		line := fmt.Sprintf("%s %s, pool %s", e.Lease.Resource(), vlanLabel(e.Lease.VLAN, e.Lease.VLANName, "no VLAN"), cmp.Or(e.Pool, "none"))
		for _, r := range e.Reservations {
			line += fmt.Sprintf("; reserved for %s %s fits %v %s", r.Identifier, r.Address, r.Fits, r.Why)
		}
		for _, o := range e.Others {
			line += "; other " + o.Resource()
		}
		out = append(out, strings.TrimSpace(line))
	}
	if a := c.Address; a != nil {
		line := fmt.Sprintf("%s: %s, %s, pool %s", a.Verdict, cmp.Or(a.Subnet, "none"), vlanLabel(a.VLAN, a.VLANName, "no VLAN"), cmp.Or(a.Pool, "none"))
		for _, r := range a.Reserved {
			line += "; reserved for " + r.Identifier
		}
		out = append(out, line)
	}
	return out
}

func TestGet(t *testing.T) {
	d := deployed(
		t,
		lease("10.10.1.20", 10, 20), lease("10.31.0.5", 31, 20),
		lease("10.10.1.7", 10, 3),  // reserved for client 1
		lease("10.10.1.8", 10, 2),  // whose own reservation is 10.10.9.9
		lease("10.10.1.30", 10, 1), // likewise
		lease("10.99.0.1", 99, 99),
		lease("10.10.1.40", 10, 40, func(l *Lease) { l.Hostname = "host20" }),
		lease("10.10.1.41", 10, 41, func(l *Lease) { l.State, l.HWAddress, l.ClientID = Declined, nil, nil }),
		prefix("2001:db8:8000:100::", 56, 0, 3, 0, 1, 2, 0, 0, 0, 0, 9),
	)
	for _, test := range []struct {
		asked string
		want  []string
	}{
		{"10.10.1.20", []string{"IPv4 address", "10.10.1.20 VLAN 10 (users), pool 10.10.1.0-10.10.1.99; other 10.31.0.5"}},
		{"02-00-00-00-00-14", []string{"hardware address", "10.10.1.20 VLAN 10 (users), pool 10.10.1.0-10.10.1.99; other 10.31.0.5", "10.31.0.5 VLAN 30 (vlan30-guests), pool 10.31.0.1-10.31.0.10; other 10.10.1.20"}},
		{"01:02:00:00:00:00:63", []string{"client id", "10.99.0.1 no VLAN, pool none"}},
		{"host99.EXAMPLE.org", []string{"host name", "10.99.0.1 no VLAN, pool none"}},
		{"host99", []string{"host name", "10.99.0.1 no VLAN, pool none"}}, // the first part of the name
		{"host20", []string{"host name", "10.10.1.40 VLAN 10 (users), pool 10.10.1.0-10.10.1.99"}},
		{"10.10.1.7", []string{"IPv4 address", "10.10.1.7 VLAN 10 (users), pool 10.10.1.0-10.10.1.99; reserved for hw-address 02:00:00:00:00:01 10.10.1.7 fits false the address is reserved for another client"}},
		{"10.10.1.8", []string{"IPv4 address", "10.10.1.8 VLAN 10 (users), pool 10.10.1.0-10.10.1.99; reserved for hw-address 02:00:00:00:00:02 10.10.9.9 fits false the client has another address reserved: it gets it when it renews or starts anew"}},
		{"10.10.1.41", []string{"IPv4 address", "10.10.1.41 VLAN 10 (users), pool 10.10.1.0-10.10.1.99"}},
		{"2001:db8:8000:100::", []string{"IPv6 address", "2001:db8:8000:100::/56 VLAN 10 (users), pool 2001:db8:8000::/40"}},
		{"2001:db8:8000:1ff::7", []string{"IPv6 address", "2001:db8:8000:100::/56 VLAN 10 (users), pool 2001:db8:8000::/40"}}, // inside of the prefix
		{"2001:db8:8000:100::/56", []string{"delegated prefix", "2001:db8:8000:100::/56 VLAN 10 (users), pool 2001:db8:8000::/40"}},
		{"00:03:00:01:02:00:00:00:00:09", []string{"DUID", "2001:db8:8000:100::/56 VLAN 10 (users), pool 2001:db8:8000::/40"}},

		{"10.10.1.99", []string{"IPv4 address", "free: 10.10.0.0/16, VLAN 10 (users), pool 10.10.1.0-10.10.1.99"}},
		{"10.10.2.1", []string{"IPv4 address", "outside-pools: 10.10.0.0/16, VLAN 10 (users), pool none"}},
		{"10.10.9.9", []string{"IPv4 address", "reserved: 10.10.0.0/16, VLAN 10 (users), pool none; reserved for hw-address 02:00:00:00:00:02"}},
		{"192.0.2.1", []string{"IPv4 address", "no-subnet: none, no VLAN, pool none"}},
		{"2001:db8:80ff::", []string{"IPv6 address", "free: 2001:db8:10::/64, VLAN 10 (users), pool 2001:db8:8000::/40"}},
		{"nobody", []string{"host name"}},
	} {
		w, err := ParseWanted(test.asked)
		if err != nil {
			t.Fatalf("%s: %v", test.asked, err)
		}
		card, err := d.Get(t.Context(), w)
		if err != nil {
			t.Fatalf("%s: %v", test.asked, err)
		}
		if diff := gocmp.Diff(test.want, told(card)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.asked, diff)
		}
	}
}

func TestListByVLAN(t *testing.T) {
	d := deployed(
		t, lease("10.10.1.20", 10, 20), lease("10.31.0.5", 31, 20), lease("10.10.1.7", 10, 3), lease("10.99.0.1", 99, 99), lease("10.40.0.3", 40, 4),
		prefix("2001:db8:8000:100::", 56, 0, 3),
	)
	for name, test := range map[string]struct {
		f    Filter
		want string
		more bool
	}{
		"all":      {Filter{}, "10.10.1.7 10.10.1.20 2001:db8:8000:100:: 10.31.0.5 10.40.0.3 10.99.0.1", false},
		"reversed": {Filter{Reverse: true}, "10.99.0.1 10.40.0.3 10.31.0.5 2001:db8:8000:100:: 10.10.1.20 10.10.1.7", false},
		"limited":  {Filter{Limit: 3}, "10.10.1.7 10.10.1.20 2001:db8:8000:100::", true},
		"exactly":  {Filter{Limit: 6}, "10.10.1.7 10.10.1.20 2001:db8:8000:100:: 10.31.0.5 10.40.0.3 10.99.0.1", false},
		"one VLAN": {Filter{Subnets: map[kea.Service][]uint32{kea.DHCP4: {30, 31}}}, "10.31.0.5", false},
	} {
		test.f.Sort = ByVLAN
		list, err := d.List(t.Context(), test.f)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, l := range list.Leases {
			got = append(got, l.Address.String())
		}
		if strings.Join(got, " ") != test.want || list.More != test.more {
			t.Errorf("%s: %s (more: %v), want %s", name, strings.Join(got, " "), list.More, test.want)
		}
	}
}
