package leases

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// vlanKey is a VLAN of one service, or a subnet that belongs to none.
type vlanKey struct {
	service kea.Service
	id      int
	name    string
	subnet  string // "" for a VLAN
}

// byVLAN adds up the counters of subnets.
func (p *poll) byVLAN(counts map[subnetKey]SubnetCount) map[vlanKey]SubnetCount {
	sums := map[vlanKey]SubnetCount{}
	for key, c := range counts {
		v := vlanKey{service: key.service, subnet: p.d.subnetName(key.service, key.subnet)}
		if found := p.d.catalog.byID[key.service][key.subnet]; len(found) > 0 && found[0].VLAN.ID != 0 {
			v = vlanKey{service: key.service, id: found[0].VLAN.ID, name: found[0].VLAN.Name}
		}
		sum := sums[v]
		sums[v] = SubnetCount{Assigned: sum.Assigned.Add(c.Assigned), Declined: sum.Declined.Add(c.Declined), Prefixes: sum.Prefixes.Add(c.Prefixes)}
	}
	return sums
}

// vlansOf are the VLANs of both, in order.
func vlansOf(a, b map[vlanKey]SubnetCount) []vlanKey {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.SortedFunc(maps.Keys(all), func(a, b vlanKey) int {
		return cmp.Or(cmp.Compare(orLast(a.id), orLast(b.id)), cmp.Compare(a.service, b.service), cmp.Compare(a.subnet, b.subnet))
	})
}
