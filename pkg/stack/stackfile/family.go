package stackfile

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// family is one of the two protocols.
type family int

const (
	ipv4 family = 4
	ipv6 family = 6
)

func (f family) String() string { return fmt.Sprintf("IPv%d", int(f)) }

func (f family) of(a netip.Addr) bool { return a.Is4() == (f == ipv4) }

func (f family) example() string {
	if f == ipv4 {
		return "192.0.2.1"
	}
	return "2001:db8::1"
}

// address reads an address of the family.
func (f family) address(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil || a.Zone() != "" || a.Is4In6():
		return netip.Addr{}, fmt.Errorf("is %s; expected an %s address, as in %s", quoted(s), f, f.example())
	case !f.of(a):
		return netip.Addr{}, fmt.Errorf("is %s, an %s address; expected an %s one", s, f.other(), f)
	}
	return a, nil
}

func (f family) other() family { return ipv4 + ipv6 - f }

// network reads a CIDR of the family; the bits behind its length must be zero.
func (f family) network(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil || p.Addr().Is4In6():
		network := "192.0.2.0/24"
		if f == ipv6 {
			network = "2001:db8::/64"
		}
		return netip.Prefix{}, fmt.Errorf("is %s; expected an %s network, as in %s", quoted(s), f, network)
	case !f.of(p.Addr()):
		return netip.Prefix{}, fmt.Errorf("is %s, an %s network; expected an %s one", s, f.other(), f)
	case p != p.Masked():
		return netip.Prefix{}, fmt.Errorf("is %s, an address in %s: write the network", s, p.Masked())
	}
	return p, nil
}

// span is a range of addresses, both ends included.
type span struct{ first, last netip.Addr }

func (s span) contains(a netip.Addr) bool { return !a.Less(s.first) && !s.last.Less(a) }

func (s span) overlaps(o span) bool { return !o.last.Less(s.first) && !s.last.Less(o.first) }

// spanOf is all addresses of a network.
func spanOf(p netip.Prefix) span {
	last := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(last)*8; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	end, _ := netip.AddrFromSlice(last)
	return span{p.Addr(), end}
}

// pool reads a range of addresses, FIRST-LAST or CIDR.
func (f family) pool(s string) (span, error) {
	if strings.Contains(s, "/") {
		p, err := f.network(strings.TrimSpace(s))
		if err != nil {
			return span{}, err
		}
		return spanOf(p), nil
	}
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		return span{}, fmt.Errorf("is %s; expected FIRST-LAST or a network, as in %s", quoted(s), f.poolExample())
	}
	first, err := f.address(strings.TrimSpace(from))
	if err != nil {
		return span{}, fmt.Errorf("the first address %w", err)
	}
	last, err := f.address(strings.TrimSpace(to))
	if err != nil {
		return span{}, fmt.Errorf("the last address %w", err)
	}
	if last.Less(first) {
		return span{}, fmt.Errorf("ends before it begins: write %s-%s", last, first)
	}
	return span{first, last}, nil
}

func (f family) poolExample() string {
	if f == ipv4 {
		return "192.0.2.10-192.0.2.99 or 192.0.2.64/26"
	}
	return "2001:db8::100-2001:db8::1ff or 2001:db8::100/120"
}

// short is a duration as people write it: 24h, not 24h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
