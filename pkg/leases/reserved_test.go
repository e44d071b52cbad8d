package leases

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

func TestReservedJudge(t *testing.T) {
	addr := netip.MustParseAddr
	v4 := func(kind string, id Octets, address, hostname string) Reserved {
		r := Reserved{Service: kea.DHCP4, SubnetID: 10, HostReservation: kea.HostReservation{IdentifierType: kind, Identifier: id, Hostname: hostname}}
		if address != "" {
			r.Address = addr(address)
		}
		return r
	}
	mac, id := Octets{2, 0, 0, 0, 0, 20}, Octets{1, 2, 0, 0, 0, 0, 20}
	held := lease("10.10.1.20", 10, 20, func(l *Lease) { l.Hostname = "printer.example.org" })
	duid := Octets{0, 3, 0, 1, 2, 0, 0, 0, 0, 9}
	rfc4361 := lease("10.10.1.20", 10, 20, func(l *Lease) { l.ClientID = append(Octets{255, 0, 0, 0, 1}, duid...) })
	relayed := lease("10.10.1.20", 10, 20, func(l *Lease) {
		l.UserContext = []byte(`{"ISC":{"relay-agent-info":{"sub-options":"0x0103706F72"}}}`)
	})
	delegated := prefix("2001:db8:8000:100::", 56, duid...)
	v6 := Reserved{Service: kea.DHCP6, SubnetID: 10, HostReservation: kea.HostReservation{
		IdentifierType: "duid", Identifier: duid, Addresses: []netip.Addr{addr("2001:db8:10::7")},
	}}
	v6prefix := v6
	v6prefix.Addresses, v6prefix.Prefixes = nil, []netip.Prefix{netip.MustParsePrefix("2001:db8:8000:100::/56")}
	global := v4("hw-address", mac, "", "printer")
	global.SubnetID = 0
	const another, other = "fits false the address is reserved for another client", "fits false the client has another address reserved: it gets it when it renews or starts anew"
	for _, test := range []struct {
		name string
		r    Reserved
		l    Lease
		want string
	}{
		{"its own", v4("hw-address", mac, "10.10.1.20", "printer"), held, "fits true "},
		{"by client id", v4("client-id", id, "10.10.1.20", ""), held, "fits true "},
		{"by the DUID in the client id", v4("duid", duid, "10.10.1.20", ""), rfc4361, "fits true "},
		{"by circuit id", v4("circuit-id", Octets("por"), "10.10.1.20", ""), relayed, "fits true "},
		{"another client's", v4("hw-address", Octets{2}, "10.10.1.20", ""), held, another},
		{"nobody can tell whose", v4("flex-id", Octets{2}, "10.10.1.20", ""), held, "fits true "},
		{"another address", v4("hw-address", mac, "10.10.1.30", ""), held, other},
		{"another name", v4("hw-address", mac, "10.10.1.20", "scanner"), held, "fits false the reservation gives another host name"},
		{"a name that begins alike", v4("hw-address", mac, "10.10.1.20", "print"), held, "fits false the reservation gives another host name"},
		{"of the whole server", global, held, "fits true "},
		{"nothing to do with it", v4("hw-address", Octets{2}, "10.10.1.30", ""), held, "none"},
		{"another subnet's client", func() Reserved { r := v4("hw-address", mac, "10.10.1.30", ""); r.SubnetID = 11; return r }(), held, "none"},
		{"the other family", v6, held, "none"},
		{"an address is reserved, this is a prefix", v6, delegated, "fits true "},
		{"the prefix is reserved", v6prefix, delegated, "fits true "},
	} {
		got := "none"
		if f, ok := test.r.judge(&test.l); ok {
			got = fmt.Sprintf("fits %v %s", f.Fits, f.Why)
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestFromHosts(t *testing.T) {
	addr := netip.MustParseAddr
	ten, everywhere := uint32(10), uint32(0)
	got := []string{}
	for _, r := range fromHosts([]keadb.Host{
		{Type: keadb.ByHWAddress, Identifier: []byte{2, 1}, Subnet4: &ten, Address4: addr("10.10.1.7"), Hostname: "printer"},
		{Type: keadb.ByDUID, Identifier: []byte{0, 3}, Subnet4: &everywhere, Subnet6: &ten, Reserved6: []keadb.Reserved6{
			{Type: keadb.TypeNA, Prefix: netip.MustParsePrefix("2001:db8::7/128")}, {Type: keadb.TypePD, Prefix: netip.MustParsePrefix("2001:db8:8000::/56")},
		}},
	}) {
		got = append(got, fmt.Sprintf("%s %d %s: %s %s from %s", r.Service, r.SubnetID, r.identifier(), r.what(), r.Hostname, r.From))
	}
	want := []string{
		"dhcp4 10 hw-address 02:01: 10.10.1.7 printer from database",
		"dhcp4 0 duid 00:03:   from database",
		"dhcp6 10 duid 00:03: 2001:db8::7, 2001:db8:8000::/56  from database",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
