package load

import (
	"net"
	"net/netip"
)

// clientID is who a client is: its MAC address, from which its DUID, IAID and link-local address are made.
type clientID [6]byte

// seedStride spreads the seeds over the 40 bits of a MAC address that are free, by the golden ratio: the first thousand
// seeds are so far apart that runs of many millions of clients do not meet.
const seedStride = 0x9E3779B97F

// identity returns client number n of a run. The address is locally administered, so it is no real card's.
func identity(seed uint32, n uint64) clientID {
	v := uint64(seed)*seedStride + n
	return clientID{0x02, byte(v >> 32), byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
}

// String returns the MAC address.
func (c clientID) String() string { return c.mac().String() }

func (c clientID) mac() net.HardwareAddr { return net.HardwareAddr(c[:]) }

// iaid returns the identity association's number: the part of the MAC address that differs most.
func (c clientID) iaid() [4]byte { return [4]byte(c[2:]) }

// linkLocal returns the client's link-local address (EUI-64), the peer-address that a relay sees.
func (c clientID) linkLocal() netip.Addr {
	return netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 8: c[0] ^ 0x02, 9: c[1], 10: c[2], 11: 0xff, 12: 0xfe, 13: c[3], 14: c[4], 15: c[5]})
}
