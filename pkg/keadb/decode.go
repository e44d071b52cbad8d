package keadb

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// decoder reads values in PostgreSQL's binary format; nil, the null, is read as the zero value. It keeps the first error.
type decoder struct{ err error }

func (d *decoder) fail() {
	if d.err == nil {
		d.err = errMalformed()
	}
}

// int reads smallint, integer and bigint.
func (d *decoder) int(b []byte) int64 {
	switch len(b) {
	case 8:
		return int64(binary.BigEndian.Uint64(b))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b)))
	case 2:
		return int64(int16(binary.BigEndian.Uint16(b)))
	}
	if b != nil {
		d.fail()
	}
	return 0
}

// uint32 reads an unsigned number from a column that has room for it.
func (d *decoder) uint32(b []byte) uint32 {
	n := d.int(b)
	if n < 0 || n > math.MaxUint32 {
		d.fail()
		return 0
	}
	return uint32(n)
}

func (d *decoder) bool(b []byte) bool {
	if b != nil && len(b) != 1 {
		d.fail()
	}
	return len(b) == 1 && b[0] != 0
}

// epoch is PostgreSQL's, 2000-01-01, in microseconds of Unix time.
const epoch = 946684800 * 1_000_000

// time reads timestamptz. Its two infinities are read as the zero time.
func (d *decoder) time(b []byte) time.Time {
	if b == nil {
		return time.Time{}
	}
	if len(b) != 8 {
		d.fail()
		return time.Time{}
	}
	n := int64(binary.BigEndian.Uint64(b))
	if n == math.MaxInt64 || n == math.MinInt64 || n > math.MaxInt64-epoch {
		return time.Time{}
	}
	return time.UnixMicro(n + epoch).UTC()
}

// octets reads bytea: nil when there are none. They are the row's.
func (*decoder) octets(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// addr4 reads an IPv4 address from a bigint.
func (d *decoder) addr4(b []byte) netip.Addr {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], d.uint32(b))
	return netip.AddrFrom4(a)
}

// inet reads an address without its mask. What comes in front of the octets: family, bits, cidr or not, how many.
func (d *decoder) inet(b []byte) netip.Addr {
	if len(b) >= 4 && int(b[3]) == len(b)-4 {
		if a, ok := netip.AddrFromSlice(b[4:]); ok {
			return a
		}
	}
	d.fail()
	return netip.Addr{}
}

// addr reads an address from text, as schemas up to Kea 2.2 have it.
func (d *decoder) addr(b []byte) netip.Addr {
	a, err := netip.ParseAddr(string(b))
	if err != nil || a.Zone() != "" {
		d.fail()
		return netip.Addr{}
	}
	return a
}
