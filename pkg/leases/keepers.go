package leases

import (
	"context"
	"slices"
	"sync"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Keepers are the servers that keep leases: those that answer, by name, and for a lease the names of those to tell of its
// removal. Of servers that share a database one is enough; of those that keep leases each on their own all must be told,
// also those that do not answer.
func (d *Deployment) Keepers(ctx context.Context) (map[string]LeaseServer, func(*Lease) []string) {
	answer := map[string]LeaseServer{}
	var wait sync.WaitGroup
	var mu sync.Mutex
	for _, server := range d.Inventory.Servers {
		if !server.State.Running {
			continue
		}
		wait.Go(func() {
			if asker, _, err := d.source.Connector.Connect(ctx, server); err == nil {
				mu.Lock()
				defer mu.Unlock()
				answer[server.Name()] = asker
			}
		})
	}
	wait.Wait()
	return answer, func(l *Lease) []string {
		names := d.keepersOf(l, answer, true)
		if len(names) == 0 {
			names = d.keepersOf(l, answer, false) // of a subnet that nobody has any more
		}
		return names
	}
}

// keepersOf are the servers to tell of a lease; configured: only those whose configuration has its subnet.
func (d *Deployment) keepersOf(l *Lease, answer map[string]LeaseServer, configured bool) []string {
	names := []string{}
	for _, s := range d.stores {
		for _, server := range s.servers {
			if server.Service != l.Service || configured && !d.hasSubnet(server, l.SubnetID) {
				continue
			}
			if s.database == nil {
				names = append(names, server.Name())
			} else if answer[server.Name()] != nil {
				names = append(names, server.Name())
				break
			}
		}
	}
	return names
}

func (d *Deployment) hasSubnet(server inventory.Server, id uint32) bool {
	config := d.configs[server.Name()]
	return config != nil && slices.ContainsFunc(config.Subnets, func(s kea.Subnet) bool { return s.ID == id })
}
