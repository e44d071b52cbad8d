package load

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Duplicate is an address that was ACKed to a client while another client's lease on it was still valid.
type Duplicate struct {
	Address netip.Addr `json:"address"`
	Holder  string     `json:"holder"` // MAC address of the client that has the lease
	Client  string     `json:"client"` // MAC address of the client that got the address as well
	At      time.Time  `json:"at"`
}

// leaseBook knows who may use which address until when, as the clients were told.
type leaseBook struct {
	holds map[netip.Addr][]hold
	sweep int // number of addresses at which expired leases are next thrown away
}

type hold struct {
	client clientID
	until  time.Time
}

const firstSweep = 1024

func newLeaseBook() leaseBook { return leaseBook{holds: map[netip.Addr][]hold{}, sweep: firstSweep} }

// grant notes a lease that ends the given time after t. It returns the other client that holds the address at t, if
// any. A client that holds the address already only prolongs its lease, so that a shared address is reported once for
// every client beyond the first, however often they renew.
func (b *leaseBook) grant(addr netip.Addr, client clientID, lease time.Duration, t time.Time) (holder clientID, duplicate bool) {
	holds := slices.DeleteFunc(b.holds[addr], func(h hold) bool { return !t.Before(h.until) })
	until := t.Add(lease)
	if i := slices.IndexFunc(holds, func(h hold) bool { return h.client == client }); i >= 0 {
		holds[i].until = until
	} else {
		if len(holds) > 0 {
			holder, duplicate = holds[0].client, true
		}
		holds = append(holds, hold{client: client, until: until})
	}
	b.holds[addr] = holds
	b.tidy(t)
	return holder, duplicate
}

// revoke ends a client's lease early, because a server refused to renew it.
func (b *leaseBook) revoke(addr netip.Addr, client clientID) {
	holds := slices.DeleteFunc(b.holds[addr], func(h hold) bool { return h.client == client })
	if len(holds) == 0 {
		delete(b.holds, addr)
		return
	}
	b.holds[addr] = holds
}

// held are all valid leases at t, by address.
func (b *leaseBook) held(t time.Time) []Held {
	found := []Held{}
	for addr, holds := range b.holds {
		for _, h := range holds {
			if t.Before(h.until) {
				found = append(found, Held{addr, h.client.String()})
			}
		}
	}
	slices.SortFunc(found, func(a, b Held) int { return cmp.Or(a.Address.Compare(b.Address), cmp.Compare(a.Client, b.Client)) })
	return found
}

// tidy throws away expired leases whenever the book has doubled since the last time, so that it stays as small as the
// valid leases need and costs little.
func (b *leaseBook) tidy(t time.Time) {
	if len(b.holds) < b.sweep {
		return
	}
	for addr, holds := range b.holds {
		if !slices.ContainsFunc(holds, func(h hold) bool { return t.Before(h.until) }) {
			delete(b.holds, addr)
		}
	}
	b.sweep = max(firstSweep, 2*len(b.holds))
}
