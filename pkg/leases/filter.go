package leases

import (
	"net/netip"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Filter chooses leases; all that is set must hold. The zero value takes every lease, by address.
type Filter struct {
	// Subnets are the subnets by service; a service that is not in it has none. nil: every subnet, also those that the
	// configuration does not have.
	Subnets map[kea.Service][]uint32
	// Services are the services to ask; nil: both.
	Services []kea.Service

	Ranges    []Range
	HWAddress Octets
	HWPrefix  bool // HWAddress is how the address begins
	ClientID  Octets
	DUID      Octets
	Hostname  Pattern
	States    []State

	ExpiresWithin time.Duration // 0: not asked; leases that end by then, and not before now
	SeenSince     time.Time     // zero: not asked
	// Lifetimes, with SeenSince, are the lifetimes that leases have, in seconds: with them a database finds the leases by an
	// index, and misses those of other lifetimes. nil: every lease is looked at.
	Lifetimes []uint32

	Sort    Sort
	Reverse bool
	Limit   int // of all services together; 0: none
}

// Range is a range of addresses, both ends included.
type Range struct{ First, Last netip.Addr }

// Pattern is a host name to look for; case does not matter.
type Pattern struct {
	Text string
	Kind PatternKind
}

// PatternKind is how a pattern matches.
type PatternKind int

// The kinds.
const (
	Exact     PatternKind = iota
	Glob                  // * and ?
	Substring             // anywhere in the name
)

// Sort is the order of leases. Equal ones follow by address.
type Sort string

// The orders. Addresses of DHCPv4 come before those of DHCPv6.
const (
	ByAddress  Sort = "address"
	ByLastSeen Sort = "seen"
	ByExpiry   Sort = "expires"
	ByHostname Sort = "hostname"
	ByVLAN     Sort = "vlan"
)
