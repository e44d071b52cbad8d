package leases

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

const (
	// mostPolled is how many changed leases one look tells; more are counted only.
	mostPolled = 500
	// mostRead is how many leases servers may have for all of them to be read at every look.
	mostRead = 20000
)

// poll follows leases without a history: those that were heard of lately, and the counters.
type poll struct {
	d      *Deployment
	f      Filter
	since  time.Time // the latest transaction that was told
	told   map[Key]glimpse
	counts map[subnetKey]SubnetCount
	blind  bool // there are too many leases to read: only the counters are followed
}

// glimpse is how a lease stood when it was told.
type glimpse struct {
	seen   time.Time
	state  State
	client Octets
}

func (d *Deployment) poll(ctx context.Context, f Filter) (*poll, error) {
	p := &poll{d: d, f: f, told: map[Key]glimpse{}}
	if err := p.lifetimes(ctx); err != nil {
		return nil, err
	}
	counts, err := p.count(ctx)
	if err != nil {
		return nil, err
	}
	p.counts = counts
	if d.way() != SQL {
		sum := kea.Count{}
		for _, n := range counts {
			sum = sum.Add(n.Assigned).Add(n.Prefixes)
		}
		p.blind = sum.Cmp(kea.CountOf(mostRead)) > 0
	}
	p.since = d.clock
	return p, nil
}

// lifetimes asks databases for the lifetimes that leases have: with them an index finds those that were heard of lately.
func (p *poll) lifetimes(ctx context.Context) error {
	for _, s := range p.d.stores {
		for _, service := range s.services() {
			if s.db == nil || !p.f.takes(service) {
				continue
			}
			all, err := s.db.Lifetimes(ctx, familyOf(service))
			if err != nil {
				return err
			}
			p.f.Lifetimes = append(p.f.Lifetimes, all...)
		}
	}
	for _, config := range p.d.configs {
		if config != nil && config.ValidLifetime > 0 {
			p.f.Lifetimes = append(p.f.Lifetimes, uint32(config.ValidLifetime))
		}
	}
	return nil
}

func (p *poll) look(ctx context.Context, yield func(*Event) error) error {
	if !p.blind {
		if err := p.changed(ctx, yield); err != nil {
			return err
		}
	}
	return p.counted(ctx, yield)
}

// changed tells the leases that were heard of since the last look.
func (p *poll) changed(ctx context.Context, yield func(*Event) error) error {
	f := p.f
	// Times are whole seconds: the last one may not have been over.
	f.SeenSince, f.Sort, f.Limit = p.since.Add(-time.Second), ByLastSeen, mostPolled
	latest := p.since
	err := p.d.reader.Each(ctx, f, func(l *Lease) error {
		now := glimpse{l.LastSeen, l.State, bytes.Clone(l.Client())}
		before, known := p.told[l.Key()]
		if known && before.seen.Equal(now.seen) && before.state == now.state && bytes.Equal(before.client, now.client) {
			return nil
		}
		p.told[l.Key()] = now
		if l.LastSeen.After(latest) {
			latest = l.LastSeen
		}
		p.d.catalog.Place(l)
		return yield(&Event{Time: l.LastSeen, Kind: kindOf(l, before, known), Lease: l.Clone()})
	})
	if err = p.d.partial(err); err != nil {
		return err
	}
	p.since = latest
	for key, g := range p.told {
		if g.seen.Before(p.since.Add(-time.Minute)) {
			delete(p.told, key)
		}
	}
	return nil
}

// kindOf is what a lease tells by how it stands.
func kindOf(l *Lease, before glimpse, known bool) EventKind {
	switch {
	case l.State == Declined:
		return Refused
	case l.State == Reclaimed || l.State == Released:
		return Freed
	case l.State == Registered:
		return Announced
	case known && bytes.Equal(before.client, l.Client()):
		return Renewed
	case known:
		return Granted
	}
	return Seen
}

// counted tells the VLANs whose counters have changed.
func (p *poll) counted(ctx context.Context, yield func(*Event) error) error {
	counts, err := p.count(ctx)
	if err != nil {
		return err
	}
	before, after := p.byVLAN(p.counts), p.byVLAN(counts)
	p.counts = counts
	for _, v := range vlansOf(before, after) {
		if before[v] == after[v] {
			continue
		}
		e := Event{Time: p.d.source.Now().Add(p.d.ahead), Kind: Counted, Lease: Lease{Service: v.service, VLAN: v.id, VLANName: v.name, Subnet: v.subnet}}
		e.Note = fmt.Sprintf("%s assigned, before %s", after[v].Assigned, before[v].Assigned)
		if after[v].Declined != before[v].Declined {
			e.Note += fmt.Sprintf("; %s declined, before %s", after[v].Declined, before[v].Declined)
		}
		if after[v].Prefixes != before[v].Prefixes {
			e.Note += fmt.Sprintf("; %s prefixes, before %s", after[v].Prefixes, before[v].Prefixes)
		}
		if err := yield(&e); err != nil {
			return err
		}
	}
	return nil
}

// count reads the counters of the subnets that the filter takes.
func (p *poll) count(ctx context.Context) (map[subnetKey]SubnetCount, error) {
	found := map[subnetKey]SubnetCount{}
	for _, service := range p.f.services() {
		counts, err := p.d.reader.Counts(ctx, service)
		if err = p.d.partial(err); err != nil {
			return nil, err
		}
		for _, c := range counts {
			if p.f.Subnets == nil || slices.Contains(p.f.Subnets[service], c.SubnetID) {
				found[subnetKey{service, c.SubnetID}] = c
			}
		}
	}
	return found, nil
}
