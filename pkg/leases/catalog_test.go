package leases

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// parse reads a configuration as a daemon would.
func parse(t *testing.T, text string) *kea.Config {
	t.Helper()
	c, err := kea.ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Skipped) > 0 {
		t.Fatalf("skipped: %q", c.Skipped)
	}
	return &c
}

// office has VLANs of one subnet, of two in a shared network, and a subnet that does not say its VLAN.
const office4 = `{"Dhcp4": {
	"subnet4": [
		{"id": 10, "subnet": "10.10.0.0/16", "user-context": {"vlan": 10, "name": "users"}, "pools": [{"pool": "10.10.1.0 - 10.10.1.99"}],
		 "reservations": [
			{"hw-address": "02:00:00:00:00:01", "ip-address": "10.10.1.7", "hostname": "printer"},
			{"hw-address": "02:00:00:00:00:02", "ip-address": "10.10.9.9"}]},
		{"id": 40, "subnet": "10.40.0.0/24", "pools": [{"pool": "10.40.0.0/28"}]},
		{"id": 50, "subnet": "10.50.0.0/24", "pools": []}],
	"shared-networks": [{"name": "vlan30-guests", "subnet4": [
		{"id": 31, "subnet": "10.31.0.0/24", "pools": [{"pool": "10.31.0.1 - 10.31.0.10"}]},
		{"id": 30, "subnet": "10.30.0.0/24", "pools": [{"pool": "10.30.0.1 - 10.30.0.10"}]}]}]
}}`

const office6 = `{"Dhcp6": {"subnet6": [
	{"id": 10, "subnet": "2001:db8:10::/64", "user-context": {"vlan": 10, "name": "users"}, "pools": [{"pool": "2001:db8:10::/64"}],
	 "pd-pools": [{"prefix": "2001:db8:8000::", "prefix-len": 40, "delegated-len": 56}]}]
}}`

func catalog(t *testing.T, services []inventory.DHCPService, given map[int][]netip.Prefix) *Catalog {
	t.Helper()
	peer := parse(t, office4)
	return NewCatalog([]*kea.Config{parse(t, office4), nil, parse(t, office6), peer}, inventory.VLANRules{Services: services, Map: given})
}

// shown is a subnet in one line.
func shown(s *Subnet) string {
	if s == nil {
		return "none"
	}
	return string(s.Service) + " " + s.CIDR.String() + " " + s.Label() + " by " + s.VLAN.Source
}

