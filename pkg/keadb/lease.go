package keadb

import (
	"net/netip"
	"time"
)

// Infinite is the lifetime of a lease that never ends, in seconds. Kea writes the time of the last transaction where such
// a lease would have its end.
const Infinite = 1<<32 - 1

// Lease is a row of lease4 or lease6. The slices and strings of a lease that is given to a callback are its own only
// until the callback returns.
type Lease struct {
	Address   netip.Addr // of a delegated prefix: its first address
	PrefixLen int        // lease6: of a delegated prefix its length, else 128; lease4: 32
	Type      LeaseType

	HWAddr   []byte // nil: not known
	ClientID []byte // lease4; nil: none
	DUID     []byte // lease6; of a declined lease Kea's placeholder, 00:00:00
	IAID     uint32 // lease6; the schema keeps it with a sign

	SubnetID  uint32
	PoolID    uint32    // 2.6 and later; else 0
	State     int       // Kea's: 0 in use, 1 declined, 2 expired and reclaimed, 3 released, 4 registered
	Valid     uint32    // lifetime, seconds; Infinite
	Preferred uint32    // lease6: seconds
	CLTT      time.Time // by the clock of the server that wrote it; zero: not known
	Expires   time.Time // zero: never

	Hostname    string
	FQDNForward bool
	FQDNReverse bool
	UserContext string // JSON, "" for none
	RelayID     []byte // lease4, 2.6 and later
	RemoteID    []byte // lease4, 2.6 and later
}

// LeaseType is what a lease is for.
type LeaseType int

// The types, with the numbers of lease6.
const (
	TypeV4 LeaseType = -1
	TypeNA LeaseType = 0
	TypeTA LeaseType = 1
	TypePD LeaseType = 2
)

// LeaseState is a lease's state as people mean it: Kea's own, with the leases in use divided by the database's clock.
type LeaseState int

// The states.
const (
	Active     LeaseState = iota // in use, not expired
	Expired                      // in use by its state, but expired and not reclaimed yet
	Declined                     // a client found the address in use
	Reclaimed                    // expired and reclaimed; kept for a while
	Released                     // from 3.0; before, a released lease is deleted or expires at once
	Registered                   // from 3.0, DHCPv6: the client gave itself the address
)

// HostnameMatch is how a hostname is looked for; case never matters.
type HostnameMatch int

// The ways.
const (
	HostnameExact HostnameMatch = iota
	HostnameLike                // with % and _ of SQL's LIKE, and \ before one that is meant
)

// LeaseOrder is what leases are sorted by.
type LeaseOrder int

// The orders. Equal ones follow by address, also when descending; DHCPv4's addresses come before those of DHCPv6. What is
// not known (no host name, no time) comes last either way. A lease that never ends is taken to end after all others.
const (
	ByAddress LeaseOrder = iota
	ByCLTT
	ByExpiry
	ByHostname // byte by byte, in lower case
	BySubnet
	Unordered // as the table has them: the cheapest way to read all of it
)

// AddressRange has both ends in it.
type AddressRange struct{ First, Last netip.Addr }

// LeaseFilter chooses rows of one family; all that is set must hold. The zero value takes every row.
type LeaseFilter struct {
	Subnets    []uint32       // nil: any; empty: none
	Ranges     []AddressRange // ranges of the other family take nothing; a delegated prefix is taken when it overlaps
	Types      []LeaseType    // nil: any
	HWAddr     []byte
	HWPrefix   bool   // HWAddr is how the address begins
	ClientID   []byte // no row of lease6 has one
	DUID       []byte // no row of lease4 has one
	Hostname   string
	HostnameBy HostnameMatch
	States     []LeaseState
	// ExpiresFrom and ExpiresBefore bound the end of a lease; SeenSince its CLTT. A lease that never ends is outside of
	// every bound of the end. Zero: no bound.
	ExpiresFrom, ExpiresBefore, SeenSince time.Time
	// Lifetimes, with SeenSince, are the lifetimes that leases have, as DB.Lifetimes tells them, in seconds. The table keeps
	// no time of the last transaction, only the end of a lease: with the lifetimes known an index on the end finds what
	// SeenSince asks for, at a cost of the rows that it finds; without, every row is read. Rows of other lifetimes are
	// missed, and rows that a server wrote whose clock is more than ten minutes ahead of the database's.
	Lifetimes []uint32
	// At is when a lease must not have ended to be Active; zero: the database's clock.
	At time.Time

	Order      LeaseOrder
	Descending bool
	Limit      int // 0: none
}
