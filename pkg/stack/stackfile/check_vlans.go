package stackfile

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// everywhere is what must differ between all subnets of a family.
type everywhere struct {
	ids      map[int]string        // the path of the subnet by its id
	relays   map[netip.Addr]string // the path of the VLAN by its relay
	networks []place
	prefixes []place
}

// place is a network and where the file states it.
type place struct {
	at      string
	network netip.Prefix
}

func (c *checker) vlans() {
	ids, names := make(map[int]string), make(map[string]string)
	all4 := &everywhere{ids: make(map[int]string), relays: make(map[netip.Addr]string)}
	all6 := &everywhere{ids: make(map[int]string), relays: make(map[netip.Addr]string)}
	for i := range c.stack.Spec.VLANs {
		v := &c.stack.Spec.VLANs[i]
		at := element("spec.vlans", i)
		if c.bad(at) {
			continue
		}
		c.vlan(at, v)
		if other, ok := ids[v.ID]; ok && v.ID != 0 {
			c.add(at+".id", "is %d, as is %s's: a VLAN's subnets all belong into one entry", v.ID, other)
		}
		ids[v.ID] = at
		if other, ok := names[v.Name]; ok && v.Name != "" && (c.given(at+".name") || c.given(other+".name")) {
			c.add(at+".name", "is %s, as is %s's: names must differ", quoted(v.Name), other)
		}
		names[v.Name] = at
		c.subnets(at, at+".subnets4", v.Subnets4, ipv4, all4)
		c.subnets(at, at+".subnets6", v.Subnets6, ipv6, all6)
	}
	for _, all := range []*everywhere{all4, all6} {
		c.overlaps(all.networks)
		c.overlaps(all.prefixes)
	}
}

func (c *checker) vlan(at string, v *v1alpha1.VLAN) {
	switch {
	case v.ID == 0 && !c.bad(at+".id"):
		c.add(at, "has no id: state the VLAN's number, 1 to 4094")
	case v.ID > 4094:
		c.add(at+".id", "is %d; expected 1 to 4094", v.ID)
	}
	if n := v.Name; n != "" && (len(n) > maxLabel || strings.TrimSpace(n) != n || strings.ContainsFunc(n, func(r rune) bool { return !unicode.IsPrint(r) })) {
		c.add(at+".name", "is %s; expected %d letters at most, without line breaks and without blanks around it", quoted(n), maxLabel)
	}
	if len(v.Subnets4)+len(v.Subnets6) == 0 && !c.bad(at+".subnets4") && !c.bad(at+".subnets6") {
		c.add(at, "has neither subnets4 nor subnets6: state one, or take the VLAN out")
	}
}

func (c *checker) subnets(vlan, at string, subnets []v1alpha1.Subnet, f family, all *everywhere) {
	for i := range subnets {
		s := &subnets[i]
		path := element(at, i)
		if c.bad(path) {
			continue
		}
		c.subnetID(vlan, path, s.ID, i, all)
		c.relays(vlan, path+".relays", s.Relays, f, all)
		if network, ok := c.subnet(path, s, f); ok {
			all.networks = append(all.networks, place{path + ".subnet", network})
		}
		all.prefixes = append(all.prefixes, c.prefixPools(path, s, f)...)
	}
}

func (c *checker) subnetID(vlan, at string, id, index int, all *everywhere) {
	other, taken := all.ids[id]
	switch {
	case id == 0:
		if index > 0 && !c.bad(at+".id") {
			c.add(at, "has no id: only the first subnet of a VLAN takes the VLAN's; state one that no other has and that never changes")
		}
		return
	case id > maxUnits:
		c.add(at+".id", "is %d; expected 1 to %d", id, int64(maxUnits))
	case taken && !c.given(at+".id"):
		c.add(at, "takes its VLAN's id, %d, which %s has already: state another", id, other)
	case taken && !c.given(other+".id"):
		c.add(at+".id", "is %d, which %s takes from its VLAN: state another", id, other)
	case taken:
		c.add(at+".id", "is %d, as is %s's: leases refer to it, it must differ", id, other)
	}
	if !taken && !c.bad(vlan+".id") {
		all.ids[id] = at
	}
}

func (c *checker) relays(vlan, at string, relays []string, f family, all *everywhere) {
	for i, r := range relays {
		path := element(at, i)
		a, err := f.address(r)
		if err != nil {
			c.add(path, "%v", err)
			continue
		}
		if other, ok := all.relays[a]; ok && other != vlan {
			c.add(path, "is %s, which is a relay of %s too: Kea could not tell the two VLANs apart", r, other)
			continue
		}
		all.relays[a] = vlan
	}
}

// overlaps finds networks that lie in one another, and blames the one that stands later in the file.
func (c *checker) overlaps(all []place) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := all[a].network, all[b].network
		return cmp.Or(x.Addr().Compare(y.Addr()), cmp.Compare(x.Bits(), y.Bits()))
	})
	var around []int // the networks that hold the present one, the widest first
	for _, i := range order {
		for len(around) > 0 && !all[around[len(around)-1]].network.Overlaps(all[i].network) {
			around = around[:len(around)-1]
		}
		if len(around) > 0 {
			a, b := all[min(i, around[len(around)-1])], all[max(i, around[len(around)-1])]
			if a.network == b.network {
				c.add(b.at, "is %s, as is %s", b.network, a.at)
			} else {
				c.add(b.at, "is %s, which overlaps %s, %s", b.network, a.network, a.at)
			}
		}
		around = append(around, i)
	}
}
