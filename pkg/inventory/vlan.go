package inventory

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// VLAN is the VLAN that a subnet belongs to. Kea has no field for it; Source says where it was found.
type VLAN struct {
	ID     int // 1 to 4094; 0: not known
	Name   string
	Source string // "subnet's user-context", "shared network's user-context", "shared network's name", "interface", "DHCPv4Service NAME", "the map", ""
}

// VLANRules tell the VLAN of subnets that do not say it themselves.
type VLANRules struct {
	Services []DHCPService
	Map      map[int][]netip.Prefix // by VLAN; the user's
}

// Of works out a subnet's VLAN: from the configuration (VLANOf), else from an object whose range lies in the subnet, else
// from the longest prefix of the map that the subnet lies in.
func (r VLANRules) Of(service kea.Service, s kea.Subnet) VLAN {
	v := VLANOf(s)
	if v.ID != 0 {
		return v
	}
	for _, d := range r.Services {
		if d.Service == service && d.VLAN != 0 && s.CIDR.Contains(d.First) && s.CIDR.Contains(d.Last) {
			return VLAN{ID: d.VLAN, Name: cmp.Or(v.Name, d.Name), Source: d.Kind + " " + d.Name}
		}
	}
	longest := -1
	for id, prefixes := range r.Map {
		for _, p := range prefixes {
			if Within(s.CIDR, p) && p.Bits() > longest {
				longest = p.Bits()
				v = VLAN{ID: id, Name: v.Name, Source: "the map"}
			}
		}
	}
	return v
}

// Within reports whether a prefix lies in another, or is the same.
func Within(inner, outer netip.Prefix) bool {
	return outer.IsValid() && outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// VLANOf works out a subnet's VLAN: its user-context, else its shared network's user-context or name, else the suffix of
// its interface. The name comes from the same user-context, else it is the shared network's name.
func VLANOf(s kea.Subnet) VLAN {
	v := VLAN{Name: s.SharedNetwork}
	for _, context := range []map[string]any{s.SharedUserContext, s.UserContext} {
		if name, ok := context["name"].(string); ok {
			v.Name = name
		}
	}
	if id, ok := contextVLAN(s.UserContext); ok {
		v.ID, v.Source = id, "subnet's user-context"
	} else if id, ok := contextVLAN(s.SharedUserContext); ok {
		v.ID, v.Source = id, "shared network's user-context"
	} else if id, ok := matchVLAN(`(?i)(?:^|[^a-z0-9])vlan[-_ ]?(\d{1,4})(?:\D|$)`, s.SharedNetwork); ok {
		v.ID, v.Source = id, "shared network's name"
	} else if id, ok := matchVLAN(`(?i)(?:\.|vlan)(\d{1,4})$`, s.Interface); ok {
		v.ID, v.Source = id, "interface"
	}
	return v
}

// contextVLAN reads the VLAN's number from a user-context, under the names people use, as a number or as text.
func contextVLAN(context map[string]any) (int, bool) {
	for _, key := range []string{"vlan", "vlan-id", "vlan_id", "VLAN"} {
		value, ok := context[key]
		if !ok {
			continue
		}
		id, err := strconv.Atoi(strings.TrimSpace(fmt.Sprint(value)))
		if err == nil && validVLAN(id) {
			return id, true
		}
	}
	return 0, false
}

func matchVLAN(pattern, text string) (int, bool) {
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	id, err := strconv.Atoi(m[1])
	return id, err == nil && validVLAN(id)
}

func validVLAN(id int) bool { return id >= 1 && id <= 4094 }
