package restore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

// Carrying says which leases a move carries forward.
type Carrying struct {
	// None carries nothing: addresses that are in use will be given to others.
	None bool `json:"none,omitempty"`
	// VLANs limits it to some, by number or name; empty is all.
	VLANs []string `json:"vlans,omitempty"`
	// Guard extends, where nothing can be carried, every lease that was valid at the target, so that its address is given to
	// nobody else for another lifetime.
	Guard bool `json:"guard,omitempty"`
}

// ParseCarrying reads "all", "none", or "vlan=10,users".
func ParseCarrying(text string) (Carrying, error) {
	switch vlans, ok := strings.CutPrefix(text, "vlan="); {
	case text == "all":
		return Carrying{}, nil
	case text == "none":
		return Carrying{None: true}, nil
	case ok:
		names := strings.Split(vlans, ",")
		if slices.Contains(names, "") {
			return Carrying{}, fmt.Errorf("%q names no VLAN between two commas", text)
		}
		return Carrying{VLANs: names}, nil
	}
	return Carrying{}, fmt.Errorf("%q is none of all, none and vlan=10,20", text)
}

// String is ParseCarrying's text.
func (c Carrying) String() string {
	switch {
	case c.None:
		return "none"
	case len(c.VLANs) > 0:
		return "vlan=" + strings.Join(c.VLANs, ",")
	}
	return "all"
}

// subnets are the subnets that leases are carried of; nil for all. Error: of a VLAN that the configuration does not have.
func (c Carrying) subnets(catalog *leases.Catalog) (map[keadb.Family][]uint32, error) {
	if len(c.VLANs) == 0 {
		return nil, nil
	}
	found := map[keadb.Family][]uint32{}
	for _, name := range c.VLANs {
		of, err := catalog.VLAN(name)
		if err != nil {
			return nil, err
		}
		found[keadb.IPv4] = append(found[keadb.IPv4], of[kea.DHCP4]...)
		found[keadb.IPv6] = append(found[keadb.IPv6], of[kea.DHCP6]...)
	}
	return found, nil
}
