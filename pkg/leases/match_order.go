package leases

import (
	"cmp"
	"time"
)

// Compare returns the order that a filter asks for, for slices.SortFunc, as the database does it: equal ones follow by
// address whichever way the order goes, and what is not known comes last either way. What never ends ends after all that
// does. Order by VLAN needs leases that have theirs; what may come in any order comes by address.
func Compare(f *Filter) func(a, b *Lease) int {
	var by func(a, b *Lease) int
	unknown := func(*Lease) bool { return false }
	switch f.Sort {
	case ByLastSeen:
		by = func(a, b *Lease) int { return a.LastSeen.Compare(b.LastSeen) }
		unknown = func(l *Lease) bool { return l.LastSeen.IsZero() }
	case ByExpiry:
		by = func(a, b *Lease) int { return compareEnds(a.Expires, b.Expires) }
	case ByHostname:
		by = func(a, b *Lease) int { return compareFold(a.Hostname, b.Hostname) }
		unknown = func(l *Lease) bool { return l.Hostname == "" }
	case ByVLAN:
		by = func(a, b *Lease) int { return cmp.Compare(a.VLAN, b.VLAN) }
		unknown = func(l *Lease) bool { return l.VLAN == 0 }
	default:
		if f.Reverse && f.Sort != Unordered {
			return func(a, b *Lease) int { return compareAddresses(b, a) }
		}
		return compareAddresses
	}
	if f.Reverse {
		forward := by
		by = func(a, b *Lease) int { return forward(b, a) }
	}
	return func(a, b *Lease) int {
		aUnknown, bUnknown := unknown(a), unknown(b)
		switch {
		case aUnknown != bUnknown && aUnknown:
			return 1
		case aUnknown != bUnknown:
			return -1
		}
		if order := by(a, b); order != 0 {
			return order
		}
		return compareAddresses(a, b)
	}
}

// compareAddresses has DHCPv4 before DHCPv6, and an address before a prefix that begins with it.
func compareAddresses(a, b *Lease) int {
	if order := a.Address.Compare(b.Address); order != 0 {
		return order
	}
	return cmp.Compare(a.Length, b.Length)
}

func compareEnds(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		a, b = b, a // the zero time is the end of time
	}
	return a.Compare(b)
}
