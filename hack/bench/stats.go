package main

import (
	"slices"
	"time"
)

// sample is how long the runs of one command took.
type sample []time.Duration

// quantile is the duration below which a part of the runs lies, interpolated
// between the two nearest. It is zero for no runs.
func (s sample) quantile(part float64) time.Duration {
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

func (s sample) median() time.Duration { return s.quantile(0.5) }

// ratio is how much longer the runs of s took than those of base, by their
// medians. It is zero when base has no runs.
func (s sample) ratio(base sample) float64 {
	if base.median() == 0 {
		return 0
	}
	return float64(s.median()) / float64(base.median())
}
