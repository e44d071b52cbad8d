package load

import (
	"net/netip"
	"time"
)

// step is what a client asks for.
type step uint8

const (
	ask   step = iota // DISCOVER, SOLICIT
	take              // REQUEST of what was offered
	renew             // REQUEST in RENEWING, REBIND
)

// question is a client's packet, as the relay sends it.
type question struct {
	step   step
	xid    uint32 // 24 bits in v6
	client clientID
	relay  netip.Addr
	link   string // interface-id in v6
	secs   time.Duration
	addr   netip.Addr // offered, or held; not for ask
	server string     // the server identifier's bytes, for take
}

// verdict is what an answer says.
type verdict uint8

const (
	offered verdict = iota + 1 // OFFER, ADVERTISE with an address
	granted                    // ACK, REPLY with an address
	refused                    // NAK, REPLY without an address
	unasked                    // anything that has no place in these exchanges
)

// answer is a server's packet.
type answer struct {
	verdict verdict
	xid     uint32
	addr    netip.Addr
	lease   time.Duration // how long addr is valid
	server  string        // the server identifier's bytes
	why     string        // for unasked: what it was
}

// codec writes and reads the packets of a family.
type codec struct {
	encode func(question) []byte
	decode func([]byte) (answer, error) // an error means malformed
	xids   uint32                       // mask of the transaction ids
	again  bool                         // a REQUEST needs a transaction id of its own
}

func codecOf(f Family) codec {
	if f == V6 {
		return codec{encode: encode6, decode: decode6, xids: 1<<24 - 1, again: true}
	}
	return codec{encode: encode4, decode: decode4, xids: 1<<32 - 1}
}
