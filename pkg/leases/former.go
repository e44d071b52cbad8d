package leases

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// mostFormer is how many former holders a card has, and mostEvents how many events are read to find them.
const (
	mostFormer = 10
	mostEvents = 2000
)

// before are those who had a lease's address before, latest first; none where no history is kept.
func (d *Deployment) before(ctx context.Context, l *Lease) []FormerHolder {
	bits := l.Address.BitLen()
	if l.Type == PD {
		bits = l.Length
	}
	for _, s := range d.stores {
		if s.db == nil || !slices.Contains(s.services(), l.Service) {
			continue
		}
		f := keadb.EventFilter{Addresses: []netip.Prefix{netip.PrefixFrom(l.Address, bits)}, Newest: true, Limit: mostEvents}
		events, _, err := s.events(ctx, f, Span{})
		switch {
		case errors.Is(err, keadb.ErrNoHistory):
			return nil
		case err != nil:
			d.miss("history in "+s.name(), err)
			return nil
		}
		// An address's events have those of a delegated prefix around it among them.
		events = slices.DeleteFunc(events, func(e Event) bool { return e.Lease.Key() != l.Key() })
		slices.Reverse(events)
		return FormerHolders(events, l)
	}
	return nil
}

// FormerHolders are the clients that had an address before now, latest first, by its events, oldest first. The one who
// has it now is not among them, nor is what that one had without anybody in between.
func FormerHolders(events []Event, now *Lease) []FormerHolder {
	found := []FormerHolder{}
	var held *FormerHolder
	var last *Lease
	end := func(e *Event, how string) {
		if held != nil {
			held.Until, held.End = e.Time, how
			found = append(found, *held)
		}
		held = nil
	}
	for i := range events {
		e := &events[i]
		switch {
		case e.Kind.Ends():
			if held == nil && len(e.Lease.Client()) > 0 {
				held = &FormerHolder{Client: e.Lease.Client().String(), Hostname: e.Lease.Hostname}
			}
			end(e, string(e.Kind))
			last = &e.Lease
		case e.Kind == Granted || e.Kind == Announced || e.Kind == Renewed || e.Kind == Altered:
			if held != nil && last != nil && !sameClient(last, &e.Lease) {
				end(e, string(Moved))
			}
			if held == nil {
				held = &FormerHolder{Client: e.Lease.Client().String(), Hostname: e.Lease.Hostname}
				if e.Kind == Granted || e.Kind == Announced {
					held.From = e.Time
				}
			}
			if e.Lease.Hostname != "" {
				held.Hostname = e.Lease.Hostname
			}
			last = &e.Lease
		}
	}
	// One who came back without anybody in between had it all the time, as people see it.
	merged := []FormerHolder{}
	for _, f := range found {
		if n := len(merged); n > 0 && merged[n-1].Client == f.Client {
			merged[n-1].Until, merged[n-1].End, merged[n-1].Hostname = f.Until, f.End, f.Hostname
			continue
		}
		merged = append(merged, f)
	}
	if n := len(merged); n > 0 && now != nil && now.State == Active && merged[n-1].Client == now.Client().String() {
		merged = merged[:n-1]
	}
	slices.Reverse(merged)
	return merged[:min(len(merged), mostFormer)]
}
