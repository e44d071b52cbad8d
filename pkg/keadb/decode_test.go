package keadb

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func be(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func TestDecodeTime(t *testing.T) {
	at := time.Date(2026, 11, 23, 3, 0, 0, 5000, time.UTC)
	var d decoder
	for name, tt := range map[string]struct {
		value []byte
		want  time.Time
	}{
		"a time":    {be(at.UnixMicro() - epoch), at},
		"2000":      {be(0), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"1970":      {be(-epoch + 1_000_000), time.Unix(1, 0).UTC()},
		"infinity":  {be(math.MaxInt64), time.Time{}},
		"-infinity": {be(math.MinInt64), time.Time{}},
		"null":      {nil, time.Time{}},
	} {
		if got := d.time(tt.value); !got.Equal(tt.want) || d.err != nil {
			t.Errorf("%s: got %s, %v", name, got, d.err)
		}
	}
	if d.time([]byte{1}); d.err == nil {
		t.Error("took one octet for a time")
	}
}

// TestTimes: of a lease that never ends the column holds the last transaction.
func TestTimes(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	if cltt, expires := times(at, 3600); !cltt.Equal(at.Add(-time.Hour)) || !expires.Equal(at) {
		t.Errorf("got %s, %s", cltt, expires)
	}
	if cltt, expires := times(at, Infinite); !cltt.Equal(at) || !expires.IsZero() {
		t.Errorf("for ever: got %s, %s", cltt, expires)
	}
	if cltt, expires := times(time.Time{}, 3600); !cltt.IsZero() || !expires.IsZero() {
		t.Errorf("not known: got %s, %s", cltt, expires)
	}
}

func TestDecodeAddresses(t *testing.T) {
	var d decoder
	if a := d.addr4(be(3232235777)); a != netip.MustParseAddr("192.168.1.1") || d.err != nil {
		t.Errorf("got %s, %v", a, d.err)
	}
	six := netip.MustParseAddr("2001:db8::1")
	b := six.As16()
	if a := d.inet(append([]byte{3, 128, 0, 16}, b[:]...)); a != six || d.err != nil {
		t.Errorf("got %s, %v", a, d.err)
	}
	if a := d.addr([]byte("2001:db8::1")); a != six || d.err != nil {
		t.Errorf("got %s, %v", a, d.err)
	}
	for name, bad := range map[string]func(*decoder){
		"beyond IPv4": func(d *decoder) { d.addr4(be(1 << 32)) },
		"below 0":     func(d *decoder) { d.addr4(be(-1)) },
		"short inet":  func(d *decoder) { d.inet([]byte{3, 128, 0, 16, 1}) },
		"no inet":     func(d *decoder) { d.inet(nil) },
		"no address":  func(d *decoder) { d.addr([]byte("fe80::1%eth0")) },
	} {
		var d decoder
		if bad(&d); d.err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestDecodeLease has rows as PostgreSQL sends them, of each version of the schema.
func TestDecodeLease(t *testing.T) {
	for _, version := range []int{13, 15, 17, 22, 29, 99} {
		row := leaseRow{columns: columns4(Schema{Version: version})}
		values := make([][]byte, len(row.columns))
		for i, c := range row.columns {
			switch c.name {
			case "address":
				values[i] = be(167772161)
			case "valid_lifetime", "subnet_id", "pool_id":
				values[i] = be(math.MaxUint32)
			case "hostname":
				values[i] = []byte("h\xff")
			case "hwaddr":
				values[i] = []byte{}
			}
		}
		if err := row.decode(values); err != nil {
			t.Fatal(err)
		}
		if l := row.lease; l.Address.String() != "10.0.0.1" || l.Valid != Infinite || l.SubnetID != math.MaxUint32 || l.Hostname != "h\xff" || l.HWAddr != nil ||
			(l.PoolID != 0) != (version >= poolColumn) {
			t.Errorf("version %d: got %+v", version, l)
		}
		values[3] = []byte{1, 2, 3}
		if err := row.decode(values); err == nil || !strings.Contains(err.Error(), "column valid_lifetime of the lease of 10.0.0.1") {
			t.Errorf("version %d: got %v", version, err)
		}
		if err := row.decode(values[1:]); err == nil {
			t.Errorf("version %d: took a row that lacks a column", version)
		}
	}
}

// FuzzDecodeLease: whatever a server sends is a lease or an error.
func FuzzDecodeLease(f *testing.F) {
	f.Add([]byte("\x08\x00\x00\x00\x00\x0a\x00\x00\x01\x00"), false, 22)
	f.Add([]byte("\x14\x03\x80\x00\x10 2001:db8::1\xff"), true, 13)
	f.Fuzz(func(t *testing.T, data []byte, six bool, version int) {
		row := leaseRow{columns: columns4(Schema{Version: version})}
		if six {
			row.columns = columns6(Schema{Version: version})
		}
		values := make([][]byte, len(row.columns))
		for i := range values {
			if len(data) == 0 {
				break
			}
			n := min(int(data[0]), len(data)-1)
			values[i], data = data[1:1+n], data[1+n:]
		}
		if err := row.decode(values); err == nil && six && !row.lease.Address.IsValid() {
			t.Errorf("a lease without an address: %+v", row.lease)
		}
	})
}
