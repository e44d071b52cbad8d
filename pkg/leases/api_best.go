package leases

import "slices"

// best keeps the first leases by a filter's order: as many as its limit, or all.
type best struct {
	kept    []*Lease
	limit   int
	compare func(a, b *Lease) int
}

func newBest(f *Filter) *best { return &best{limit: f.Limit, compare: Compare(f)} }

// room is how many leases are gathered before the worst are thrown away, so that sorting costs little a lease.
const room = 1024

// add takes the lease as its own.
func (b *best) add(l *Lease) {
	own := *l
	b.kept = append(b.kept, &own)
	if b.limit > 0 && len(b.kept) >= b.limit+max(b.limit, room) {
		b.cut()
	}
}

func (b *best) cut() {
	slices.SortStableFunc(b.kept, b.compare)
	if b.limit > 0 && len(b.kept) > b.limit {
		clear(b.kept[b.limit:])
		b.kept = b.kept[:b.limit]
	}
}

// each gives what was kept, in order.
func (b *best) each(yield func(*Lease) error) error {
	b.cut()
	for _, l := range b.kept {
		if err := yield(l); err != nil {
			return err
		}
	}
	return nil
}
