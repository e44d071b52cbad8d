// Package timing is what the measuring programs have in common: runs, their medians and spread, the machine.
package timing

import (
	"slices"
	"time"
)

// Sample is how long the runs of one command took.
type Sample []time.Duration

// Quantile is the duration below which a part of the runs lies, interpolated
// between the two nearest. It is zero for no runs.
func (s Sample) Quantile(part float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	at := part * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	between := at - float64(low)
	return sorted[low] + time.Duration(between*float64(sorted[high]-sorted[low]))
}

// Median is the middle of the runs.
func (s Sample) Median() time.Duration { return s.Quantile(0.5) }

// Ratio is how much longer the runs of s took than those of base, by their
// medians. It is zero when base has no runs.
func (s Sample) Ratio(base Sample) float64 {
	if base.Median() == 0 {
		return 0
	}
	return float64(s.Median()) / float64(base.Median())
}
