//go:build e2e

package keadb

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkLeases reads every lease of the database of KEADB_TEST_DSN: fill it first.
func BenchmarkLeases(b *testing.B) {
	for name, f := range map[string]LeaseFilter{"unordered": {Order: Unordered}, "by address": {}, "newest 100": {Order: ByCLTT, Descending: true, Limit: 100}} {
		b.Run(name, func(b *testing.B) {
			db := connect(b, target(b))
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
