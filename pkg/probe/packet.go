package probe

import (
	"net/netip"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// verb is what a client says to a server.
type verb int

const (
	discover verb = iota // DISCOVER, SOLICIT
	request              // REQUEST
	release              // RELEASE
)

// question is one packet of a client, sent on by a relay.
type question struct {
	verb   verb
	xid    uint32 // 24 bits
	client player
	relay  netip.Addr // where answers go: the pod's address
	link   netip.Addr // where the client is
	prefix bool       // a delegated prefix is wanted, not an address

	// Of a request and a release: what was offered, by whom.
	address netip.Addr
	length  int // of a delegated prefix
	server  []byte
}

// reply is what a server's packet says.
type reply struct {
	xid     uint32
	kind    string // "offer", "ack", "nak", "advertise", "reply"
	address netip.Addr
	length  int // of a delegated prefix; else 0
	server  []byte
	lease   time.Duration
	reason  string // why there is no address, in the server's words
}

// encode makes the packet of a question.
func encode(s kea.Service, q question) []byte {
	if s == kea.DHCP6 {
		return encode6(q)
	}
	return encode4(q)
}

// decode understands an answer.
func decode(s kea.Service, packet []byte) (reply, error) {
	if s == kea.DHCP6 {
		return decode6(packet)
	}
	return decode4(packet)
}

// port is where servers of a service hear relays.
func port(s kea.Service) uint16 {
	if s == kea.DHCP6 {
		return 547
	}
	return 67
}
