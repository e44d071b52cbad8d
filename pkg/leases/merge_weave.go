package leases

import (
	"context"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// weave is one reading from several readers.
type weave struct {
	readers []Reader
	filter  Filter
	now     time.Time
	failed  map[string]error
}

// apart reads from readers that have nothing in common: each keeps to the filter by itself.
func (w *weave) apart(ctx context.Context, yield func(*Lease) error) error {
	given := 0
	return w.streams(ctx, w.filter, Compare(&w.filter), func(same []copyOf) error {
		for _, c := range same {
			if err := yield(c.lease); err != nil {
				return err
			}
			if given++; given == w.filter.Limit {
				return errEnough
			}
		}
		return nil
	})
}

// through reads all leases of peers. What peers know of a lease may differ, so each is asked only for what does not
// depend on that, and the filter is applied to what is known best.
func (w *weave) through(ctx context.Context, yield func(*Lease) error) error {
	wide := Filter{Subnets: w.filter.Subnets, Services: w.filter.Services, Ranges: w.filter.Ranges}
	sink, flush := w.sink(yield)
	err := w.streams(ctx, wide, compareAddresses, func(same []copyOf) error {
		if l := w.settle(same); w.filter.Match(l, w.now) {
			return sink(l)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// sink takes leases by address and gives them on in the filter's order: at once, or when flush is called.
func (w *weave) sink(yield func(*Lease) error) (sink func(*Lease) error, flush func() error) {
	if !w.filter.byAddress() {
		best := newBest(&w.filter)
		return func(l *Lease) error { best.add(l); return nil }, func() error { return best.each(yield) }
	}
	given := 0
	sink = func(l *Lease) error {
		if err := yield(l); err != nil {
			return err
		}
		if given++; given == w.filter.Limit {
			return errEnough
		}
		return nil
	}
	return sink, func() error { return nil }
}

// copyOf is a lease as one reader knows it.
type copyOf struct {
	lease  *Lease
	reader Reader
}

// settle is what is known best of a lease: what the server knows where the client was seen last, and of several such the
// first one's.
func (w *weave) settle(same []copyOf) *Lease {
	latest := same[0].lease
	for _, c := range same[1:] {
		if c.lease.LastSeen.After(latest.LastSeen) {
			latest = c.lease
		}
	}
	latest.MissingOn = w.missing(latest, same)
	return latest
}

// underway is how long a lease may need from one peer to the other, clocks being a little apart.
const underway = 10 * time.Second

// missing names the readers that should have the lease and do not.
func (w *weave) missing(l *Lease, same []copyOf) []string {
	if l.State != Active || l.LastSeen.After(w.now.Add(-underway)) {
		return nil
	}
	var names []string
	for _, r := range w.readers {
		if !covers(r, l.Service) || w.failed[r.String()] != nil {
			continue
		}
		has := slices.ContainsFunc(same, func(c copyOf) bool {
			return c.reader == r && c.lease.State == Active && slices.Equal(c.lease.Client(), l.Client())
		})
		if !has {
			names = append(names, r.String())
		}
	}
	return names
}

// lookUp asks every peer for the leases of an address or a client, and then each for what it did not name and others
// did: it may know better whose that is by now.
func (w *weave) lookUp(ctx context.Context, yield func(*Lease) error) error {
	type place struct {
		service kea.Service
		key     Key
	}
	known := map[place][]copyOf{}
	var order []place
	all := w.filter
	all.Limit = 0
	err := w.streams(ctx, all, Compare(&all), func(same []copyOf) error {
		for _, c := range same {
			at := place{c.lease.Service, c.lease.Key()}
			if known[at] == nil {
				order = append(order, at)
			}
			known[at] = append(known[at], c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	best := newBest(&w.filter)
	for _, at := range order {
		same := known[at]
		for _, r := range w.readers {
			if !covers(r, at.service) || w.failed[r.String()] != nil || slices.ContainsFunc(same, func(c copyOf) bool { return c.reader == r }) {
				continue
			}
			l, err := leaseAt(ctx, r, at.service, at.key)
			switch {
			case err != nil:
				w.failed[r.String()] = err
			case l != nil:
				same = append(same, copyOf{l, r})
			}
		}
		if l := w.settle(w.inOrder(same)); w.filter.Match(l, w.now) {
			best.add(l)
		}
	}
	return best.each(yield)
}

// inOrder puts copies in the order of the readers.
func (w *weave) inOrder(same []copyOf) []copyOf {
	slices.SortStableFunc(same, func(a, b copyOf) int { return slices.Index(w.readers, a.reader) - slices.Index(w.readers, b.reader) })
	return same
}

// leaseAt is what a reader knows of one lease; nil for nothing.
func leaseAt(ctx context.Context, r Reader, s kea.Service, k Key) (*Lease, error) {
	if one, ok := r.(*APIReader); ok {
		return one.at(ctx, k)
	}
	var found *Lease
	f := Filter{Services: []kea.Service{s}, Ranges: []Range{{k.Address, k.Address}}}
	err := r.Each(ctx, f, func(l *Lease) error {
		if l.Key() == k {
			own := l.Clone()
			found = &own
		}
		return nil
	})
	return found, err
}