func TestCatalog(t *testing.T) {
	services := []inventory.DHCPService{
		{Kind: "DHCPv4Service", Name: "cameras", Service: kea.DHCP4, VLAN: 40, First: netip.MustParseAddr("10.40.0.1"), Last: netip.MustParseAddr("10.40.0.9")},
		{Kind: "DHCPv4Service", Name: "elsewhere", Service: kea.DHCP4, VLAN: 41, First: netip.MustParseAddr("10.40.0.1"), Last: netip.MustParseAddr("10.41.0.9")},
	}
	given := map[int][]netip.Prefix{
		50: {netip.MustParsePrefix("10.48.0.0/12"), netip.MustParsePrefix("172.16.0.0/12")},
		51: {netip.MustParsePrefix("10.50.0.0/16")},
		10: {netip.MustParsePrefix("10.40.0.0/24")},
	}
	c := catalog(t, services, given)
	got := []string{}
	for i := range c.Subnets {
		got = append(got, shown(&c.Subnets[i]))
	}
	want := []string{
		"dhcp4 10.10.0.0/16 VLAN 10 (users) by subnet's user-context",
		"dhcp4 10.30.0.0/24 VLAN 30 (vlan30-guests) by shared network's name",
		"dhcp4 10.31.0.0/24 VLAN 30 (vlan30-guests) by shared network's name",
		"dhcp4 10.40.0.0/24 VLAN 40 (cameras) by DHCPv4Service cameras",
		"dhcp4 10.50.0.0/24 VLAN 51 by the map",
		"dhcp6 2001:db8:10::/64 VLAN 10 (users) by subnet's user-context",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("subnets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"the map's 50=172.16.0.0/12 holds no subnet of the configuration"}, c.Mistakes); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"10", "30", "40", "51", "cameras", "users", "vlan30-guests"}, c.VLANs()); diff != "" {
		t.Errorf("VLANs (-want +got):\n%s", diff)
	}
	if len(c.Reserved) != 2 {
		t.Errorf("%d reservations, the peers have the same two", len(c.Reserved))
	}
}

func TestCatalogAsked(t *testing.T) {
	c := catalog(t, nil, nil)
	type ids = map[kea.Service][]uint32
	for asked, want := range map[string]ids{
		"10": {kea.DHCP4: {10}, kea.DHCP6: {10}}, "VLAN 10": {kea.DHCP4: {10}, kea.DHCP6: {10}}, "vlan30": {kea.DHCP4: {30, 31}},
		"USERS": {kea.DHCP4: {10}, kea.DHCP6: {10}}, "vlan30-guests": {kea.DHCP4: {30, 31}},
	} {
		got, err := c.VLAN(asked)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("VLAN %s: %v (-want +got):\n%s", asked, err, diff)
		}
	}
	for asked, want := range map[string]ids{
		"10.30.0.0/24": {kea.DHCP4: {30}}, "10.30.0.0/15": {kea.DHCP4: {30, 31}}, "31": {kea.DHCP4: {31}},
		"99": {kea.DHCP4: {99}, kea.DHCP6: {99}}, "2001:db8::/32": {kea.DHCP6: {10}},
	} {
		got, err := c.Subnet(asked)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("subnet %s: %v (-want +got):\n%s", asked, err, diff)
		}
	}
	for asked, want := range map[string]string{
		"user": `no VLAN "user"; there is users, 10, 30, vlan30-guests`, "20": `no VLAN "20"; there is 10, 30, users, vlan30-guests`,
	} {
		var unknown *UnknownError
		if _, err := c.VLAN(asked); !errors.As(err, &unknown) || err.Error() != want {
			t.Errorf("VLAN %s: %v, want %s", asked, err, want)
		}
	}
	var unknown *UnknownError
	if _, err := c.Subnet("10.10.0.0/17"); !errors.As(err, &unknown) || unknown.Nearest[0] != "10.10.0.0/16" {
		t.Errorf("subnet inside of one: %v", err)
	}
}

func TestCatalogFind(t *testing.T) {
	// Another deployment of the namespace uses number 10 too.
	other := parse(t, `{"Dhcp4": {"subnet4": [{"id": 10, "subnet": "192.168.10.0/24", "pools": []}]}}`)
	c := NewCatalog([]*kea.Config{parse(t, office4), parse(t, office6), other}, inventory.VLANRules{})
	for _, test := range []struct {
		service kea.Service
		id      uint32
		address string
		want    string
	}{
		{kea.DHCP4, 10, "10.10.1.1", "dhcp4 10.10.0.0/16 VLAN 10 (users) by subnet's user-context"},
		{kea.DHCP4, 10, "192.168.10.1", "dhcp4 192.168.10.0/24 192.168.10.0/24 by "},
		{kea.DHCP6, 10, "2001:db8:8000:100::", "dhcp6 2001:db8:10::/64 VLAN 10 (users) by subnet's user-context"},
		{kea.DHCP4, 99, "10.99.0.1", "none"},
		{kea.DHCP6, 31, "2001:db8::1", "none"},
	} {
		if got := shown(c.Find(test.service, test.id, netip.MustParseAddr(test.address))); got != test.want {
			t.Errorf("%d %s: %s, want %s", test.id, test.address, got, test.want)
		}
	}
	for address, want := range map[string]string{
		"10.10.1.1":            "dhcp4 10.10.0.0/16 VLAN 10 (users) by subnet's user-context",
		"2001:db8:80ff:ff00::": "dhcp6 2001:db8:10::/64 VLAN 10 (users) by subnet's user-context",
		"172.16.0.1":           "none",
	} {
		if got := shown(c.Holding(netip.MustParseAddr(address))); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	l := Lease{Service: kea.DHCP4, SubnetID: 99, Address: netip.MustParseAddr("10.99.0.1"), VLAN: 7, VLANName: "old", Subnet: "old"}
	if c.Place(&l); !l.Orphan() || l.VLAN != 0 || l.VLANName != "" {
		t.Errorf("a lease of no subnet: %+v", l)
	}
	l.SubnetID = 31
	if c.Place(&l); l.Orphan() || l.VLAN != 30 || l.Subnet != "10.31.0.0/24" {
		t.Errorf("a lease of subnet 31: %+v", l)
	}
}
