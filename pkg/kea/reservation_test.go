package kea

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestReservations(t *testing.T) {
	const text = `{"Dhcp6":{
		"reservations":[{"duid":"01:02:03:0a:0b","ip-addresses":[],"hostname":"everywhere.example.org"},{"hostname":"nobody"}],
		"subnet6":[{"id":1,"subnet":"2001:db8:10::/64","reservations":[
			{"duid":"0x01020304","ip-addresses":["2001:db8:10::5","2001:db8:10::6","?"],"prefixes":["2001:db8:8000:100::/56","2001:db8::"],
			 "client-classes":["printers","slow"],"hostname":"p1"},
			{"hw-address":"2:0:0:0:0:a","option-data":[{"name":"dns-servers","data":"2001:db8::53"}]},
			{"flex-id":"'port 7'"},
			{"duid":"01:xx"}, {"duid":7}, 5
		]}],
		"shared-networks":[{"name":"n","subnet6":[{"id":2,"reservations":[{"duid":"0102","ip-addresses":["2001:db8:20::5"]}]}]}]}}`
	c, err := ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got := [][]HostReservation{c.GlobalReservations, c.Subnets[0].Reservations, c.Subnets[1].Reservations}
	want := [][]HostReservation{
		{{IdentifierType: "duid", Identifier: []byte{1, 2, 3, 10, 11}, Hostname: "everywhere.example.org"}},
		{
			{
				IdentifierType: "duid", Identifier: []byte{1, 2, 3, 4}, Addresses: []netip.Addr{ip("2001:db8:10::5"), ip("2001:db8:10::6")},
				Prefixes: []netip.Prefix{netip.MustParsePrefix("2001:db8:8000:100::/56")},
				Hostname: "p1", ClientClasses: []string{"printers", "slow"},
			},
			{IdentifierType: "hw-address", Identifier: []byte{2, 0, 0, 0, 0, 10}},
			{IdentifierType: "flex-id", Identifier: []byte("port 7")},
		},
		{{IdentifierType: "duid", Identifier: []byte{1, 2}, Addresses: []netip.Addr{ip("2001:db8:20::5")}}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	skipped := []string{
		"reservations[1]: a reservation for nobody",
		"subnet6[0].reservations[0].ip-addresses: not an IP address",
		"subnet6[0].reservations[0].prefixes: not an IPv6 prefix",
		"subnet6[0].reservations[3].duid: not an identifier",
		"subnet6[0].reservations[4].duid: not an identifier",
	}
	if diff := cmp.Diff(skipped, c.Skipped); diff != "" {
		t.Error(diff)
	}
}

func TestParseIdentifier(t *testing.T) {
	for text, want := range map[string]string{
		"1a:1B:1c": "1a:1b:1c", "1a 1b 1c": "1a:1b:1c", "0x1a1b": "1a:1b", "1a1b": "1a:1b", "a1b": "0a:1b", "1:2:a": "01:02:0a",
		"'foo'": "66:6f:6f", "a": "0a", "''": "", "": "", "0x": "", "1a:": "", "1a::1b": "", "1a1b:1c": "", "1g": "", "'": "", "1a-1b": "",
	} {
		got, ok := parseIdentifier(text)
		if octets(got) != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", text, octets(got), ok, want)
		}
	}
}

func FuzzParseIdentifier(f *testing.F) {
	for _, seed := range []string{"1a:1B:1c", "1a 1b 1c", "0x1a1b", "a1b", "'foo'", "''", "1a::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := parseIdentifier(text)
		if ok != (len(id) > 0) {
			t.Fatalf("%q is %x, %v", text, id, ok)
		}
		if again, _ := parseIdentifier(octets(id)); ok && octets(again) != octets(id) {
			t.Fatalf("%q is %x, written %q it is %x", text, id, octets(id), again)
		}
	})
}
