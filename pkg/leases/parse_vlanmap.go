package leases

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ParseVLANMap reads which prefixes belong to which VLAN: "10=10.10.0.0/16,20=10.20.0.0/16,20=2001:db8:20::/64". Line
// breaks do for commas, and what follows a # is left out, so that it can stand in a file.
func ParseVLANMap(text string) (map[int][]netip.Prefix, error) {
	vlans := map[int][]netip.Prefix{}
	owner := map[netip.Prefix]int{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for entry := range strings.SplitSeq(line, ",") {
			if entry = strings.TrimSpace(entry); entry == "" {
				continue
			}
			id, prefix, err := mapEntry(entry)
			if err != nil {
				return nil, err
			}
			other, taken := owner[prefix]
			switch {
			case taken && other != id:
				return nil, fmt.Errorf("%s cannot belong to VLAN %d and to VLAN %d", prefix, other, id)
			case taken:
				continue
			}
			owner[prefix] = id
			vlans[id] = append(vlans[id], prefix)
		}
	}
	if len(vlans) == 0 {
		return nil, fmt.Errorf("a VLAN map has entries such as 10=10.10.0.0/16; there are none")
	}
	return vlans, nil
}

func mapEntry(entry string) (int, netip.Prefix, error) {
	number, subnet, found := strings.Cut(entry, "=")
	if !found {
		return 0, netip.Prefix{}, fmt.Errorf("%q is no entry of a VLAN map, as in 10=10.10.0.0/16", entry)
	}
	id, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || id < 1 || id > 4094 {
		return 0, netip.Prefix{}, fmt.Errorf("%q: %q is no VLAN, which have numbers from 1 to 4094", entry, strings.TrimSpace(number))
	}
	prefix, err := netip.ParsePrefix(strings.TrimSpace(subnet))
	if err != nil {
		return 0, netip.Prefix{}, fmt.Errorf("%q: %q is no prefix, as in 10.10.0.0/16", entry, strings.TrimSpace(subnet))
	}
	return id, prefix.Masked(), nil
}
