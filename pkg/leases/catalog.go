package leases

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Catalog knows the subnets of a deployment, each with its VLAN. Leases carry a subnet's number only.
type Catalog struct {
	Subnets []Subnet // by service, VLAN and address
	// Reserved are the reservations that stand in the configurations.
	Reserved []Reserved
	// Mistakes are what is wrong with where VLANs come from, each a sentence: a map's prefix that no subnet lies in.
	Mistakes []string

	byID map[kea.Service]map[uint32][]*Subnet
}

// Subnet is a subnet of the configuration with its VLAN.
type Subnet struct {
	Service kea.Service
	VLAN    inventory.VLAN
	kea.Subnet

	text string // of the CIDR: every lease is given it
}

// Label names the subnet's VLAN for people, or the subnet where there is none: "VLAN 10 (users)", "10.10.0.0/16".
func (s *Subnet) Label() string { return vlanLabel(s.VLAN.ID, s.VLAN.Name, s.CIDR.String()) }

// Pool is the pool that holds an address; false outside of all.
func (s *Subnet) Pool(a netip.Addr) (kea.Pool, bool) {
	for _, p := range s.Pools {
		if p.Contains(a) {
			return p, true
		}
	}
	return kea.Pool{}, false
}

// PDPool is the pool that a delegated prefix comes from.
func (s *Subnet) PDPool(a netip.Addr) (kea.PDPool, bool) {
	for _, p := range s.PDPools {
		if p.Prefix.Contains(a) {
			return p, true
		}
	}
	return kea.PDPool{}, false
}

// NewCatalog puts together the subnets of configurations; peers' are the same and count once.
func NewCatalog(configs []*kea.Config, rules inventory.VLANRules) *Catalog {
	c := &Catalog{byID: map[kea.Service]map[uint32][]*Subnet{}}
	type key struct {
		service kea.Service
		id      uint32
		cidr    netip.Prefix
	}
	seen, counted := map[key]bool{}, map[string]bool{}
	for _, config := range configs {
		if config == nil {
			continue
		}
		for _, r := range configured(config) {
			if name := fmt.Sprintf("%s %d %s %s", r.Service, r.SubnetID, r.identifier(), r.what()); !counted[name] {
				counted[name] = true
				c.Reserved = append(c.Reserved, r)
			}
		}
		for _, subnet := range config.Subnets {
			k := key{config.Service, subnet.ID, subnet.CIDR}
			if seen[k] || !subnet.CIDR.IsValid() {
				continue
			}
			seen[k] = true
			c.Subnets = append(c.Subnets, Subnet{Service: config.Service, VLAN: rules.Of(config.Service, subnet), Subnet: subnet, text: subnet.CIDR.String()})
		}
	}
	c.unused(rules.Map)
	slices.SortStableFunc(c.Subnets, compareSubnets)
	for i := range c.Subnets {
		s := &c.Subnets[i]
		if c.byID[s.Service] == nil {
			c.byID[s.Service] = map[uint32][]*Subnet{}
		}
		c.byID[s.Service][s.ID] = append(c.byID[s.Service][s.ID], s)
	}
	return c
}

func compareSubnets(a, b Subnet) int {
	return cmp.Or(
		cmp.Compare(a.Service, b.Service), cmp.Compare(orLast(a.VLAN.ID), orLast(b.VLAN.ID)),
		a.CIDR.Addr().Compare(b.CIDR.Addr()), cmp.Compare(a.ID, b.ID),
	)
}

// orLast puts what belongs to no VLAN behind the rest.
func orLast(vlan int) int {
	if vlan == 0 {
		return 1 << 16
	}
	return vlan
}

// unused notes what of a map is of no use: a typing error would go unseen otherwise.
func (c *Catalog) unused(given map[int][]netip.Prefix) {
	for vlan, prefixes := range given {
		for _, p := range prefixes {
			if !slices.ContainsFunc(c.Subnets, func(s Subnet) bool { return inventory.Within(s.CIDR, p) }) {
				c.Mistakes = append(c.Mistakes, fmt.Sprintf("the map's %d=%s holds no subnet of the configuration", vlan, p))
			}
		}
	}
	slices.Sort(c.Mistakes)
}

