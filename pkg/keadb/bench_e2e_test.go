//go:build e2e

package keadb

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkLeases reads every lease of the database of KEADB_TEST_DSN: fill it first.
func BenchmarkLeases(b *testing.B) {
	db := connect(b, target(b))
	clock, err := db.Clock(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	lately := clock.Now.Add(-time.Minute)
	for name, f := range map[string]LeaseFilter{
		"unordered": {Order: Unordered}, "by address": {}, "newest 100": {Order: ByCLTT, Descending: true, Limit: 100},
		"an address": {Ranges: []AddressRange{{netip.MustParseAddr("10.5.5.5"), netip.MustParseAddr("10.5.5.5")}}},
		"a MAC":      {HWAddr: []byte{2, 0, 0, 5, 5, 5}}, "a host name": {Hostname: "host5555.example.org"}, "part of a name": {Hostname: "%5555%", HostnameBy: HostnameLike},
		"newest 50 of a subnet": {Subnets: []uint32{17}, Order: ByCLTT, Descending: true, Limit: 50},
		"seen lately":           {SeenSince: lately, Order: ByCLTT, Limit: 100},
		"seen, by lifetimes":    {SeenSince: lately, Lifetimes: []uint32{3600, 7200, 10800}, Order: ByCLTT, Limit: 100},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				if err := db.Leases(b.Context(), IPv4, f, func(*Lease) error { rows++; return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(rows)/float64(b.N), "rows")
			b.ReportMetric(peakRSS(b), "peak-MiB")
		})
	}
}

func peakRSS(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, _ := strconv.Atoi(strings.Fields(rest)[0])
	return float64(kib) / 1024
}
