package load

import (
	"fmt"
	"net/netip"
)

// checkServer refuses a server that the load must not be sent to: this program can send hundreds of packets a second,
// so a slip in an address must never reach a host outside the lab.
func checkServer(s Server) error {
	for _, f := range []Family{V4, V6} {
		a := s.addr(f)
		if !a.IsValid() {
			continue
		}
		if !inFamily(a, f) {
			return fmt.Errorf("server %s: %v is not a %v address", s.Name, a, f)
		}
		if !isLocal(a) {
			return fmt.Errorf("server %s: refusing to send load to %v: only loopback, private (RFC 1918, ULA) and link-local addresses are allowed", s.Name, a)
		}
	}
	return nil
}

func isLocal(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}
