package keaconf

import (
	"encoding/json"
	"fmt"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// vlans adds the subnets. Kea knows no VLANs: their number and name go into the user-context, where inventory.VLANOf
// reads them. Several subnets of one VLAN are a shared network, in which Kea goes on with the next when one is full.
func (f file) vlans(d *kea.DHCPDocument) error {
	for _, v := range f.stack.Spec.VLANs {
		list := v.Subnets4
		if f.is6() {
			list = v.Subnets6
		}
		context, err := userContext(v)
		if err != nil {
			return err
		}
		var subnets []kea.SubnetEntry
		for _, s := range list {
			entry := f.subnet(s)
			if len(list) == 1 {
				entry.UserContext = context
			}
			if err := merge(&entry, s.Config); err != nil {
				return fmt.Errorf("subnet %s: %w", s.Subnet, err)
			}
			subnets = append(subnets, entry)
		}
		network := kea.SharedNetwork{Name: v.Name, UserContext: context}
		switch {
		case len(list) <= 1 && f.is6():
			d.Subnet6 = append(d.Subnet6, subnets...)
		case len(list) <= 1:
			d.Subnet4 = append(d.Subnet4, subnets...)
		case f.is6():
			network.Subnet6 = subnets
			d.SharedNetworks = append(d.SharedNetworks, network)
		default:
			network.Subnet4 = subnets
			d.SharedNetworks = append(d.SharedNetworks, network)
		}
	}
	return nil
}

func userContext(v v1alpha1.VLAN) (json.RawMessage, error) {
	return json.Marshal(struct {
		VLAN int    `json:"vlan"`
		Name string `json:"name"`
	}{v.ID, v.Name})
}

func (f file) subnet(s v1alpha1.Subnet) kea.SubnetEntry {
	entry := kea.SubnetEntry{
		ID:           s.ID,
		Subnet:       s.Subnet,
		Pools:        f.pools(s.Pools),
		PDPools:      f.prefixPools(s.PrefixPools),
		OptionData:   f.subnetOptions(s),
		Reservations: reservations(s.Reservations),
	}
	if len(s.Relays) > 0 {
		entry.Relay = &kea.Relay{IPAddresses: s.Relays}
	}
	if s.LeaseTime != nil {
		f.lifetimes(&entry, seconds(s.LeaseTime.Duration))
	}
	f.subnetAllocators(&entry)
	return entry
}

// lifetimes of a subnet with its own lease time: Kea would take one alone as the longest time too. The preferred lifetime
// keeps its part of it.
func (f file) lifetimes(entry *kea.SubnetEntry, valid int) {
	entry.ValidLifetime = valid
	entry.MaxValidLifetime = max(valid, seconds(f.daemon.MaxLeaseTime.Duration))
	if whole := seconds(f.daemon.LeaseTime.Duration); f.is6() && whole > 0 {
		entry.PreferredLifetime = valid * seconds(f.daemon.PreferredLifetime.Duration) / whole
	}
}
