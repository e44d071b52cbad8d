package kea

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// Count is a number of addresses, prefixes or leases: 0 to 2^128-1, where larger numbers stay at the maximum. A DHCPv6
// pool passes 2^63 easily. The zero value is 0; values can be compared with ==.
//
// In JSON it is a number up to 2^53, which every JSON reader holds exactly, and a string of digits above.
type Count struct{ hi, lo uint64 }

// maxExact is the largest integer up to which a float64 holds every integer.
const maxExact = 1 << 53

// CountOf returns n as a Count.
func CountOf(n uint64) Count { return Count{lo: n} }

func maxCount() Count { return Count{hi: math.MaxUint64, lo: math.MaxUint64} }

// countOfAddr returns the address as a number.
func countOfAddr(a netip.Addr) Count {
	b := a.As16()
	if a.Is4() {
		return CountOf(uint64(binary.BigEndian.Uint32(b[12:])))
	}
	return Count{hi: binary.BigEndian.Uint64(b[:8]), lo: binary.BigEndian.Uint64(b[8:])}
}

// powerOfTwo returns 2^n, for n of 0 and more.
func powerOfTwo(n int) Count {
	switch {
	case n < 64:
		return Count{lo: 1 << n}
	case n < 128:
		return Count{hi: 1 << (n - 64)}
	}
	return maxCount()
}

// countOfBig returns n as a Count.
func countOfBig(n *big.Int) Count {
	switch {
	case n.Sign() <= 0:
		return Count{}
	case n.BitLen() > 128:
		return maxCount()
	}
	var b [16]byte
	n.FillBytes(b[:])
	return Count{hi: binary.BigEndian.Uint64(b[:8]), lo: binary.BigEndian.Uint64(b[8:])}
}

// Add returns c + d.
func (c Count) Add(d Count) Count {
	lo, carry := bits.Add64(c.lo, d.lo, 0)
	hi, carry := bits.Add64(c.hi, d.hi, carry)
	if carry != 0 {
		return maxCount()
	}
	return Count{hi, lo}
}

// Sub returns c - d, or 0 when d is larger.
func (c Count) Sub(d Count) Count {
	lo, borrow := bits.Sub64(c.lo, d.lo, 0)
	hi, borrow := bits.Sub64(c.hi, d.hi, borrow)
	if borrow != 0 {
		return Count{}
	}
	return Count{hi, lo}
}

// Cmp returns -1, 0 or 1 as c is less than, equal to or larger than d.
func (c Count) Cmp(d Count) int {
	switch {
	case c == d:
		return 0
	case c.hi < d.hi, c.hi == d.hi && c.lo < d.lo:
		return -1
	}
	return 1
}

// Equal reports whether c and d are the same number, as == does.
func (c Count) Equal(d Count) bool { return c == d }

// IsZero reports whether c is 0.
func (c Count) IsZero() bool { return c == Count{} }

// Uint64 returns c and whether it fits.
func (c Count) Uint64() (uint64, bool) { return c.lo, c.hi == 0 }

// Float64 returns a float64 close to c, for ratios.
func (c Count) Float64() float64 { return float64(c.hi)*(1<<64) + float64(c.lo) }

// Big returns c as a new big.Int.
func (c Count) Big() *big.Int {
	n := new(big.Int).SetUint64(c.hi)
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(c.lo))
}

// String returns the decimal digits.
func (c Count) String() string {
	if c.hi == 0 {
		return strconv.FormatUint(c.lo, 10)
	}
	return c.Big().String()
}

// MarshalJSON implements json.Marshaler.
func (c Count) MarshalJSON() ([]byte, error) {
	if c.hi == 0 && c.lo <= maxExact {
		return strconv.AppendUint(nil, c.lo, 10), nil
	}
	return json.Marshal(c.String())
}

// UnmarshalJSON implements json.Unmarshaler. It takes a number or a string of digits; a fraction is cut off.
func (c *Count) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" {
		return nil
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		*c = CountOf(n)
		return nil
	}
	f, _, err := big.ParseFloat(text, 10, 200, big.ToNearestEven)
	if err != nil || f.Signbit() || f.IsInf() {
		return errors.New("count is not a number of 0 or more")
	}
	if f.MantExp(nil) > 128 {
		*c = maxCount()
		return nil
	}
	n, _ := f.Int(nil)
	*c = countOfBig(n)
	return nil
}
