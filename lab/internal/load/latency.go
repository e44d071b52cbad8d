package load

import (
	"math"
	"slices"
	"time"
)

// Latency is how long the exchanges that were ACKed in time took, from the first packet to the ACK. Percentiles are by
// nearest rank: the smallest value that at least that share of the exchanges did not exceed. All are 0 without an ACK.
type Latency struct {
	P50 time.Duration `json:"p50_ns"`
	P90 time.Duration `json:"p90_ns"`
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`
}

// latencyOf sorts the values in place.
func latencyOf(values []time.Duration) Latency {
	slices.Sort(values)
	return Latency{P50: nearestRank(values, 50), P90: nearestRank(values, 90), P99: nearestRank(values, 99), Max: nearestRank(values, 100)}
}

// nearestRank returns the value at rank ⌈percent/100·n⌉, counted from 1, of n sorted values.
func nearestRank(sorted []time.Duration, percent float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(percent * float64(len(sorted)) / 100))
	return sorted[max(rank, 1)-1]
}
