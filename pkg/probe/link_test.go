package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

const campus = `{"Dhcp4": {
  "subnet4": [
    {"id": 20, "subnet": "10.20.0.0/24", "pools": [{"pool": "10.20.0.10-10.20.0.20"}], "user-context": {"vlan": 20, "name": "voice"}},
    {"id": 1, "subnet": "192.0.2.0/24"}],
  "shared-networks": [{"name": "vlan10", "user-context": {"name": "users"}, "subnet4": [
    {"id": 10, "subnet": "10.10.0.0/24", "pools": [{"pool": "10.10.0.10-10.10.0.20"}]},
    {"id": 11, "subnet": "10.10.1.0/24", "pools": [{"pool": "10.10.1.10-10.10.1.20"}]}]}]}}`

func configured(t *testing.T) []Configured {
	t.Helper()
	config, err := kea.ParseConfig([]byte(campus))
	if err != nil {
		t.Fatal(err)
	}
	servers := []Configured{{Server: inventory.Server{Pod: "kea-2", Service: kea.DHCP4}}} // its configuration is not known
	for _, name := range []string{"kea-0", "kea-1"} {
		servers = append(servers, Configured{inventory.Server{Pod: name, Service: kea.DHCP4}, &config})
	}
	return servers
}

func TestLinks(t *testing.T) {
	links := Links(configured(t), inventory.VLANRules{})
	got := []string{}
	for _, l := range links {
		subnets := []string{}
		for _, s := range l.Subnets {
			subnets = append(subnets, s.CIDR.String())
		}
		got = append(got, fmt.Sprintf("%d %s %s: %d servers", l.VLAN.ID, l.VLAN.Name, strings.Join(subnets, "+"), len(l.Servers)))
	}
	want := []string{"0  192.0.2.0/24: 2 servers", "10 users 10.10.0.0/24+10.10.1.0/24: 2 servers", "20 voice 10.20.0.0/24: 2 servers"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if l := links[1]; l.Address().String() != "10.10.0.0" || !l.Holds(netip.MustParseAddr("10.10.1.9")) || l.Holds(netip.MustParseAddr("10.20.0.9")) {
		t.Error("a shared network's subnets belong together")
	}
}

func TestWanted(t *testing.T) {
	servers := configured(t)
	links := Links(servers, inventory.VLANRules{})
	catalog := leases.NewCatalog([]*kea.Config{servers[1].Config}, inventory.VLANRules{})
	for name, c := range map[string]struct {
		wanted  Wanted
		links   int
		servers int
		unknown string
	}{
		"everything":         {links: 3, servers: 2},
		"a VLAN by number":   {wanted: Wanted{VLANs: []string{"10"}}, links: 1, servers: 2},
		"VLANs by name":      {wanted: Wanted{VLANs: []string{"users", "Voice"}}, links: 2, servers: 2},
		"a server":           {wanted: Wanted{Servers: []string{"kea-1/dhcp4"}}, links: 3, servers: 1},
		"a server's pod":     {wanted: Wanted{Servers: []string{"kea-0"}}, links: 3, servers: 1},
		"the other family":   {wanted: Wanted{Services: []kea.Service{kea.DHCP6}}},
		"no such VLAN":       {wanted: Wanted{VLANs: []string{"11"}}, unknown: "VLAN"},
		"no such server":     {wanted: Wanted{Servers: []string{"kea-9"}}, unknown: "server"},
		"a server not known": {wanted: Wanted{Servers: []string{"kea-2"}}, unknown: "server"},
	} {
		got, err := c.wanted.choose(links, catalog)
		var unknown *leases.UnknownError
		if errors.As(err, &unknown) != (c.unknown != "") || unknown != nil && unknown.What != c.unknown {
			t.Errorf("%s: %v", name, err)
		}
		if len(got) != c.links || len(got) > 0 && len(got[0].Servers) != c.servers {
			t.Errorf("%s: %d links", name, len(got))
		}
	}
}
