package kea

import (
	"net/netip"
	"strings"
)

// Pool is a range of addresses, both ends included.
type Pool struct {
	First, Last netip.Addr
	UserContext map[string]any
}

// ParsePool reads a pool as Kea writes it: "192.0.2.10 - 192.0.2.20" or "192.0.2.0/28", which means every address of
// the prefix.
func ParsePool(s string) (Pool, bool) {
	if prefix, err := netip.ParsePrefix(strings.TrimSpace(s)); err == nil {
		return Pool{First: prefix.Masked().Addr(), Last: LastAddr(prefix)}, true
	}
	first, last, found := strings.Cut(s, "-")
	if !found {
		return Pool{}, false
	}
	a, err := netip.ParseAddr(strings.TrimSpace(first))
	if err != nil {
		return Pool{}, false
	}
	b, err := netip.ParseAddr(strings.TrimSpace(last))
	if err != nil || a.Is4() != b.Is4() || a.Zone() != "" || b.Zone() != "" || b.Less(a) {
		return Pool{}, false
	}
	return Pool{First: a, Last: b}, true
}

// Size returns how many addresses the pool holds.
func (p Pool) Size() Count {
	if !p.First.IsValid() || !p.Last.IsValid() || p.Last.Less(p.First) {
		return Count{}
	}
	return countOfAddr(p.Last).Sub(countOfAddr(p.First)).Add(CountOf(1))
}

// Contains reports whether a is in the pool.
func (p Pool) Contains(a netip.Addr) bool {
	return a.Is4() == p.First.Is4() && !a.Less(p.First) && !p.Last.Less(a)
}

// String returns the range as Kea does, "192.0.2.10-192.0.2.20".
func (p Pool) String() string { return p.First.String() + "-" + p.Last.String() }

// PDPool is a range of prefixes to delegate.
type PDPool struct {
	Prefix       netip.Prefix
	DelegatedLen int
	UserContext  map[string]any
}

// Size returns how many prefixes the pool holds.
func (p PDPool) Size() Count {
	if !p.Prefix.IsValid() || p.DelegatedLen < p.Prefix.Bits() || p.DelegatedLen > 128 {
		return Count{}
	}
	return powerOfTwo(p.DelegatedLen - p.Prefix.Bits())
}

func (t tree) pool() (Pool, bool) {
	p, ok := ParsePool(t.str("pool"))
	if !ok {
		t.skip("pool", "not a range of addresses")
	}
	p.UserContext = t.context()
	return p, ok
}

func (t tree) pdPool() (PDPool, bool) {
	addr, err := netip.ParseAddr(t.str("prefix"))
	prefix := netip.PrefixFrom(addr, t.integer("prefix-len"))
	if err != nil || !prefix.IsValid() {
		t.skip("prefix", "not an IPv6 prefix")
		return PDPool{}, false
	}
	return PDPool{Prefix: prefix.Masked(), DelegatedLen: t.integer("delegated-len"), UserContext: t.context()}, true
}

// LastAddr returns the last address of a prefix, which must be valid.
func LastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	last, _ := netip.AddrFromSlice(b)
	return last
}
