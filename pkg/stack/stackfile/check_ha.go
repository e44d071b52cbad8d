package stackfile

import (
	"net/netip"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

func (c *checker) highAvailability() {
	const at = "spec.highAvailability"
	h := &c.stack.Spec.HighAvailability
	known := c.oneOf(at+".mode", h.Mode, v1alpha1.HotStandby, v1alpha1.LoadBalancing, v1alpha1.NoHA)
	c.wholeMilliseconds(at+".heartbeatDelay", h.HeartbeatDelay)
	c.wholeMilliseconds(at+".maxResponseDelay", h.MaxResponseDelay)
	c.wholeMilliseconds(at+".maxAckDelay", h.MaxAckDelay)
	if n := *h.MaxUnackedClients; n < 0 {
		c.add(at+".maxUnackedClients", "is %d; expected 0 or more", n)
	}
	c.ports(at + ".ports")
	switch {
	case !known || len(h.PeerAddresses) == 0:
	case h.Mode == v1alpha1.NoHA:
		c.add(at+".peerAddresses", "has no meaning with mode: none; take it out")
	default:
		c.perServer(at+".peerAddresses", h.PeerAddresses, 0)
	}
}

// ports checks that no two listeners of a pod meet.
func (c *checker) ports(at string) {
	p := c.stack.Spec.HighAvailability.Ports
	seen := make(map[int]string)
	for _, x := range []struct {
		name string
		port int
	}{{"ha4", p.HA4}, {"ha6", p.HA6}, {"control4", p.Control4}, {"control6", p.Control6}, {"agent", p.Agent}} {
		path := at + "." + x.name
		if x.port < 0 || x.port > 65535 {
			c.add(path, "is %d; expected 1 to 65535", x.port)
		} else if other, ok := seen[x.port]; ok {
			if !c.given(path) {
				path = at + "." + other
				other = x.name
			}
			c.add(path, "is %d, as is %s: every listener of a pod needs a port of its own", x.port, other)
		} else {
			seen[x.port] = x.name
		}
	}
}

// perServer checks a list with one address for each server. The family is free when it is 0, but the same for all.
func (c *checker) perServer(at string, all []string, f family) {
	servers := c.stack.Servers()
	if c.bad(at) {
		return
	}
	if len(all) != len(servers) {
		c.add(at, "has %s for %s: state one for each, in the servers' order", counts(len(all), "address", "addresses"), counts(len(servers), "server", "servers"))
		return
	}
	seen := make(map[netip.Addr]int)
	for i, s := range all {
		path := element(at, i)
		want := f
		if want == 0 {
			want = ipv4
			if a, err := netip.ParseAddr(s); err == nil && a.Is6() {
				want = ipv6
			}
		}
		a, err := want.address(s)
		if err != nil {
			c.add(path, "%v", err)
			continue
		}
		if f == 0 {
			f = want
		}
		if first, ok := seen[a]; ok {
			c.add(path, "is %s, as is [%d]: every server needs an address of its own", s, first)
		}
		seen[a] = i
	}
}
