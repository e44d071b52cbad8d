package leases

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// UsageOptions say how closely usage is looked at.
type UsageOptions struct {
	// Rows counts the leases themselves beside the counters: it takes longer the more leases there are.
	Rows bool
	// Services are the services to count; nil: both.
	Services []kea.Service
}

// Usage tells how full the VLANs are, from the counters that Kea keeps: its cost grows with the subnets, not with the
// leases.
func (d *Deployment) Usage(ctx context.Context, o UsageOptions) (Usage, error) {
	f := figures{counts: map[kea.Service][]SubnetCount{}, leased: map[Key]bool{}}
	filter := Filter{Services: o.Services}
	var (
		told map[string][]SubnetCount
		wait sync.WaitGroup
	)
	// The servers are asked while the database is read.
	wait.Go(func() { told = d.serversCount(ctx, filter.services()) })
	err := d.figures(ctx, &f, filter, o.Rows)
	wait.Wait()
	if err != nil {
		return Usage{}, err
	}
	u := Usage{VLANs: d.catalog.amounts(f), Differences: []Difference{}}
	rates := d.rates(ctx)
	for i := range u.VLANs {
		u.VLANs[i].fill(rates)
	}
	u.Totals = totals(u.VLANs)
	u.Differences = append(u.Differences, d.differences(f, told)...)
	if o.Rows {
		u.Differences = append(u.Differences, d.miscounted(f)...)
	}
	u.Origin = d.origin()
	return u, nil
}

// figures reads what usage is worked out from.
func (d *Deployment) figures(ctx context.Context, f *figures, filter Filter, rows bool) error {
	for _, service := range filter.services() {
		counts, err := d.reader.Counts(ctx, service)
		if err = d.partial(err); err != nil {
			return err
		}
		f.counts[service] = counts
	}
	f.reserved = d.reservedAll(ctx)
	if err := d.leasedAmong(ctx, f, filter); err != nil {
		return err
	}
	if rows {
		return d.countRows(ctx, f, filter)
	}
	return nil
}

// atOnce is how many addresses are looked up with one statement.
const atOnce = 200

// leasedAmong finds out which of the reserved addresses and prefixes have a lease.
func (d *Deployment) leasedAmong(ctx context.Context, f *figures, filter Filter) error {
	for _, service := range filter.services() {
		ranges := []Range{}
		for _, r := range f.reserved {
			if r.Service == service {
				for _, a := range r.addresses() {
					ranges = append(ranges, Range{a, a})
				}
			}
		}
		for part := range slices.Chunk(ranges, atOnce) {
			ask := Filter{Services: []kea.Service{service}, Ranges: part, States: []State{Active, Expired, Declined}}
			err := d.reader.Each(ctx, ask, func(l *Lease) error {
				f.leased[l.Key()] = true
				return nil
			})
			if err = d.partial(err); err != nil {
				return err
			}
		}
	}
	return nil
}

// serversCount asks every server for its own counts; those that do not answer, or cannot count, are left out.
func (d *Deployment) serversCount(ctx context.Context, services []kea.Service) map[string][]SubnetCount {
	ctx, cancel := context.WithTimeout(ctx, configPatience)
	defer cancel()
	told := map[string][]SubnetCount{}
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
	)
	for _, server := range d.Inventory.Servers {
		if !server.State.Running || !slices.Contains(services, server.Service) || d.configs[server.Name()] == nil {
			continue
		}
		wait.Go(func() {
			counts, err := d.serverCounts(ctx, server)
			if err != nil {
				return
			}
			mu.Lock()
			told[server.Name()] = counts
			mu.Unlock()
		})
	}
	wait.Wait()
	return told
}

func (d *Deployment) serverCounts(ctx context.Context, server inventory.Server) ([]SubnetCount, error) {
	asker, _, err := d.source.Connector.Connect(ctx, server)
	if err != nil {
		return nil, err
	}
	return NewAPI(asker, server.Service, server.Name(), d.source.Now).Counts(ctx, server.Service)
}

// noise is how far counts may be apart that were read one after the other while clients come and go.
func noise(n kea.Count) float64 { return max(20, n.Float64()/100) }

// differences compares what the servers count with what was read. Peers that share a database count the same; a server
// with leases of its own knows its own only.
func (d *Deployment) differences(f figures, told map[string][]SubnetCount) []Difference {
	found := []Difference{}
	for _, server := range d.Inventory.Servers {
		for _, n := range told[server.Name()] {
			have, ok := countOf(f.counts[server.Service], n.SubnetID)
			if !ok && n.Assigned.IsZero() {
				continue
			}
			if off := have.Assigned.Float64() - n.Assigned.Float64(); off > noise(have.Assigned) || -off > noise(have.Assigned) {
				found = append(found, Difference{
					Service: server.Service, Subnet: d.subnetName(server.Service, n.SubnetID), What: "assigned addresses",
					A: d.readerName(), ACount: have.Assigned, B: server.Name(), BCount: n.Assigned,
					Means: "the server counts leases that the others do not have, or misses some: kubectl kea ha status",
				})
			}
		}
	}
	return found
}

// miscounted compares the counters with the leases themselves.
func (d *Deployment) miscounted(f figures) []Difference {
	found := []Difference{}
	for _, service := range []kea.Service{kea.DHCP4, kea.DHCP6} {
		ids := []uint32{}
		for _, n := range f.counts[service] {
			ids = append(ids, n.SubnetID)
		}
		for key := range f.rows {
			if key.service == service && !slices.Contains(ids, key.subnet) {
				ids = append(ids, key.subnet)
			}
		}
		slices.Sort(ids)
		for _, id := range ids {
			counter, _ := countOf(f.counts[service], id)
			rows := f.rows[subnetKey{service, id}]
			for _, c := range []struct {
				what string
				a, b kea.Count
			}{
				{"assigned addresses", counter.Assigned, rows.Assigned},
				{"declined addresses", counter.Declined, rows.Declined},
				{"assigned prefixes", counter.Prefixes, rows.Prefixes},
			} {
				if off := c.a.Float64() - c.b.Float64(); off > noise(c.b) || -off > noise(c.b) {
					found = append(found, Difference{
						Service: service, Subnet: d.subnetName(service, id), What: c.what, A: "counters", ACount: c.a, B: "leases", BCount: c.b,
						Means: "the counters are wrong, as after a restore with the triggers off: kea-admin stats-recount puts them right",
					})
				}
			}
		}
	}
	return found
}

func countOf(counts []SubnetCount, id uint32) (SubnetCount, bool) {
	i := slices.IndexFunc(counts, func(c SubnetCount) bool { return c.SubnetID == id })
	if i < 0 {
		return SubnetCount{SubnetID: id}, false
	}
	return counts[i], true
}

func (d *Deployment) subnetName(s kea.Service, id uint32) string {
	if found := d.catalog.byID[s][id]; len(found) > 0 {
		return found[0].CIDR.String()
	}
	return fmt.Sprintf("subnet %d", id)
}

func (d *Deployment) readerName() string {
	if d.way() == SQL {
		return "database"
	}
	return "the leases"
}
