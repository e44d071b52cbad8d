package kea

import (
	"encoding/json"
	"net/netip"
	"time"
)

// Infinite is the lifetime, in seconds, of a lease that never ends.
const Infinite = 1<<32 - 1

// Lease is a lease as a daemon's API tells it.
type Lease struct {
	Service   Service
	Type      LeaseType  // "" for DHCPv4
	Address   netip.Addr // of a delegated prefix: its first address
	PrefixLen int        // of a delegated prefix; else 0

	HWAddress []byte // nil: not known
	ClientID  []byte // DHCPv4; nil: none
	DUID      []byte // DHCPv6
	IAID      uint32 // DHCPv6

	CLTT      time.Time // the client's last transaction; UTC, whole seconds; zero: not known
	Valid     uint32    // lifetime in seconds; Infinite
	Preferred uint32    // DHCPv6; seconds; Infinite

	SubnetID uint32
	PoolID   uint32 // from 2.6; else 0

	// Hostname is as the client sent it, and may hold any bytes: Kea's JSON, which has bytes where others have characters,
	// is undone.
	Hostname    string
	FQDNForward bool // Kea made the DNS entries
	FQDNReverse bool
	State       int // 0 in use, also when expired and not reclaimed yet; 1 declined, 2 reclaimed; from 3.0: 3 released, 4 registered

	// UserContext is JSON, nil for none. Strings in it keep Kea's one character a byte, as they do in the database.
	UserContext json.RawMessage
}

// Expires returns when the lease ends; the zero time for one that never does, and when it is not known.
func (l *Lease) Expires() time.Time {
	if l.Valid == Infinite || l.CLTT.IsZero() {
		return time.Time{}
	}
	return l.CLTT.Add(time.Duration(l.Valid) * time.Second)
}

// LeaseType is what a DHCPv6 lease is for.
type LeaseType string

// The types.
const (
	TypeNA LeaseType = "IA_NA"
	TypeTA LeaseType = "IA_TA"
	TypePD LeaseType = "IA_PD"
)

// leaseCommand returns the name of a lease command: "get-page" becomes "lease4-get-page" or "lease6-get-page".
func leaseCommand(s Service, verb string) string {
	if s == DHCP6 {
		return "lease6-" + verb
	}
	return "lease4-" + verb
}
