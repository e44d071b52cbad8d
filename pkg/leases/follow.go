package leases

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// What a feed tells beside the kinds of a history.
const (
	// Seen: the client was heard of. Without a history nobody knows whether it got the lease or renewed it.
	Seen EventKind = "seen"
	// Counted: the number of a VLAN's leases changed; the event has no lease but the VLAN.
	Counted EventKind = "counted"
	// Lost and Back: the leases could not be read, and can be again. What happened meanwhile is missing without a history.
	Lost EventKind = "lost"
	Back EventKind = "back"
)

// lookPatience is how long one look of a feed may take.
const lookPatience = 10 * time.Second

// Feed is a live feed of what happens to leases.
type Feed struct {
	// Recorded: everything that happens is told, from the history. Otherwise only what shows in the leases and the counters,
	// neither releases nor ends; Why says why.
	Recorded bool
	Why      *NoHistoryError

	every  time.Duration
	now    func() time.Time
	part   follower
	reopen func(context.Context) error
	broken bool // the last look failed: the sessions may be gone
}

// follower is where a feed comes from.
type follower interface {
	// look tells what has happened since the last look.
	look(ctx context.Context, yield func(*Event) error) error
}

// Feed begins a feed of the leases that a filter takes, from now on.
func (d *Deployment) Feed(ctx context.Context, f Filter, every time.Duration) (*Feed, error) {
	f.Limit, f.Sort, f.Reverse = 0, ByAddress, false
	feed := &Feed{every: every, now: d.source.Now, reopen: d.reopen}
	tail, err := d.Tail(ctx)
	var none *NoHistoryError
	switch {
	case err == nil:
		feed.Recorded, feed.part = true, &recorded{tail, f}
	case errors.As(err, &none):
		feed.Why = none
		feed.part, err = d.poll(ctx, f)
		if err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	return feed, nil
}

// Run gives what happens to yield until the context ends, whose error it returns, or yield's own. A database that goes away
// is told, and waited for.
func (x *Feed) Run(ctx context.Context, yield func(*Event) error) error {
	var refused error
	give := func(e *Event) error {
		refused = yield(e)
		return refused
	}
	lost := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(x.every):
		}
		err := x.look(ctx, give)
		switch {
		case refused != nil:
			return refused
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !lost:
			lost = true
			if err := give(&Event{Time: x.now(), Kind: Lost, Note: err.Error()}); err != nil {
				return err
			}
		case err == nil && lost:
			lost = false
			if err := give(&Event{Time: x.now(), Kind: Back}); err != nil {
				return err
			}
		}
	}
}

func (x *Feed) look(ctx context.Context, yield func(*Event) error) error {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	if x.broken {
		if err := x.reopen(ctx); err != nil {
			return err
		}
	}
	err := x.part.look(ctx, yield)
	x.broken = err != nil
	return err
}

// reopen looks at what is deployed and opens the leases again after an error: a connection may have died with it, and the
// database may be elsewhere now.
func (d *Deployment) reopen(ctx context.Context) error {
	in, err := inventory.Discover(ctx, d.source.Reader, d.request.Namespace, d.request.Inventory)
	if err != nil {
		return err
	}
	d.Inventory = in
	now := d.stored(func(s inventory.Server) *kea.Config { return d.configs[s.Name()] })
	for _, s := range d.stores {
		if i := slices.IndexFunc(now, s.same); i >= 0 {
			s.database, s.servers = now[i].database, now[i].servers
		}
		s.close(ctx)
		s.err, s.readers = nil, nil
		if s.open(ctx, d); s.err != nil {
			return s.err
		}
	}
	d.clock = time.Time{}
	d.assemble()
	return nil
}

// recorded follows the histories.
type recorded struct {
	tail *Tail
	f    Filter
}

func (r *recorded) look(ctx context.Context, yield func(*Event) error) error {
	events, err := r.tail.Next(ctx)
	if err != nil {
		return err
	}
	for i := range events {
		if e := &events[i]; e.Kind != Cleaned && r.f.Match(&e.Lease, e.Time) {
			if err := yield(e); err != nil {
				return err
			}
		}
	}
	return nil
}
