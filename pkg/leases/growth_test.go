package leases

import (
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestFill(t *testing.T) {
	usage := func(free uint64) VLANUsage {
		return VLANUsage{
			Service: kea.DHCP4, Amount: Amount{Total: kea.CountOf(1000), Free: kea.CountOf(free)},
			Subnets: []SubnetUsage{{ID: 1}, {ID: 2}},
		}
	}
	rates := func(granted1, net1, granted2, net2 float64) map[subnetKey]rate {
		return map[subnetKey]rate{{kea.DHCP4, 1}: {granted1, net1}, {kea.DHCP4, 2}: {granted2, net2}, {kea.DHCP6, 1}: {900, 900}, {kea.DHCP4, 3}: {900, 900}}
	}
	for name, test := range map[string]struct {
		free    uint64
		rates   map[subnetKey]rate
		perHour float64 // -1: not known
		want    string
	}{
		"no history":     {100, nil, -1, ""},
		"nothing came":   {100, map[subnetKey]rate{}, 0, ""},
		"both subnets":   {100, rates(30, 15, 10, 5), 40, "5h"},
		"it empties":     {100, rates(30, -5, 10, 2), 40, ""},
		"within minutes": {10, rates(30, 30, 0, 0), 30, "20m"},
		"full":           {0, rates(30, 30, 0, 0), 30, "0m"},
		"days":           {100, rates(9, 1, 0, 0), 9, "4d4h"},
		"months":         {1000, rates(1, 1, 0, 0), 1, "41d"},
		"years":          {100000, rates(1, 1, 0, 0), 1, "more than a year"},
	} {
		v := usage(test.free)
		v.fill(test.rates)
		got := -1.0
		if v.PerHour != nil {
			got = *v.PerHour
		}
		if got != test.perHour || v.FullIn != test.want {
			t.Errorf("%s: %v an hour, full in %q; want %v, %q", name, got, v.FullIn, test.perHour, test.want)
		}
	}
}
