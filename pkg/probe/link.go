package probe

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

// Link is a network that clients are on: a subnet, or the subnets of a shared network, of which a client gets whichever
// has room.
type Link struct {
	Service kea.Service
	VLAN    inventory.VLAN
	Subnets []kea.Subnet
	// Servers are the servers that have the link in their configuration.
	Servers []inventory.Server
}

// Address is an address of the link, by which a relay tells the server where its client is.
func (l Link) Address() netip.Addr { return l.Subnets[0].CIDR.Addr() }

// Holds reports whether an address may be given to the link's clients.
func (l Link) Holds(a netip.Addr) bool {
	return slices.ContainsFunc(l.Subnets, func(s kea.Subnet) bool {
		return s.CIDR.Contains(a) || slices.ContainsFunc(s.PDPools, func(p kea.PDPool) bool { return p.Prefix.Contains(a) })
	})
}

// onlyPrefixes reports whether the link's clients get delegated prefixes and no addresses.
func (l Link) onlyPrefixes() bool {
	return !slices.ContainsFunc(l.Subnets, func(s kea.Subnet) bool { return len(s.Pools) > 0 }) &&
		slices.ContainsFunc(l.Subnets, func(s kea.Subnet) bool { return len(s.PDPools) > 0 })
}

// Configured is a server with the configuration that counts: what it runs, else its file.
type Configured struct {
	Server inventory.Server
	Config *kea.Config
}

// Links are the networks of all servers, by service, VLAN and address.
func Links(servers []Configured, rules inventory.VLANRules) []Link {
	type key struct {
		service kea.Service
		network string
		cidr    netip.Prefix
	}
	links := []Link{}
	at := map[key]int{}
	for _, s := range servers {
		if s.Config == nil {
			continue
		}
		for _, subnet := range s.Config.Subnets {
			if !subnet.CIDR.IsValid() {
				continue
			}
			k := key{service: s.Server.Service, network: subnet.SharedNetwork}
			if k.network == "" {
				k.cidr = subnet.CIDR
			}
			i, known := at[k]
			if !known {
				i = len(links)
				at[k] = i
				links = append(links, Link{Service: s.Server.Service, VLAN: rules.Of(s.Server.Service, subnet)})
			}
			l := &links[i]
			if !slices.ContainsFunc(l.Subnets, func(have kea.Subnet) bool { return have.CIDR == subnet.CIDR }) {
				l.Subnets = append(l.Subnets, subnet)
			}
			if !slices.ContainsFunc(l.Servers, func(have inventory.Server) bool { return have.Name() == s.Server.Name() }) {
				l.Servers = append(l.Servers, s.Server)
			}
		}
	}
	slices.SortStableFunc(links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.VLAN.ID, b.VLAN.ID), a.Address().Compare(b.Address()))
	})
	return links
}

// Wanted says what is to be probed. What is empty is everything.
type Wanted struct {
	VLANs    []string // by number or name
	Servers  []string // by name: "kea-dhcp-0/dhcp4", or the pod: "kea-dhcp-0"
	Services []kea.Service
}

// choose leaves what was asked for. Errors: *leases.UnknownError.
func (w Wanted) choose(links []Link, catalog *leases.Catalog) ([]Link, error) {
	subnets := map[kea.Service][]uint32{}
	for _, name := range w.VLANs {
		found, err := catalog.VLAN(name)
		if err != nil {
			return nil, err
		}
		for service, ids := range found {
			subnets[service] = append(subnets[service], ids...)
		}
	}
	if err := w.known(links); err != nil {
		return nil, err
	}
	chosen := []Link{}
	for _, l := range links {
		if len(w.Services) > 0 && !slices.Contains(w.Services, l.Service) {
			continue
		}
		if len(w.VLANs) > 0 && !slices.ContainsFunc(l.Subnets, func(s kea.Subnet) bool { return slices.Contains(subnets[l.Service], s.ID) }) {
			continue
		}
		l.Servers = slices.DeleteFunc(slices.Clone(l.Servers), func(s inventory.Server) bool { return !w.server(s) })
		if len(l.Servers) > 0 {
			chosen = append(chosen, l)
		}
	}
	return chosen, nil
}

func (w Wanted) server(s inventory.Server) bool {
	return len(w.Servers) == 0 || slices.Contains(w.Servers, s.Name()) || slices.Contains(w.Servers, s.Pod)
}

// known refuses names of servers that there are not.
func (w Wanted) known(links []Link) error {
	names, pods := []string{}, []string{}
	for _, l := range links {
		for _, s := range l.Servers {
			if !slices.Contains(names, s.Name()) {
				names, pods = append(names, s.Name()), append(pods, s.Pod)
			}
		}
	}
	for _, asked := range w.Servers {
		if !slices.Contains(names, asked) && !slices.Contains(pods, asked) {
			return &leases.UnknownError{What: "server", Asked: asked, Nearest: names}
		}
	}
	return nil
}
