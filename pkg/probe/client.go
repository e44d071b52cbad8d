package probe

import (
	"fmt"
	"net"
)

// player is a client that the probe plays. Its hardware address is administered locally and spells KEA, so that logs and
// leases tell what it was.
type player [6]byte

// newPlayer makes the nth client of a run; runs differ so that two at a time do not meet.
func newPlayer(run, n byte) player { return player{0x02, 'K', 'E', 'A', run, n} }

func (c player) mac() net.HardwareAddr { return c[:] }

// id is the client identifier of DHCPv4: a name, of type 0.
func (c player) id() []byte {
	return append([]byte{0}, fmt.Sprintf("kubectl-kea probe %02x%02x", c[4], c[5])...)
}

// iaid names the client's only identity association.
func (c player) iaid() [4]byte { return [4]byte{0, 0, c[4], c[5]} }

// linkLocal is the client's address on its own network, as its relay sees it.
func (c player) linkLocal() net.IP {
	return net.IP{0xfe, 0x80, 0, 0, 0, 0, 0, 0, c[0] ^ 2, c[1], c[2], 0xff, 0xfe, c[3], c[4], c[5]}
}
