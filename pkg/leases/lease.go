package leases

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Lease is one lease with where it belongs. Everything that a client sent (identifiers, host name, user context) is as
// it came: escape it before it reaches a terminal.
type Lease struct {
	Service kea.Service `json:"service"`
	Type    Type        `json:"type"`
	Address netip.Addr  `json:"address"`                // of a delegated prefix: its first address
	Length  int         `json:"prefixLength,omitempty"` // of a delegated prefix

	VLAN     int    `json:"vlan,omitempty"` // 0: not known
	VLANName string `json:"vlanName,omitempty"`
	SubnetID uint32 `json:"subnetId"`
	Subnet   string `json:"subnet,omitempty"` // CIDR; "" when the configuration has no such subnet any more
	PoolID   uint32 `json:"poolId,omitempty"`

	HWAddress Octets `json:"hwAddress,omitempty"`
	ClientID  Octets `json:"clientId,omitempty"` // DHCPv4
	DUID      Octets `json:"duid,omitempty"`     // DHCPv6
	IAID      uint32 `json:"iaid,omitempty"`     // DHCPv6

	Hostname    string `json:"hostname"`
	FQDNForward bool   `json:"fqdnForward"` // Kea made the DNS entries
	FQDNReverse bool   `json:"fqdnReverse"`

	State State `json:"state"`
	// ValidLifetime and PreferredLifetime are in seconds; 4294967295 is for ever.
	ValidLifetime     uint32    `json:"validLifetime"`
	PreferredLifetime uint32    `json:"preferredLifetime,omitempty"`
	LastSeen          time.Time `json:"cltt"`             // the client's last transaction, whole seconds
	Expires           time.Time `json:"expires,omitzero"` // zero: never

	UserContext json.RawMessage `json:"userContext,omitempty"`
	RelayID     Octets          `json:"relayId,omitempty"`
	RemoteID    Octets          `json:"remoteId,omitempty"`

	// MissingOn names the servers that should have the lease and do not; found through the API only.
	MissingOn []string `json:"missingOn,omitempty"`
}

// Key tells leases apart: a prefix and an address may begin alike.
type Key struct {
	Address netip.Addr
	Type    Type
}

// Key returns what tells the lease apart.
func (l *Lease) Key() Key { return Key{l.Address, l.Type} }

// Resource is what the lease hands out, for people: "10.10.1.7", or of a prefix "2001:db8:8000::/56".
func (l *Lease) Resource() string {
	if l.Type == PD {
		return fmt.Sprintf("%s/%d", l.Address, l.Length)
	}
	return l.Address.String()
}

// Client is the identifier by which the server knows the client best: the DUID, or the hardware address, or the client id.
func (l *Lease) Client() Octets {
	switch {
	case len(l.DUID) > 0:
		return l.DUID
	case len(l.HWAddress) > 0:
		return l.HWAddress
	}
	return l.ClientID
}

// Orphan reports whether the configuration has no subnet for the lease any more.
func (l *Lease) Orphan() bool { return l.Subnet == "" }

// Type is what a lease is for, in Kea's words.
type Type string

// The types.
const (
	V4 Type = "V4"
	NA Type = "IA_NA"
	TA Type = "IA_TA"
	PD Type = "IA_PD"
)

// State is a lease's state.
type State string

// The states. Expired is Kea's state "in use" with an end that has passed: it is reclaimed at Kea's next cycle.
const (
	Active     State = "active"
	Expired    State = "expired"
	Declined   State = "declined"
	Reclaimed  State = "reclaimed"
	Released   State = "released"
	Registered State = "registered"
)

// States are all states, in the order in which they are listed for people.
func States() []State { return []State{Active, Expired, Declined, Reclaimed, Released, Registered} }

// stateOf reads Kea's number.
func stateOf(number int, expires, now time.Time) State {
	switch number {
	case 0:
		if !expires.IsZero() && !expires.After(now) {
			return Expired
		}
		return Active
	case 1:
		return Declined
	case 2:
		return Reclaimed
	case 3:
		return Released
	case 4:
		return Registered
	}
	return State(fmt.Sprintf("state-%d", number))
}

// Octets is an identifier. It is shown as Kea does: "02:00:00:00:00:01".
type Octets []byte

// String returns the octets in hexadecimal with colons; "" for none.
func (o Octets) String() string {
	if len(o) == 0 {
		return ""
	}
	var b strings.Builder
	for i, c := range o {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(hex.EncodeToString([]byte{c}))
	}
	return b.String()
}

// MarshalText implements encoding.TextMarshaler.
func (o Octets) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *Octets) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.ReplaceAll(string(text), ":", ""))
	*o = b
	return err
}
