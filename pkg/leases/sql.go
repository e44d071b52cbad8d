package leases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// sqlReader reads leases from a database.
type sqlReader struct {
	db       *keadb.DB
	services []kea.Service
	at       time.Time // the moment to read, from the history; zero: now
}

// NewSQL returns the reader of a database that keeps the leases of the given services. The leases that it gives have no
// VLAN and no subnet but its id: the database knows neither. Whether a lease is active or expired is by the database's
// clock. It is one connection: do not use db from within a callback.
func NewSQL(db *keadb.DB, services []kea.Service) Reader {
	return &sqlReader{db: db, services: services}
}

// String names the database, its server and the role, and the moment.
func (r *sqlReader) String() string {
	if !r.at.IsZero() {
		return r.db.String() + ", at " + r.at.UTC().Format(time.RFC3339)
	}
	return r.db.String()
}

// Counts implements Reader.
func (r *sqlReader) Counts(ctx context.Context, s kea.Service) ([]SubnetCount, error) {
	if !r.at.IsZero() {
		return r.pastCounts(ctx, s)
	}
	counts, err := r.db.LeaseCounts(ctx, familyOf(s))
	if err != nil {
		return nil, err
	}
	out := make([]SubnetCount, len(counts))
	for i, c := range counts {
		out[i] = SubnetCount{
			SubnetID: c.SubnetID,
			Assigned: kea.CountOf(c.Assigned), Declined: kea.CountOf(c.Declined), Prefixes: kea.CountOf(c.Prefixes),
		}
	}
	return out, nil
}

// Each implements Reader.
func (r *sqlReader) Each(ctx context.Context, f Filter, yield func(*Lease) error) error {
	services := slices.DeleteFunc([]kea.Service{kea.DHCP4, kea.DHCP6}, func(s kea.Service) bool {
		return !slices.Contains(r.services, s) || f.Services != nil && !slices.Contains(f.Services, s)
	})
	if len(services) == 0 {
		return nil
	}
	now, err := r.now(ctx)
	if err != nil {
		return err
	}
	filters := make(map[kea.Service]keadb.LeaseFilter, len(services))
	for _, s := range services {
		if filters[s], err = sqlFilter(f, s, now); err != nil {
			return err
		}
	}
	var lease Lease
	give := func(row *keadb.Lease) error {
		fillLease(&lease, row, now)
		return yield(&lease)
	}
	if order := filters[services[0]].Order; len(services) == 2 && order != keadb.ByAddress && order != keadb.Unordered {
		return r.all(ctx, filters[kea.DHCP4], filters[kea.DHCP6], give)
	}
	if f.Reverse {
		slices.Reverse(services)
	}
	return r.eachService(ctx, services, filters, give)
}

// eachService reads one service after the other, with what one leaves of the limit.
func (r *sqlReader) eachService(ctx context.Context, services []kea.Service, filters map[kea.Service]keadb.LeaseFilter, yield func(*keadb.Lease) error) error {
	given := 0
	for _, s := range services {
		filter := filters[s]
		if filter.Limit > 0 {
			if filter.Limit -= given; filter.Limit <= 0 {
				return nil
			}
		}
		err := r.family(ctx, familyOf(s), filter, func(l *keadb.Lease) error {
			given++
			return yield(l)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func familyOf(s kea.Service) keadb.Family {
	if s == kea.DHCP6 {
		return keadb.IPv6
	}
	return keadb.IPv4
}

// sqlFilter says in the database's words which leases of a service a filter takes.
func sqlFilter(f Filter, s kea.Service, now time.Time) (keadb.LeaseFilter, error) {
	order, err := sqlOrder(f.Sort)
	if err != nil {
		return keadb.LeaseFilter{}, err
	}
	out := keadb.LeaseFilter{
		HWAddr: f.HWAddress, HWPrefix: f.HWPrefix, ClientID: f.ClientID, DUID: f.DUID, SeenSince: f.SeenSince, Lifetimes: f.Lifetimes,
		At: now, Order: order, Descending: f.Reverse, Limit: f.Limit,
	}
	if f.Subnets != nil {
		out.Subnets = append([]uint32{}, f.Subnets[s]...)
	}
	for _, r := range f.Ranges {
		out.Ranges = append(out.Ranges, keadb.AddressRange(r))
	}
	out.Hostname, out.HostnameBy = f.Hostname.like()
	if len(f.States) > 0 {
		if out.States, err = sqlStates(f.States); err != nil {
			return keadb.LeaseFilter{}, err
		}
	}
	if f.ExpiresWithin != 0 {
		out.ExpiresFrom, out.ExpiresBefore = now, now.Add(f.ExpiresWithin+time.Microsecond) // the database's smallest step
	}
	return out, nil
}

// Unordered is the order in which leases are cheapest to read: DHCPv4 before DHCPv6, else as they come.
const Unordered Sort = "none"

func sqlOrder(s Sort) (keadb.LeaseOrder, error) {
	switch s {
	case ByAddress, "":
		return keadb.ByAddress, nil
	case ByLastSeen:
		return keadb.ByCLTT, nil
	case ByExpiry:
		return keadb.ByExpiry, nil
	case ByHostname:
		return keadb.ByHostname, nil
	case ByVLAN:
		return keadb.BySubnet, nil
	case Unordered:
		return keadb.Unordered, nil
	}
	return 0, fmt.Errorf("leases cannot be sorted by %q", s)
}

func sqlStates(states []State) ([]keadb.LeaseState, error) {
	out := make([]keadb.LeaseState, len(states))
	for i, s := range states {
		switch s {
		case Active:
			out[i] = keadb.Active
		case Expired:
			out[i] = keadb.Expired
		case Declined:
			out[i] = keadb.Declined
		case Reclaimed:
			out[i] = keadb.Reclaimed
		case Released:
			out[i] = keadb.Released
		case Registered:
			out[i] = keadb.Registered
		default:
			return nil, fmt.Errorf("%q is no state of a lease", s)
		}
	}
	return out, nil
}
