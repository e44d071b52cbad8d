package ha

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// LeaseAsker is the part of *kea.Client that tells leases.
type LeaseAsker interface {
	LeasePage(ctx context.Context, s kea.Service, from netip.Addr, limit int) ([]kea.Lease, error)
	LeaseOf(ctx context.Context, s kea.Service, address netip.Addr, t kea.LeaseType) (kea.Lease, error)
	Clock(ctx context.Context, s kea.Service) (time.Time, error)
}

const (
	// leasePage suits Kea: see kea.Client.LeasePage.
	leasePage = 1000
	// underway is how long a lease may need from one peer to the other, clocks being a little apart.
	underway = 10 * time.Second
	// shownLeases is how many leases are named; each of them is asked for again before it is.
	shownLeases = 100
)

// leaseKey tells leases apart: a prefix and an address may begin alike.
type leaseKey struct {
	address netip.Addr
	kind    kea.LeaseType
}

// known are the leases of one server as far as they were read.
type known struct {
	leases map[leaseKey]kea.Lease
	last   netip.Addr // where the reading stopped; zero: it came to the end
	clock  time.Time
	asker  LeaseAsker
	server inventory.Server
}

// DiffLeases compares the leases of two servers that keep them in a place each: those that are in use and only one has, or
// each for another client. No more than limit leases of each are read. What differs is asked for again, since leases come
// and go meanwhile.
func DiffLeases(ctx context.Context, a, b inventory.Server, askA, askB LeaseAsker, limit int) Comparison {
	c := Comparison{Aspect: AspectLeases, Server: a.Name(), A: a.Name(), B: b.Name(), Differences: []kea.Difference{}}
	sides := [2]known{{asker: askA, server: a}, {asker: askB, server: b}}
	failed := [2]error{}
	var wait sync.WaitGroup
	for i := range sides {
		wait.Go(func() { failed[i] = sides[i].read(ctx, limit) })
	}
	wait.Wait()
	for i, err := range failed {
		if err != nil {
			c.Why = fmt.Sprintf("%s: %v", sides[i].server.Name(), err)
			return c
		}
	}
	within := bound(sides[0].last, sides[1].last)
	c.Bounded = within.IsValid()
	for _, key := range keysOf(sides, within) {
		c.Leases++
		if sides[0].lacks(&sides[1], key) == "" && sides[1].lacks(&sides[0], key) == "" {
			continue
		}
		if c.Found++; c.Found > shownLeases {
			continue
		}
		if d, err := again(ctx, &sides[0], &sides[1], key); err != nil {
			c.Why = err.Error()
			return c
		} else if d == nil {
			c.Found--
		} else {
			c.Differences = append(c.Differences, *d)
		}
	}
	return c
}

// read reads up to limit leases.
func (k *known) read(ctx context.Context, limit int) error {
	var err error
	k.leases = map[leaseKey]kea.Lease{}
	if k.clock, err = k.asker.Clock(ctx, k.server.Service); err != nil {
		return err
	}
	for from := (netip.Addr{}); ; {
		page, err := k.asker.LeasePage(ctx, k.server.Service, from, leasePage)
		switch {
		case errors.Is(err, kea.ErrEmpty):
			return nil
		case err != nil:
			return err
		}
		for _, l := range page {
			k.leases[leaseKey{l.Address, l.Type}] = l
		}
		if len(page) < leasePage {
			return nil
		}
		if from = page[len(page)-1].Address; len(k.leases) >= limit {
			k.last = from
			return nil
		}
	}
}

// bound is the address up to which both sides were read; zero when both came to their ends.
func bound(a, b netip.Addr) netip.Addr {
	switch {
	case !a.IsValid():
		return b
	case !b.IsValid() || a.Less(b):
		return a
	}
	return b
}

// keysOf are the leases that either side has, by address.
func keysOf(sides [2]known, within netip.Addr) []leaseKey {
	keys := []leaseKey{}
	for i := range sides {
		for key := range sides[i].leases {
			_, both := sides[0].leases[key]
			if i == 1 && both || within.IsValid() && within.Less(key.address) {
				continue
			}
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b leaseKey) int {
		return cmp.Or(a.address.Compare(b.address), cmp.Compare(a.kind, b.kind))
	})
	return keys
}

// lacks is the lease that k has and the other should have and does not, for people; "" when all is well.
func (k *known) lacks(other *known, key leaseKey) string {
	mine, ok := k.leases[key]
	if !ok || !k.inUse(mine) {
		return ""
	}
	theirs, ok := other.leases[key]
	if ok && theirs.State == 0 && sameClient(mine, theirs) {
		return ""
	}
	return holder(mine)
}

// inUse reports whether a lease is held by its client, and has been for as long as it may need to the partner.
func (k *known) inUse(l kea.Lease) bool {
	ends := l.Expires()
	return l.State == 0 && l.CLTT.Before(k.clock.Add(-underway)) && (ends.IsZero() || ends.After(k.clock.Add(underway)))
}

// sameClient: DHCPv6 knows a client by its DUID, DHCPv4 by its client id, or else its hardware address.
func sameClient(a, b kea.Lease) bool {
	switch {
	case len(a.DUID) > 0 || len(b.DUID) > 0:
		return bytes.Equal(a.DUID, b.DUID) && a.IAID == b.IAID
	case len(a.ClientID) > 0 || len(b.ClientID) > 0:
		return bytes.Equal(a.ClientID, b.ClientID)
	}
	return bytes.Equal(a.HWAddress, b.HWAddress)
}

// holder is whose a lease is, for people.
func holder(l kea.Lease) string {
	id := l.HWAddress
	if len(l.DUID) > 0 {
		id = l.DUID
	} else if len(id) == 0 {
		id = l.ClientID
	}
	text := net.HardwareAddr(id).String()
	if ends := l.Expires(); !ends.IsZero() {
		text += " until " + ends.UTC().Format(time.RFC3339)
	}
	return text
}

// again asks both for a lease that seemed to differ; nil when it does not.
func again(ctx context.Context, a, b *known, key leaseKey) (*kea.Difference, error) {
	for _, k := range []*known{a, b} {
		l, err := k.asker.LeaseOf(ctx, k.server.Service, key.address, key.kind)
		switch {
		case errors.Is(err, kea.ErrEmpty):
			delete(k.leases, key)
		case err != nil:
			return nil, fmt.Errorf("%s: ask for %s again: %w", k.server.Name(), key.address, err)
		default:
			k.leases[key] = l
		}
	}
	if a.lacks(b, key) == "" && b.lacks(a, key) == "" {
		return nil, nil
	}
	d := &kea.Difference{Path: "lease[" + key.address.String() + "]"}
	if l, ok := a.leases[key]; ok && l.State == 0 {
		d.A = holder(l)
	}
	if l, ok := b.leases[key]; ok && l.State == 0 {
		d.B = holder(l)
	}
	return d, nil
}
