package stackfile

import (
	"fmt"
	"net/netip"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// subnet checks one subnet for itself. It reports whether its network could be read.
func (c *checker) subnet(at string, s *v1alpha1.Subnet, f family) (netip.Prefix, bool) {
	var taken []fieldOption
	if len(s.Routers) > 0 {
		taken = append(taken, fieldOption{"routers", 3, "routers"})
	}
	if f == ipv4 {
		if len(s.DNSServers) > 0 {
			taken = append(taken, fieldOption{"domain-name-servers", 6, "dnsServers"})
		}
		if s.Domain != "" {
			taken = append(taken, fieldOption{"domain-name", 15, "domain"})
		}
	} else {
		if len(s.DNSServers) > 0 {
			taken = append(taken, fieldOption{"dns-servers", 23, "dnsServers"})
		}
		if s.Domain != "" {
			taken = append(taken, fieldOption{"domain-search", 24, "domain"})
		}
	}
	c.options(at+".options", s.Options, f, taken)
	for i, d := range s.DNSServers {
		if _, err := f.address(d); err != nil {
			c.add(element(at+".dnsServers", i), "%v", err)
		}
	}
	if s.Domain != "" {
		c.hostName(at+".domain", s.Domain)
	}
	c.subnetLeaseTime(at+".leaseTime", s, f)
	c.ownConfig(at+".config", s.Config, subnetMembers())

	network, ok := c.subnetNetwork(at, s, f)
	x := &inside{checker: c, family: f, network: network, known: ok}
	pools := x.pools(at+".pools", s.Pools)
	routers := x.routers(at+".routers", s.Routers, pools)
	x.reservations(at+".reservations", s.Reservations, routers)
	return network, ok
}

func (c *checker) subnetNetwork(at string, s *v1alpha1.Subnet, f family) (netip.Prefix, bool) {
	if s.Subnet == "" {
		if !c.bad(at + ".subnet") {
			c.add(at, "has no subnet: state its network, as in subnet: %s", map[family]string{ipv4: "192.0.2.0/24", ipv6: "2001:db8::/64"}[f])
		}
		return netip.Prefix{}, false
	}
	network, err := f.network(s.Subnet)
	if err != nil {
		c.add(at+".subnet", "%v", err)
		return netip.Prefix{}, false
	}
	return network, true
}

func (c *checker) subnetLeaseTime(at string, s *v1alpha1.Subnet, f family) {
	if s.LeaseTime == nil || !c.wholeSeconds(at, *s.LeaseTime) {
		return
	}
	name, d := "dhcp4", c.stack.Spec.Kea.DHCP4
	if f == ipv6 {
		name, d = "dhcp6", c.stack.Spec.Kea.DHCP6
	}
	if most := d.MaxLeaseTime.Duration; s.LeaseTime.Duration > most && !c.bad("spec.kea."+name+".maxLeaseTime") {
		c.add(at, "is %s, longer than spec.kea.%s.maxLeaseTime, %s", short(s.LeaseTime.Duration), name, short(most))
	}
}

// inside checks what lies in a subnet.
type inside struct {
	*checker
	family  family
	network netip.Prefix
	known   bool // the network could be read
}

// lies checks that an address is one that a host of the subnet can have.
func (x *inside) lies(at string, a netip.Addr) bool {
	switch {
	case !x.known:
		return true
	case !x.network.Contains(a):
		x.add(at, "is %s, outside the subnet %s", a, x.network)
		return false
	}
	if what := x.special(a); what != "" {
		x.add(at, "is %s, the subnet's %s", a, what)
		return false
	}
	return true
}

// special is what an address means when no host can have it.
func (x *inside) special(a netip.Addr) string {
	if x.family == ipv6 || x.network.Bits() > 30 {
		return ""
	}
	switch s := spanOf(x.network); a {
	case s.first:
		return "network address"
	case s.last:
		return "broadcast address"
	}
	return ""
}

// pools returns those that could be read, by their index.
func (x *inside) pools(at string, pools []string) map[int]span {
	all := make(map[int]span)
	for i, s := range pools {
		path := element(at, i)
		if x.bad(path) {
			continue
		}
		p, err := x.family.pool(s)
		if err != nil {
			x.add(path, "%v", err)
			continue
		}
		if !x.poolLies(path, s, p) {
			continue
		}
		for j := range i {
			if other, ok := all[j]; ok && p.overlaps(other) {
				x.add(path, "is %s, which overlaps [%d], %s", s, j, pools[j])
				break
			}
		}
		if p.first == p.last && x.stack.Spec.HighAvailability.Mode == v1alpha1.LoadBalancing {
			x.add(path, "is one address, but with load-balancing each server gets half of every pool: make it two or more, or take hot-standby")
		}
		all[i] = p
	}
	return all
}

func (x *inside) poolLies(at, text string, p span) bool {
	if !x.known {
		return true
	}
	whole := spanOf(x.network)
	if !whole.contains(p.first) || !whole.contains(p.last) {
		x.add(at, "is %s, which is not inside the subnet %s", text, x.network)
		return false
	}
	first, last := x.special(p.first), x.special(p.last)
	if first == "" && last == "" {
		return true
	}
	from, to := p.first, p.last
	if first == "network address" {
		from = from.Next()
	}
	if last == "broadcast address" {
		to = to.Prev()
	}
	what := first
	if what == "" {
		what = last
	} else if last != "" && last != first {
		what += " and " + last
	}
	right := "take it out"
	if !to.Less(from) && from != whole.last && to != whole.first {
		right = fmt.Sprintf("write %s-%s", from, to)
	}
	x.add(at, "is %s, which holds the subnet's %s: %s", text, what, right)
	return false
}

// routers returns the addresses, for no client may have them.
func (x *inside) routers(at string, routers []string, pools map[int]span) map[netip.Addr]bool {
	if x.family == ipv6 {
		if len(routers) > 0 {
			x.add(at, "is DHCPv4's alone: IPv6 routers announce themselves; take it out")
		}
		return nil
	}
	all := make(map[netip.Addr]bool)
	for i, r := range routers {
		path := element(at, i)
		a, err := x.family.address(r)
		if err != nil {
			x.add(path, "%v", err)
			continue
		}
		if !x.lies(path, a) {
			continue
		}
		all[a] = true
		for j, p := range pools {
			if p.contains(a) {
				x.add(path, "is %s, inside pools[%d]: a client could get it; leave it out of the pool", a, j)
			}
		}
	}
	return all
}
