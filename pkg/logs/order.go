package logs

import (
	"slices"
	"time"
)

// settle is how long a line waits for those of other daemons that were written before it and arrive after it.
const settle = 150 * time.Millisecond

// order puts lines that arrive from several logs into the order of time.
type order struct{ waiting []heard }

func (o *order) add(h heard) { o.waiting = append(o.waiting, h) }

// flush gives on the lines that arrived until a moment, and those that were written before them.
func (o *order) flush(until time.Time, emit func(Line) error) error {
	var last time.Time
	ripe := false
	for _, h := range o.waiting {
		if !h.at.After(until) {
			ripe = true
			if h.line.Time.After(last) {
				last = h.line.Time
			}
		}
	}
	if !ripe {
		return nil
	}
	slices.SortStableFunc(o.waiting, func(a, b heard) int { return a.line.Time.Compare(b.line.Time) })
	n := 0
	for ; n < len(o.waiting) && !o.waiting[n].line.Time.After(last); n++ {
		if err := emit(o.waiting[n].line); err != nil {
			return err
		}
	}
	o.waiting = slices.Delete(o.waiting, 0, n)
	return nil
}
