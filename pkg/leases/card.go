package leases

import (
	"bytes"
	"cmp"
	"context"
	"net/netip"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// most is how many leases a card shows. More than that is no answer to "who is it".
const most = 50

// Get finds what somebody asks for, by every way to read it, and all that is known of it. Nothing found is a card without
// entries; of an address it then says what the configuration knows.
func (d *Deployment) Get(ctx context.Context, w Wanted) (Card, error) {
	card := Card{Asked: w.Text, Entries: []Entry{}}
	found := []Lease{}
	for _, kind := range w.Kinds {
		for _, f := range w.filters(kind) {
			hits, err := d.few(ctx, f)
			if err != nil {
				return Card{}, err
			}
			if len(hits) > 0 && card.As == "" {
				card.As = string(kind)
			}
			found = appendNew(found, hits...)
		}
	}
	if len(found) == 0 && w.Is(HostName) {
		// Kea keeps the whole name, people say the first part of it.
		hits, err := d.few(ctx, Filter{Hostname: Pattern{w.Hostname + ".*", Glob}})
		if err != nil {
			return Card{}, err
		}
		found, card.As = hits, string(HostName)
	}
	if len(w.Kinds) > 0 {
		card.As = cmp.Or(card.As, string(w.Kinds[0]))
	}
	card.Origin = d.origin()
	if len(found) > most {
		found = found[:most]
		card.Notes = append(card.Notes, "more leases fit: see kubectl kea leases list")
	}
	for i := range found {
		entry, err := d.entry(ctx, &found[i])
		if err != nil {
			return Card{}, err
		}
		card.Entries = append(card.Entries, entry)
	}
	if len(found) == 0 && w.Address.IsValid() {
		card.Address = new(d.vacancy(ctx, w.Address))
	}
	return card, nil
}

// filters are what to look for when something is read as one kind.
func (w Wanted) filters(kind Kind) []Filter {
	switch kind {
	case IPv4Address, IPv6Address:
		return []Filter{{Ranges: []Range{{w.Address, w.Address}}}}
	case DelegatedPrefix:
		p := netip.PrefixFrom(w.Address, w.Length)
		return []Filter{{Ranges: []Range{{p.Addr(), kea.LastAddr(p)}}}}
	case HardwareAddress:
		return []Filter{{HWAddress: w.Octets}}
	case ClientID:
		return []Filter{{ClientID: w.Octets}}
	case DUID:
		return []Filter{{DUID: w.Octets}}
	case HostName:
		return []Filter{{Hostname: Pattern{w.Hostname, Exact}}}
	}
	return nil
}

// few reads the leases that a filter takes, one more than a card shows at most.
func (d *Deployment) few(ctx context.Context, f Filter) ([]Lease, error) {
	f.Limit = most + 1
	list, err := d.List(ctx, f)
	return list.Leases, err
}

// appendNew adds those that are not there yet.
func appendNew(have []Lease, more ...Lease) []Lease {
	for _, l := range more {
		if !slices.ContainsFunc(have, func(h Lease) bool { return h.Key() == l.Key() }) {
			have = append(have, l)
		}
	}
	return have
}

// entry gathers what surrounds a lease.
func (d *Deployment) entry(ctx context.Context, l *Lease) (Entry, error) {
	e := Entry{
		Lease: *l, Relay: RelayFacts(l.UserContext), Reservations: []ReservedFor{}, Others: []Lease{}, Before: []FormerHolder{},
		ClientID: DescribeClientID(l.ClientID), DUID: DescribeDUID(l.DUID),
	}
	if s := d.catalog.Find(l.Service, l.SubnetID, l.Address); s != nil {
		e.SharedNetwork, e.VLANFrom, e.Pool = s.SharedNetwork, s.VLAN.Source, s.poolOf(l)
	}
	for _, r := range d.reservedNear(ctx, l) {
		if f, ok := r.judge(l); ok {
			e.Reservations = append(e.Reservations, f)
		}
	}
	others, err := d.othersOf(ctx, l)
	if err != nil {
		return Entry{}, err
	}
	e.Others = append(e.Others, others...)
	e.Before = append(e.Before, d.before(ctx, l)...)
	return e, nil
}

// poolOf names the pool that a lease comes from, "" outside of all.
func (s *Subnet) poolOf(l *Lease) string {
	if l.Type == PD {
		if p, ok := s.PDPool(l.Address); ok {
			return p.Prefix.String()
		}
		return ""
	}
	if p, ok := s.Pool(l.Address); ok {
		return p.String()
	}
	return ""
}

// othersOf are the other leases of a lease's client, by any of its identifiers.
func (d *Deployment) othersOf(ctx context.Context, l *Lease) ([]Lease, error) {
	found := []Lease{}
	if l.State == Declined {
		return found, nil // what Kea keeps of its client is a placeholder
	}
	for _, f := range []Filter{{HWAddress: l.HWAddress}, {ClientID: l.ClientID}, {DUID: l.DUID}} {
		if len(f.HWAddress)+len(f.ClientID)+len(f.DUID) == 0 {
			continue
		}
		for _, service := range []kea.Service{kea.DHCP4, kea.DHCP6} {
			f.Services = []kea.Service{service}
			cheap, err := d.cheap(ctx, f)
			if err != nil {
				return nil, err
			}
			if !cheap {
				continue
			}
			hits, err := d.few(ctx, f)
			if err != nil {
				return nil, err
			}
			found = appendNew(found, hits...)
		}
	}
	return slices.DeleteFunc(found, func(o Lease) bool { return o.Key() == l.Key() }), nil
}

// mostScanned is how many leases are looked through for what is only beside the question.
const mostScanned = 100000

// cheap: an index finds what a filter of one service takes, or there are few leases to look through.
func (d *Deployment) cheap(ctx context.Context, f Filter) (bool, error) {
	if !d.scans(f) {
		return true, nil
	}
	counts, err := d.reader.Counts(ctx, f.Services[0])
	if err = d.partial(err); err != nil {
		return false, err
	}
	sum := kea.Count{}
	for _, c := range counts {
		sum = sum.Add(c.Assigned).Add(c.Prefixes)
	}
	return sum.Cmp(kea.CountOf(mostScanned)) <= 0, nil
}

// vacancy says what the configuration knows of an address without a lease.
func (d *Deployment) vacancy(ctx context.Context, a netip.Addr) Vacancy {
	v := Vacancy{Address: a.String(), Verdict: "no-subnet", Reserved: []ReservedFor{}}
	s := d.catalog.Holding(a)
	if s == nil {
		return v
	}
	v.Subnet, v.VLAN, v.VLANName, v.Verdict = s.CIDR.String(), s.VLAN.ID, s.VLAN.Name, "outside-pools"
	probe := Lease{Service: s.Service, Type: NA, SubnetID: s.ID, Address: a}
	if p, ok := s.Pool(a); ok {
		v.Pool, v.Verdict = p.String(), "free"
	} else if p, ok := s.PDPool(a); ok {
		v.Pool, v.Verdict = p.Prefix.String(), "free"
	}
	for _, r := range d.reservedNear(ctx, &probe) {
		if r.Service == s.Service && slices.Contains(r.addresses(), a) {
			v.Reserved, v.Verdict = append(v.Reserved, r.report()), "reserved"
		}
	}
	return v
}

// sameClient reports whether two leases are of one client.
func sameClient(a, b *Lease) bool { return len(a.Client()) > 0 && bytes.Equal(a.Client(), b.Client()) }
