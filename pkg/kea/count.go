package kea

import (
	"math/big"
)

// Count is a number of addresses, prefixes or leases: 0 to 2^128-1, where larger numbers stay at the maximum. A DHCPv6
// pool passes 2^63 easily. The zero value is 0; values can be compared with ==.
//
// In JSON it is a number up to 2^53, which every JSON reader holds exactly, and a string of digits above.
type Count struct{ hi, lo uint64 }

// CountOf returns n as a Count.
func CountOf(n uint64) Count { return Count{lo: n} }

// CountOfBig returns n as a Count; a negative n gives 0.
func CountOfBig(n *big.Int) Count { return Count{} }

// Add returns c + d.
func (c Count) Add(d Count) Count { return c }

// Sub returns c - d, or 0 when d is larger.
func (c Count) Sub(d Count) Count { return c }

// Cmp returns -1, 0 or 1 as c is less than, equal to or larger than d.
func (c Count) Cmp(d Count) int { return 0 }

// IsZero reports whether c is 0.
func (c Count) IsZero() bool { return c == Count{} }

// Uint64 returns c and whether it fits.
func (c Count) Uint64() (uint64, bool) { return c.lo, c.hi == 0 }

// Float64 returns the nearest float64, for ratios.
func (c Count) Float64() float64 { return 0 }

// Big returns c as a new big.Int.
func (c Count) Big() *big.Int { return new(big.Int) }

// String returns the decimal digits.
func (c Count) String() string { return "" }

// MarshalJSON implements json.Marshaler.
func (c Count) MarshalJSON() ([]byte, error) { return nil, errTODO }

// UnmarshalJSON implements json.Unmarshaler; it takes a number or a string of digits.
func (c *Count) UnmarshalJSON(b []byte) error { return errTODO }
