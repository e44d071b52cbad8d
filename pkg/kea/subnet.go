package kea

import (
	"math"
	"net/netip"
)

// Subnet is a subnet of the configuration.
type Subnet struct {
	ID                uint32       // 0: not said; Kea before 3.0 then numbers subnets itself, see config-get
	CIDR              netip.Prefix // zero when it cannot be read; see Config.Skipped
	SharedNetwork     string       // "" when it stands alone
	Interface         string       // its own, else its shared network's
	UserContext       map[string]any
	SharedUserContext map[string]any // of its shared network
	Pools             []Pool
	PDPools           []PDPool          // DHCPv6 only
	Relays            []netip.Addr      // its own, else its shared network's
	ClientClasses     []string          // that a client must belong to
	Reservations      []HostReservation // that stand in the configuration
	ValidLifetime     int               // seconds; 0: not said here
}

// Addresses returns how many addresses the subnet's pools hold.
func (s Subnet) Addresses() Count {
	var n Count
	for _, p := range s.Pools {
		n = n.Add(p.Size())
	}
	return n
}

// Prefixes returns how many prefixes the subnet's prefix delegation pools hold.
func (s Subnet) Prefixes() Count {
	var n Count
	for _, p := range s.PDPools {
		n = n.Add(p.Size())
	}
	return n
}

// subnets returns the subnets of a Dhcp4 or Dhcp6 object: first those that stand alone, then those of shared networks.
func (t tree) subnets(s Service) []Subnet {
	key := "subnet4"
	if s == DHCP6 {
		key = "subnet6"
	}
	var out []Subnet
	for _, sub := range t.objects(key) {
		out = append(out, sub.subnet())
	}
	for _, network := range t.objects("shared-networks") {
		shared := network.subnet()
		for _, sub := range network.objects(key) {
			n := sub.subnet()
			n.SharedNetwork = network.str("name")
			n.SharedUserContext = shared.UserContext
			if n.Interface == "" {
				n.Interface = shared.Interface
			}
			if len(n.Relays) == 0 {
				n.Relays = shared.Relays
			}
			out = append(out, n)
		}
	}
	return out
}

// subnet reads a subnet, or of a shared network what it shares with one.
func (t tree) subnet() Subnet {
	s := Subnet{
		Interface:     t.str("interface"),
		UserContext:   t.context(),
		Relays:        t.relays(),
		ClientClasses: t.strings("client-classes"),
		Reservations:  t.reservations(),
		ValidLifetime: t.integer("valid-lifetime"),
	}
	if class := t.str("client-class"); class != "" {
		s.ClientClasses = append(s.ClientClasses, class)
	}
	if id := t.integer("id"); id > 0 && id <= math.MaxUint32 {
		s.ID = uint32(id)
	}
	if t.has("subnet") {
		cidr, err := netip.ParsePrefix(t.str("subnet"))
		if err != nil {
			t.skip("subnet", "not an address with a prefix length")
		}
		s.CIDR = cidr.Masked()
	}
	for _, p := range t.objects("pools") {
		if pool, ok := p.pool(); ok {
			s.Pools = append(s.Pools, pool)
		}
	}
	for _, p := range t.objects("pd-pools") {
		if pool, ok := p.pdPool(); ok {
			s.PDPools = append(s.PDPools, pool)
		}
	}
	return s
}

// relays reads both spellings: "ip-addresses" and, of old files, "ip-address".
func (t tree) relays() []netip.Addr {
	relay := t.object("relay")
	out := relay.addresses("ip-addresses")
	if one := relay.str("ip-address"); one != "" {
		if a, err := netip.ParseAddr(one); err == nil {
			out = append(out, a)
		} else {
			relay.skip("ip-address", "not an IP address")
		}
	}
	return out
}
