package restore

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

func TestLossesStandInTheirVLANs(t *testing.T) {
	configs := []*kea.Config{
		{Service: kea.DHCP4, Subnets: []kea.Subnet{{ID: 1, CIDR: netip.MustParsePrefix("10.20.0.0/16")}, {ID: 2, CIDR: netip.MustParsePrefix("10.10.0.0/16")}}},
		{Service: kea.DHCP6, Subnets: []kea.Subnet{{ID: 1, CIDR: netip.MustParsePrefix("2001:db8::/64")}}},
	}
	catalog := leases.NewCatalog(configs, inventory.VLANRules{Map: map[int][]netip.Prefix{10: {netip.MustParsePrefix("10.10.0.0/16")}, 20: {netip.MustParsePrefix("10.20.0.0/16")}}})
	got := losses([]keadb.AfterCount{
		{Family: keadb.IPv6, SubnetID: 1, Leases: 5},
		{Family: keadb.IPv4, SubnetID: 77, Leases: 1},
		{Family: keadb.IPv4, SubnetID: 1, Leases: 3},
		{Family: keadb.IPv4, SubnetID: 2, Leases: 4},
		{Family: keadb.IPv4, SubnetID: 3},
	}, catalog)
	want := []Loss{
		{Service: "dhcp4", VLAN: 10, Subnet: "10.10.0.0/16", SubnetID: 2, Leases: 4},
		{Service: "dhcp4", VLAN: 20, Subnet: "10.20.0.0/16", SubnetID: 1, Leases: 3},
		{Service: "dhcp4", SubnetID: 77, Leases: 1},
		{Service: "dhcp6", Subnet: "2001:db8::/64", SubnetID: 1, Leases: 5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
