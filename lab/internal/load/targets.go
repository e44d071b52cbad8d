package load

import (
	"net/netip"
	"slices"
)

// endpoint is where a server hears a family.
type endpoint struct {
	name string
	addr netip.AddrPort
}

// targets turns the servers that the configuration names at the moment into endpoints. It keeps the last result,
// because the servers are asked for before every exchange and rarely change.
type targets struct {
	config Config
	last   []Server
	known  bool
	v4, v6 []endpoint
}

// now returns the endpoints, and whether they are others than the last time. An address that must not be loaded is an
// error.
func (t *targets) now() (changed bool, err error) {
	servers := t.config.Servers()
	if t.known && slices.Equal(servers, t.last) {
		return false, nil
	}
	var v4, v6 []endpoint
	for _, s := range servers {
		if err := checkServer(s); err != nil {
			return false, err
		}
		if s.V4.IsValid() {
			v4 = append(v4, endpoint{name: s.Name, addr: netip.AddrPortFrom(s.V4, t.config.serverPort(s, V4))})
		}
		if s.V6.IsValid() {
			v6 = append(v6, endpoint{name: s.Name, addr: netip.AddrPortFrom(s.V6, t.config.serverPort(s, V6))})
		}
	}
	t.last, t.known, t.v4, t.v6 = slices.Clone(servers), true, v4, v6
	return true, nil
}

func (t *targets) of(f Family) []endpoint {
	if f == V6 {
		return t.v6
	}
	return t.v4
}
