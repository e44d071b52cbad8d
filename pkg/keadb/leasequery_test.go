package keadb

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// placeholders returns the highest $n of a statement.
func placeholders(sql string) int {
	highest := 0
	for _, m := range regexp.MustCompile(`\$(\d+)`).FindAllStringSubmatch(sql, -1) {
		n, _ := strconv.Atoi(m[1])
		highest = max(highest, n)
	}
	return highest
}

func TestNothingCanMatch(t *testing.T) {
	one := []AddressRange{{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.1")}}
	for name, tt := range map[string]struct {
		family Family
		f      LeaseFilter
	}{
		"no subnet":            {IPv4, LeaseFilter{Subnets: []uint32{}}},
		"the other family":     {IPv6, LeaseFilter{Ranges: one}},
		"a client id in IPv6":  {IPv6, LeaseFilter{ClientID: []byte{1}}},
		"a DUID in IPv4":       {IPv4, LeaseFilter{DUID: []byte{1}}},
		"a prefix in IPv4":     {IPv4, LeaseFilter{Types: []LeaseType{TypePD}}},
		"the type of IPv4":     {IPv6, LeaseFilter{Types: []LeaseType{TypeV4}}},
		"no state":             {IPv4, LeaseFilter{States: []LeaseState{}}},
		"ends of two families": {IPv4, LeaseFilter{Ranges: []AddressRange{{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::")}}}},
		"no address":           {IPv6, LeaseFilter{Ranges: []AddressRange{{}}}},
	} {
		if _, some := familyQuery(tt.family, tt.f, Schema{Version: 22}); some {
			t.Errorf("%s: the database is asked", name)
		}
	}
}

func TestFollowing(t *testing.T) {
	for _, tt := range []struct{ prefix, want []byte }{
		{[]byte{1, 2}, []byte{1, 3}}, {[]byte{1, 0xff}, []byte{2}}, {[]byte{1, 0xff, 0xff}, []byte{2}}, {[]byte{0xff, 0xff}, nil}, {nil, nil},
	} {
		if got := following(tt.prefix); !bytes.Equal(got, tt.want) {
			t.Errorf("after %x comes %x, not %x", tt.prefix, got, tt.want)
		}
	}
}

// FuzzLeaseQuery: no value gets into the statement's text, and every parameter has its place.
func FuzzLeaseQuery(f *testing.F) {
	f.Add("'; drop table lease4 --", []byte("\x02\x00"), uint32(4294967295), "2001:db8::1", int64(1), uint8(3), 22)
	f.Fuzz(func(t *testing.T, name string, octets []byte, subnet uint32, addr string, seconds int64, order uint8, version int) {
		a, _ := netip.ParseAddr(addr)
		at := time.Unix(seconds%4e10, 0)
		filter := LeaseFilter{
			Subnets: []uint32{subnet}, Ranges: []AddressRange{{a, a}}, HWAddr: octets, HWPrefix: seconds%2 == 0, Hostname: name, HostnameBy: HostnameMatch(order % 2),
			States: []LeaseState{Active, Expired, Declined}, At: at, SeenSince: at, ExpiresBefore: at, Order: LeaseOrder(order % 6), Limit: int(order),
		}
		if order%3 == 0 {
			filter.Lifetimes = []uint32{subnet, Infinite}
		}
		for _, family := range []Family{IPv4, IPv6} {
			q, some := familyQuery(family, filter, Schema{Version: version})
			if !some {
				continue
			}
			if n := placeholders(q.sql); n != len(q.args) {
				t.Errorf("%d parameters for %d places:\n%s", len(q.args), n, q.sql)
			}
			if len(name) > 8 && strings.Contains(q.sql, name) && !slices.ContainsFunc(q.columns, func(c column) bool { return strings.Contains(name, c.name) }) {
				t.Errorf("%q is in the statement:\n%s", name, q.sql)
			}
			if bytes.HasPrefix(following(octets), octets) && len(octets) > 0 {
				t.Errorf("%x does not follow %x", following(octets), octets)
			}
		}
	})
}

// TestSchemas: what is asked for is what a version has.
func TestSchemas(t *testing.T) {
	for _, tt := range []struct {
		version            int
		relay, pool, ascii bool
	}{{13, false, false, true}, {15, true, false, true}, {17, true, true, true}, {18, true, true, false}, {22, true, true, false}, {30, true, true, false}, {77, true, true, false}} {
		s := Schema{Version: tt.version}
		four, _ := familyQuery(IPv4, LeaseFilter{}, s)
		six, _ := familyQuery(IPv6, LeaseFilter{}, s)
		if strings.Contains(four.sql, "relay_id") != tt.relay || strings.Contains(four.sql, "pool_id") != tt.pool || strings.Contains(six.sql, "pool_id") != tt.pool ||
			strings.Contains(six.sql, "address::inet") != tt.ascii {
			t.Errorf("version %s:\n%s\n%s", s, four.sql, six.sql)
		}
	}
	if got := fmt.Sprint(Schema{22, 2}); got != "22.2" {
		t.Errorf("is %s", got)
	}
}
