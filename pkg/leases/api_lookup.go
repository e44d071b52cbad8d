package leases

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"unicode/utf8"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// errNoLookup: only reading all leases tells.
var errNoLookup = errors.New("no key to look leases up by")

// mostLookups is how many single addresses are asked for one by one, rather than by reading through them.
const mostLookups = 16

// lookUp asks for the leases that have the filter's address, or its client's, all at once. They are more than the filter
// takes where it says more.
func (r *APIReader) lookUp(ctx context.Context, f *Filter) ([]kea.Lease, error) {
	if single := f.addresses(); single != nil {
		return r.leasesAt(ctx, single)
	}
	for _, key := range f.keys() {
		found, err := r.client.LeasesBy(ctx, r.service, key.by, key.value)
		switch {
		case errors.Is(err, kea.ErrEmpty):
			return nil, nil
		case errors.Is(err, kea.ErrUnsupported):
			continue
		}
		return found, err
	}
	return nil, errNoLookup
}

// addresses are the filter's ranges when they are single addresses, and few; else nil.
func (f *Filter) addresses() []netip.Addr {
	if len(f.Ranges) > mostLookups {
		return nil
	}
	var out []netip.Addr
	for _, r := range f.Ranges {
		if r.First != r.Last {
			return nil
		}
		if !slices.Contains(out, r.First) {
			out = append(out, r.First)
		}
	}
	return out
}

// key is what a server can look leases up by.
type key struct {
	by    kea.LeaseKey
	value []byte
}

// keys are the filter's keys, the ones of fewest leases first.
func (f *Filter) keys() []key {
	var out []key
	for _, k := range []key{{kea.ByDUID, f.DUID}, {kea.ByClientID, f.ClientID}} {
		if len(k.value) > 0 {
			out = append(out, k)
		}
	}
	if len(f.HWAddress) > 0 && !f.HWPrefix {
		out = append(out, key{kea.ByHWAddress, f.HWAddress})
	}
	// A name that is not UTF-8 does not get through JSON.
	if h := f.Hostname; h.Text != "" && h.Kind == Exact && utf8.ValidString(h.Text) {
		out = append(out, key{kea.ByHostname, []byte(h.Text)})
	}
	return out
}

// leasesAt asks for the leases of addresses, and of delegated prefixes that they lie in.
func (r *APIReader) leasesAt(ctx context.Context, addresses []netip.Addr) ([]kea.Lease, error) {
	var out []kea.Lease
	ask := func(a netip.Addr, t kea.LeaseType) error {
		l, err := r.client.LeaseOf(ctx, r.service, a, t)
		if errors.Is(err, kea.ErrEmpty) {
			return nil
		}
		if err == nil && !slices.ContainsFunc(out, func(o kea.Lease) bool { return o.Address == l.Address && o.Type == l.Type }) {
			out = append(out, l)
		}
		return err
	}
	for _, a := range addresses {
		if a.Is4() != (r.service == kea.DHCP4) {
			continue
		}
		if r.service == kea.DHCP4 {
			if err := ask(a, ""); err != nil {
				return nil, err
			}
			continue
		}
		for _, t := range []kea.LeaseType{kea.TypeNA, kea.TypeTA} {
			if err := ask(a, t); err != nil {
				return nil, err
			}
		}
		for _, begin := range prefixesAround(a) {
			if err := ask(begin, kea.TypePD); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// shortest is the length of the shortest prefix that anybody delegates.
const shortest = 16

// prefixesAround are the addresses at which a delegated prefix that holds a can begin: there are as many as a has bits
// set, a few dozen at most.
func prefixesAround(a netip.Addr) []netip.Addr {
	out := []netip.Addr{a}
	for bits := 127; bits >= shortest; bits-- {
		if begin := netip.PrefixFrom(a, bits).Masked().Addr(); begin != out[len(out)-1] {
			out = append(out, begin)
		}
	}
	return out
}

// at is what the server knows of one lease; nil for nothing.
func (r *APIReader) at(ctx context.Context, k Key) (*Lease, error) {
	now, err := r.Clock(ctx)
	if err != nil {
		return nil, err
	}
	found, err := r.client.LeaseOf(ctx, r.service, k.Address, kea.LeaseType(k.Type))
	switch {
	case errors.Is(err, kea.ErrEmpty):
		return nil, nil
	case err != nil:
		return nil, err
	}
	l := leaseOf(&found, now)
	return &l, nil
}
