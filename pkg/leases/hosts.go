package leases

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// mostHosts is how many reservations of a hosts database are read to count what is reserved.
const mostHosts = 20000

// reservedAll are all reservations of the deployment: those of the configurations and those of the hosts databases that
// are beside the leases.
func (d *Deployment) reservedAll(ctx context.Context) []Reserved {
	found := slices.Clone(d.catalog.Reserved)
	for _, s := range d.stores {
		if !d.keepsHosts(s) {
			continue
		}
		hosts, err := s.db.Hosts(ctx, keadb.HostFilter{Limit: mostHosts + 1})
		if err != nil {
			d.miss("reservations in "+s.name(), err)
			continue
		}
		if len(hosts) > mostHosts {
			s.note = fmt.Sprintf("%s has more than %d reservations: some are not counted as reserved", s.name(), mostHosts)
		}
		found = append(found, fromHosts(hosts)...)
	}
	return found
}

// reservedNear are the reservations that may concern a lease: of its address or of its client.
func (d *Deployment) reservedNear(ctx context.Context, l *Lease) []Reserved {
	found := []Reserved{}
	for _, r := range d.catalog.Reserved {
		if r.Service == l.Service {
			found = append(found, r)
		}
	}
	filter := keadb.HostFilter{Addresses: []netip.Addr{l.Address}}
	for _, id := range []Octets{l.HWAddress, l.ClientID, l.DUID} {
		if len(id) > 0 {
			filter.Identifiers = append(filter.Identifiers, id)
		}
	}
	for _, s := range d.stores {
		if !d.keepsHosts(s) {
			continue
		}
		hosts, err := s.db.Hosts(ctx, filter)
		if err != nil {
			d.miss("reservations in "+s.name(), err)
			continue
		}
		for _, r := range fromHosts(hosts) {
			if r.Service == l.Service {
				found = append(found, r)
			}
		}
	}
	return found
}

// keepsHosts: a store's database is a hosts database of its servers too, and we are logged in.
func (d *Deployment) keepsHosts(s *store) bool {
	if s.db == nil {
		return false
	}
	for _, server := range s.servers {
		config := d.configs[server.Name()]
		if config != nil && slices.ContainsFunc(config.HostsDatabases, func(h kea.Database) bool {
			return h.Host == s.database.Host && h.Name == s.database.Name
		}) {
			return true
		}
	}
	return false
}

// fromHosts turns rows of the hosts database into reservations, one for each service.
func fromHosts(hosts []keadb.Host) []Reserved {
	found := []Reserved{}
	for _, h := range hosts {
		r := Reserved{From: "database", HostReservation: kea.HostReservation{IdentifierType: h.Type.String(), Identifier: h.Identifier, Hostname: h.Hostname}}
		if h.Subnet4 != nil {
			four := r
			four.Service, four.SubnetID, four.Address, four.ClientClasses = kea.DHCP4, *h.Subnet4, h.Address4, h.Classes4
			found = append(found, four)
		}
		if h.Subnet6 != nil {
			six := r
			six.Service, six.SubnetID, six.ClientClasses = kea.DHCP6, *h.Subnet6, h.Classes6
			for _, x := range h.Reserved6 {
				if x.Type == keadb.TypePD {
					six.Prefixes = append(six.Prefixes, x.Prefix)
				} else {
					six.Addresses = append(six.Addresses, x.Prefix.Addr())
				}
			}
			found = append(found, six)
		}
	}
	return found
}
