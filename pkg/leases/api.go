package leases

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// APIReader reads leases from one server through Kea's API.
type APIReader struct {
	client  *kea.Client
	service kea.Service
	server  string
	local   func() time.Time

	mu    sync.Mutex
	asked time.Time // when the server was asked for its time, by local; zero: not yet
	said  time.Time // what it said
}

// NewAPI returns the reader of a server's leases; server is its name for people, now the caller's clock. Leases are told
// expired or not by the server's clock, which is asked once and goes on with the caller's. The leases have no VLAN, no subnet but its id, and not what
// relays said beyond the user context: no version of Kea tells its columns.
//
// In the order of addresses leases stream, a page at a time. Any other order keeps all that match in memory, or with a
// limit that many.
func NewAPI(client *kea.Client, service kea.Service, server string, now func() time.Time) *APIReader {
	return &APIReader{client: client, service: service, server: server, local: now}
}

// String names the server: "kea-dhcp-0/dhcp4".
func (r *APIReader) String() string { return r.server }

// Services are those whose leases the reader has.
func (r *APIReader) Services() []kea.Service { return []kea.Service{r.service} }

// Clock is the time by the server's clock, to a second; by the caller's when the server does not say. An error is one of
// the way to the server.
func (r *APIReader) Clock(ctx context.Context) (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked.IsZero() {
		said, err := r.client.Clock(ctx, r.service)
		if err != nil {
			return time.Time{}, err
		}
		r.asked, r.said = r.local(), said
		if said.IsZero() {
			r.said = r.asked
		}
	}
	return r.said.Add(r.local().Sub(r.asked)).UTC(), nil
}

// Counts implements Reader by stat-lease4-get or stat-lease6-get. kea.ErrUnsupported: the stat_cmds hook is not loaded.
func (r *APIReader) Counts(ctx context.Context, s kea.Service) ([]SubnetCount, error) {
	if s != r.service {
		return nil, nil
	}
	return apiCounts(ctx, r.client, s)
}

func apiCounts(ctx context.Context, client *kea.Client, s kea.Service) ([]SubnetCount, error) {
	stats, err := client.LeaseStats(ctx, s)
	if err != nil {
		return nil, err
	}
	out := make([]SubnetCount, len(stats.Subnets))
	for i, n := range stats.Subnets {
		out[i] = SubnetCount{SubnetID: n.SubnetID, Assigned: n.Assigned, Declined: n.Declined}
		if n.Prefixes != nil {
			out[i].Prefixes = n.Prefixes.Assigned
		}
	}
	return out, nil
}

// Each implements Reader. kea.ErrUnsupported: the lease_cmds hook is not loaded; kea.ErrNoDatabase: the server's lease
// database does not answer.
func (r *APIReader) Each(ctx context.Context, f Filter, yield func(*Lease) error) error {
	if f.nothing(r.service) {
		return nil
	}
	now, err := r.Clock(ctx)
	if err != nil {
		return err
	}
	found, err := r.lookUp(ctx, &f)
	if errors.Is(err, errNoLookup) {
		return r.eachPage(ctx, &f, now, yield)
	}
	if err != nil {
		return err
	}
	best := newBest(&f)
	for i := range found {
		if l := leaseOf(&found[i], now); f.Match(&l, now) {
			best.add(&l)
		}
	}
	return best.each(yield)
}

// nothing: the filter takes no lease of the service, whatever there is.
func (f *Filter) nothing(s kea.Service) bool {
	return !f.takes(s) || f.Subnets != nil && len(f.Subnets[s]) == 0 || f.States != nil && len(f.States) == 0 ||
		s == kea.DHCP4 && len(f.DUID) > 0 || s == kea.DHCP6 && len(f.ClientID) > 0
}

// leaseOf says in the words of this package what the API told.
func leaseOf(k *kea.Lease, now time.Time) Lease {
	l := Lease{
		Service: k.Service, Type: V4, Address: k.Address, Length: k.PrefixLen, SubnetID: k.SubnetID, PoolID: k.PoolID,
		HWAddress: k.HWAddress, ClientID: k.ClientID, DUID: k.DUID, IAID: k.IAID,
		Hostname: k.Hostname, FQDNForward: k.FQDNForward, FQDNReverse: k.FQDNReverse,
		ValidLifetime: k.Valid, PreferredLifetime: k.Preferred, LastSeen: k.CLTT, Expires: k.Expires(), UserContext: k.UserContext,
	}
	if k.Service == kea.DHCP6 {
		l.Type = Type(k.Type)
	}
	l.State = stateOf(k.State, l.Expires, now)
	return l
}