// Find is the subnet with a number. Where deployments of one namespace use a number twice, it is the one that holds the
// address. nil: the configuration has no such subnet.
func (c *Catalog) Find(s kea.Service, id uint32, a netip.Addr) *Subnet {
	found := c.byID[s][id]
	for _, subnet := range found {
		if subnet.CIDR.Contains(a) {
			return subnet
		}
	}
	if len(found) > 0 {
		return found[0] // a prefix lies outside its subnet
	}
	return nil
}

// Holding is the subnet that an address lies in, the longest prefix if several do; nil for none.
func (c *Catalog) Holding(a netip.Addr) *Subnet {
	var best *Subnet
	for i := range c.Subnets {
		s := &c.Subnets[i]
		_, delegated := s.PDPool(a)
		if (s.CIDR.Contains(a) || delegated) && (best == nil || s.CIDR.Bits() > best.CIDR.Bits()) {
			best = s
		}
	}
	return best
}

// Place fills in where a lease belongs.
func (c *Catalog) Place(l *Lease) {
	if s := c.Find(l.Service, l.SubnetID, l.Address); s != nil {
		l.VLAN, l.VLANName, l.Subnet = s.VLAN.ID, s.VLAN.Name, s.text
		return
	}
	l.VLAN, l.VLANName, l.Subnet = 0, "", ""
}

// VLANs are the names by which VLANs can be asked for, each once: numbers, then names.
func (c *Catalog) VLANs() []string {
	var numbers []int
	var names []string
	for _, s := range c.Subnets {
		if s.VLAN.ID != 0 && !slices.Contains(numbers, s.VLAN.ID) {
			numbers = append(numbers, s.VLAN.ID)
		}
		if s.VLAN.Name != "" && !slices.Contains(names, s.VLAN.Name) {
			names = append(names, s.VLAN.Name)
		}
	}
	slices.Sort(numbers)
	slices.Sort(names)
	out := []string{}
	for _, n := range numbers {
		out = append(out, itoa(n))
	}
	return append(out, names...)
}

// UnknownError says that no VLAN or subnet is called so. Nearest are names like it, best first.
type UnknownError struct {
	What, Asked string // "VLAN", "subnet"
	Nearest     []string
	More        int // that there are beside the nearest
}

// Error implements error.
func (e *UnknownError) Error() string {
	text := "no " + e.What + " " + quote(e.Asked)
	if len(e.Nearest) > 0 {
		text += "; there is " + strings.Join(e.Nearest, ", ")
	}
	if e.More > 0 {
		text += fmt.Sprintf(" and %d more", e.More)
	}
	return text
}

func unknown(what, asked string, names []string) error {
	near := nearest(asked, names)
	return &UnknownError{what, asked, near, len(names) - len(near)}
}

// VLAN is the subnets of a VLAN, by number or by name (case does not matter). Error: *UnknownError.
func (c *Catalog) VLAN(asked string) (map[kea.Service][]uint32, error) {
	found := map[kea.Service][]uint32{}
	number := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(asked)), "vlan")
	for _, s := range c.Subnets {
		if s.VLAN.ID != 0 && itoa(s.VLAN.ID) == strings.TrimLeft(number, " -_") || s.VLAN.Name != "" && strings.EqualFold(s.VLAN.Name, asked) {
			found[s.Service] = append(found[s.Service], s.ID)
		}
	}
	if len(found) == 0 {
		return nil, unknown("VLAN", asked, c.VLANs())
	}
	return found, nil
}

// Subnet is the subnets with a number or with an address range; those inside a given prefix too. Error: *UnknownError.
func (c *Catalog) Subnet(asked string) (map[kea.Service][]uint32, error) {
	found := map[kea.Service][]uint32{}
	prefix, err := netip.ParsePrefix(strings.TrimSpace(asked))
	for _, s := range c.Subnets {
		if err == nil && inventory.Within(s.CIDR, prefix) || err != nil && utoa(s.ID) == strings.TrimSpace(asked) {
			found[s.Service] = append(found[s.Service], s.ID)
		}
	}
	if len(found) == 0 && err != nil {
		// A subnet that the configuration has no more may still have leases: its number is taken as it is.
		if id, ok := atou(strings.TrimSpace(asked)); ok {
			return map[kea.Service][]uint32{kea.DHCP4: {id}, kea.DHCP6: {id}}, nil
		}
	}
	if len(found) == 0 {
		names := []string{}
		for _, s := range c.Subnets {
			names = append(names, s.CIDR.String())
		}
		return nil, unknown("subnet", asked, names)
	}
	return found, nil
}
