package stackfile

import (
	"net/netip"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// prefixPools checks what is delegated. It returns the prefixes, which must differ everywhere.
func (c *checker) prefixPools(at string, s *v1alpha1.Subnet, f family) []place {
	if f == ipv4 {
		if len(s.PrefixPools) > 0 {
			c.add(at+".prefixPools", "are DHCPv6's: move them to a subnet of subnets6")
		}
		return nil
	}
	var all []place
	for i, p := range s.PrefixPools {
		path := element(at+".prefixPools", i)
		if c.bad(path) || c.bad(path+".prefix") {
			continue
		}
		if p.Prefix == "" {
			c.add(path, "has no prefix: state it, as in prefix: 2001:db8:8000::/40")
			continue
		}
		prefix, err := f.network(p.Prefix)
		if err != nil {
			c.add(path+".prefix", "%v", err)
			continue
		}
		c.delegated(path, prefix, p.Delegated)
		for j, text := range s.Pools {
			if pool, err := f.pool(text); err == nil && pool.overlaps(spanOf(prefix)) {
				c.add(path+".prefix", "is %s, which overlaps pools[%d], %s: what is delegated cannot be handed out as addresses", prefix, j, text)
			}
		}
		all = append(all, place{path + ".prefix", prefix})
	}
	return all
}

func (c *checker) delegated(at string, prefix netip.Prefix, length int) {
	path := at + ".delegated"
	switch {
	case c.bad(path):
	case length == 0:
		c.add(at, "has no delegated: state the length of what each client gets, as in delegated: 56")
	case length < prefix.Bits() || length > 128:
		c.add(path, "is %d; expected %d, the prefix's own length, to 128", length, prefix.Bits())
	case length == prefix.Bits() && c.stack.Spec.HighAvailability.Mode == v1alpha1.LoadBalancing:
		c.add(path, "is %d, so the pool is one prefix, but with load-balancing each server gets half of every pool: delegate longer prefixes, or take hot-standby", length)
	}
}
