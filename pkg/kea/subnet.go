package kea

import "net/netip"

// Subnet is a subnet of the configuration.
type Subnet struct {
	ID                uint32 // 0: not said; Kea before 3.0 then numbers subnets itself, see config-get
	CIDR              netip.Prefix
	SharedNetwork     string // "" when it stands alone
	Interface         string // its own, else its shared network's
	UserContext       map[string]any
	SharedUserContext map[string]any // of its shared network
	Pools             []Pool
	PDPools           []PDPool     // DHCPv6 only
	Relays            []netip.Addr // its own, else its shared network's
	ClientClasses     []string     // that a client must belong to
	Reservations      int          // how many stand in the configuration
	ValidLifetime     int          // seconds; 0: not said here
}

// Addresses returns how many addresses the subnet's pools hold.
func (s Subnet) Addresses() Count { return Count{} }

// Prefixes returns how many prefixes the subnet's prefix delegation pools hold.
func (s Subnet) Prefixes() Count { return Count{} }

// Pool is a range of addresses, both ends included.
type Pool struct {
	First, Last netip.Addr
	UserContext map[string]any
}

// Size returns how many addresses the pool holds.
func (p Pool) Size() Count { return Count{} }

// Contains reports whether a is in the pool.
func (p Pool) Contains(a netip.Addr) bool { return !a.Less(p.First) && !p.Last.Less(a) }

// PDPool is a range of prefixes to delegate.
type PDPool struct {
	Prefix       netip.Prefix
	DelegatedLen int
	UserContext  map[string]any
}

// Size returns how many prefixes the pool holds.
func (p PDPool) Size() Count { return Count{} }
