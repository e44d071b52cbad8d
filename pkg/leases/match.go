package leases

import (
	"bytes"
	"net/netip"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Match reports whether the filter takes a lease, as the database does it. now is the time by the clock of whoever told
// the lease's state. Order and limit do not matter here.
func (f *Filter) Match(l *Lease, now time.Time) bool {
	return f.matchPlace(l) && f.matchClient(l) && f.matchTime(l, now)
}

func (f *Filter) takes(s kea.Service) bool {
	return f.Services == nil || slices.Contains(f.Services, s)
}

// matchPlace is about what no client and no time changes.
func (f *Filter) matchPlace(l *Lease) bool {
	if !f.takes(l.Service) || f.Subnets != nil && !slices.Contains(f.Subnets[l.Service], l.SubnetID) {
		return false
	}
	if len(f.Ranges) == 0 {
		return true
	}
	last := l.last()
	return slices.ContainsFunc(f.Ranges, func(r Range) bool {
		return l.Address.Is4() == r.First.Is4() && !last.Less(r.First) && !r.Last.Less(l.Address)
	})
}

// last is the last address that the lease hands out.
func (l *Lease) last() netip.Addr {
	if p := netip.PrefixFrom(l.Address, l.Length); l.Type == PD && p.IsValid() {
		return kea.LastAddr(p)
	}
	return l.Address
}

func (f *Filter) matchClient(l *Lease) bool {
	switch {
	case len(f.HWAddress) > 0 && f.HWPrefix && !bytes.HasPrefix(l.HWAddress, f.HWAddress),
		len(f.HWAddress) > 0 && !f.HWPrefix && !bytes.Equal(l.HWAddress, f.HWAddress),
		len(f.ClientID) > 0 && !bytes.Equal(l.ClientID, f.ClientID),
		len(f.DUID) > 0 && !bytes.Equal(l.DUID, f.DUID):
		return false
	}
	return f.Hostname.Match(l.Hostname)
}

func (f *Filter) matchTime(l *Lease, now time.Time) bool {
	if f.States != nil && !slices.Contains(f.States, l.State) {
		return false
	}
	if f.ExpiresWithin > 0 && (l.Expires.IsZero() || l.Expires.Before(now) || !l.Expires.Before(now.Add(f.ExpiresWithin))) {
		return false
	}
	return f.SeenSince.IsZero() || !l.LastSeen.Before(f.SeenSince)
}

// Match reports whether the pattern takes a host name. Case does not matter for the letters of ASCII, which is what the
// database and Kea do; a pattern without text takes every name.
func (p Pattern) Match(name string) bool {
	switch {
	case p.Text == "":
		return true
	case name == "":
		return false // * is any name, and none is no name
	case p.Kind == Glob:
		return glob(p.Text, name)
	case p.Kind == Substring:
		for i := 0; i+len(p.Text) <= len(name); i++ {
			if equalFold(name[i:i+len(p.Text)], p.Text) {
				return true
			}
		}
		return false
	}
	return equalFold(name, p.Text)
}

// glob matches all of name: * is any text, ? one character, which in a name that is not UTF-8 is a byte. It goes back to
// the last * only, so the time is at most the product of the lengths.
func glob(pattern, name string) bool {
	star, resume := -1, 0 // where the last * stands, and where what follows it is tried next
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, n
			p++
		case p < len(pattern) && pattern[p] == '?':
			_, size := utf8.DecodeRuneInString(name[n:])
			p, n = p+1, n+size
		case p < len(pattern) && lower(pattern[p]) == lower(name[n]):
			p, n = p+1, n+1
		case star >= 0:
			_, size := utf8.DecodeRuneInString(name[resume:])
			resume += size
			p, n = star+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func equalFold(a, b string) bool { return len(a) == len(b) && compareFold(a, b) == 0 }

// compareFold compares byte by byte, capital letters of ASCII as small ones.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
