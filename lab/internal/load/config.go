package load

import (
	"net/netip"
	"time"
)

// Config says what load to make.
type Config struct {
	// Rate is the number of new exchanges a second, over all segments and families, which take turns.
	Rate float64
	// Duration is how long new exchanges are started. The run ends at most Timeout later.
	Duration time.Duration
	// Timeout is after how long a client without an ACK (v6: a REPLY with an address) is lost: at exactly this age it is.
	// 0 means 1 s.
	Timeout time.Duration
	// Families are the protocols to use; a segment without a relay address of a family is left out in that family.
	Families []Family
	// Segments are the VLANs.
	Segments []Segment
	// Servers returns the servers' current addresses. It is asked before every exchange, because pods come and go, always
	// by one goroutine; it must be cheap, and the slice must not be changed afterwards. A server of whatever name with an
	// address that is not loopback, private (RFC 1918, ULA) or link-local ends the run with an error.
	Servers func() []Server
	// Clients is the number of distinct clients a segment and family, which take turns; 0 means a new one every exchange.
	// They must be so many that none is asked for again within Timeout, or an outage would stay half unseen.
	Clients int
	// Seed moves the MAC addresses and DUIDs, so that two runs with different seeds use different clients.
	Seed uint32
	// Renew makes clients that hold a lease renew it rather than ask anew: in v4 a REQUEST with ciaddr and without a server
	// identifier (RENEWING), in v6 a REBIND, its counterpart that any server may answer. It needs Clients.
	Renew bool
	// Secs is the time in seconds that a client claims to have tried already: v4 the secs field, v6 the elapsed-time option
	// (which ends at 655 s). Kea's failover counts a client as unacked when this exceeds max-ack-delay.
	Secs uint16
	// RetryUnanswered lets a client that got no answer try again with the same MAC and DUID every 2 s (or Timeout, if that
	// is longer) with growing Secs until it is answered or the Duration is over. Retries are counted apart and are no new
	// exchanges; they come on top of Rate, without bound when Clients is 0 and the servers are silent for long.
	RetryUnanswered bool
	// Now is the clock, time.Now if nil; for tests.
	Now func() time.Time
	// Progress, if not nil, is called about once a second from a goroutine of its own.
	Progress func(Snapshot)

	ports *ports // nil means the real ports
}

// Segment is a VLAN, by the addresses of its relay, which must be on an interface here: exchanges of a family are sent
// from port 67 (v4, giaddr) or 547 (v6, link-address) of that address. An invalid address means no clients in that family.
type Segment struct {
	Name   string // also the v6 interface-id
	VLAN   int
	Relay4 netip.Addr
	Relay6 netip.Addr
}

func (s Segment) relay(f Family) netip.Addr {
	if f == V6 {
		return s.Relay6
	}
	return s.Relay4
}

// Server is a DHCP server, by its addresses. An invalid address means that it is not reachable in that family.
type Server struct {
	Name string
	V4   netip.Addr
	V6   netip.Addr
}

func (s Server) addr(f Family) netip.Addr {
	if f == V6 {
		return s.V6
	}
	return s.V4
}

// ports replaces the well-known ports in tests, which may not use them.
type ports struct {
	relay  uint16 // 0 lets the kernel pick
	server func(Server, Family) uint16
}

func (c Config) relayPort(f Family) uint16 {
	if c.ports != nil {
		return c.ports.relay
	}
	return wellKnownPort(f)
}

func (c Config) serverPort(s Server, f Family) uint16 {
	if c.ports != nil {
		return c.ports.server(s, f)
	}
	return wellKnownPort(f)
}

func wellKnownPort(f Family) uint16 {
	if f == V6 {
		return 547
	}
	return 67
}
