package leases

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// ParseRange reads an address, a prefix or a range: 10.10.1.7, 10.10.0.0/16, 10.10.1.10-10.10.1.20, 10.10.1.10-20,
// 2001:db8::/64, 2001:db8::1-2001:db8::ff. A prefix means all of its addresses, whatever its host bits say.
func ParseRange(text string) (Range, error) {
	trimmed := strings.TrimSpace(text)
	if a, err := parseAddr(trimmed); err == nil {
		return Range{First: a, Last: a}, nil
	}
	if pool, ok := kea.ParsePool(trimmed); ok {
		return Range{First: pool.First, Last: pool.Last}, nil
	}
	first, last, found := strings.Cut(trimmed, "-")
	if !found {
		return Range{}, fmt.Errorf("%q is no address, prefix or range, as in 10.10.1.7, 10.10.0.0/16 or 10.10.1.10-10.10.1.20", text)
	}
	a, err := parseAddr(strings.TrimSpace(first))
	if err != nil {
		return Range{}, fmt.Errorf("%q is no range: %q is no address", text, first)
	}
	last = strings.TrimSpace(last)
	if a.Is4() && !strings.ContainsAny(last, ".:") {
		octets := strings.Split(a.String(), ".")
		last = strings.Join(append(octets[:3], last), ".") // 10.10.1.10-20
	}
	b, err := parseAddr(last)
	switch {
	case err != nil:
		return Range{}, fmt.Errorf("%q is no range: %q is no address", text, last)
	case a.Is4() != b.Is4():
		return Range{}, fmt.Errorf("%q is no range: one end is IPv4, the other IPv6", text)
	case b.Less(a):
		return Range{}, fmt.Errorf("%q is no range: it ends before it begins", text)
	}
	return Range{First: a, Last: b}, nil
}

// parseAddr reads an address without a zone. An IPv4 address in IPv6's clothes is an IPv4 address.
func parseAddr(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err == nil && a.Zone() != "" {
		err = fmt.Errorf("%q: leases have no zone", text)
	}
	if err != nil {
		return netip.Addr{}, err
	}
	return a.Unmap(), nil
}
