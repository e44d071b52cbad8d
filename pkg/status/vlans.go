package status

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// nearlyFull is the share of a VLAN's addresses above which it is a problem.
const nearlyFull = 0.9

// VLAN counts the leases of one VLAN and address family. A subnet that belongs to no VLAN stands alone: ID is 0.
type VLAN struct {
	ID      int         `json:"id"`
	Name    string      `json:"name"`
	Service kea.Service `json:"service"`
	Subnets []string    `json:"subnets"` // CIDRs
	// From says where the VLAN's number was found: "subnet's user-context", "shared network's name", ...
	From     string    `json:"vlanFrom"`
	Total    kea.Count `json:"total"`
	Assigned kea.Count `json:"assigned"`
	Declined kea.Count `json:"declined"`
	// PrefixesTotal and PrefixesAssigned count delegated prefixes (DHCPv6).
	PrefixesTotal    kea.Count `json:"prefixesTotal"`
	PrefixesAssigned kea.Count `json:"prefixesAssigned"`
	// CountedBy is who counted: a server's name, "database", or "" when nobody could.
	CountedBy string `json:"countedBy,omitempty"`
}

// Share is how much of the VLAN is assigned, from 0 to 1.
func (v VLAN) Share() float64 {
	if v.Total.IsZero() {
		return 0
	}
	return v.Assigned.Float64() / v.Total.Float64()
}

// Label names the VLAN, or the subnet that belongs to none.
func (v VLAN) Label() string {
	if v.ID != 0 {
		return fmt.Sprintf("VLAN %d", v.ID)
	}
	return v.Subnets[0]
}

// count is what is known of a subnet's leases.
type count struct{ assigned, declined, prefixes kea.Count }

// vlans adds up the subnets of all servers. Peers have the same subnets; each is counted once, by the server that serves
// if one does, else by the database.
func vlans(observations []ha.Observation, databases []Database, rules inventory.VLANRules) []VLAN {
	ordered := slices.Clone(observations)
	slices.SortStableFunc(ordered, func(a, b ha.Observation) int { return cmp.Compare(preference(a), preference(b)) })
	found := []VLAN{}
	seen := map[string]bool{}
	for _, o := range ordered {
		config := o.EffectiveConfig()
		if config == nil {
			continue
		}
		for _, subnet := range config.Subnets {
			key := string(o.Server.Service) + " " + subnet.CIDR.String()
			if seen[key] || !subnet.CIDR.IsValid() {
				continue
			}
			seen[key] = true
			counted, by := countSubnet(o, databases, subnet.ID)
			v := rules.Of(o.Server.Service, subnet)
			i := slices.IndexFunc(found, func(have VLAN) bool { return v.ID != 0 && have.ID == v.ID && have.Service == o.Server.Service })
			if i < 0 {
				found = append(found, VLAN{ID: v.ID, Name: v.Name, From: v.Source, Service: o.Server.Service, Subnets: []string{}, CountedBy: by})
				i = len(found) - 1
			}
			f := &found[i]
			if by == "" {
				f.CountedBy = "" // a sum without one of its parts is none
			}
			f.Subnets = append(f.Subnets, subnet.CIDR.String())
			f.Total, f.PrefixesTotal = f.Total.Add(subnet.Addresses()), f.PrefixesTotal.Add(subnet.Prefixes())
			f.Assigned, f.Declined, f.PrefixesAssigned = f.Assigned.Add(counted.assigned), f.Declined.Add(counted.declined), f.PrefixesAssigned.Add(counted.prefixes)
		}
	}
	slices.SortStableFunc(found, func(a, b VLAN) int {
		return cmp.Or(cmp.Compare(orLast(a.ID), orLast(b.ID)), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Subnets[0], b.Subnets[0]))
	})
	return found
}

// orLast puts subnets without a VLAN behind the others.
func orLast(id int) int {
	if id == 0 {
		return 1 << 16
	}
	return id
}

// preference: the server that serves and counts, then one that counts, then any other.
func preference(o ha.Observation) int {
	switch {
	case o.Leases == nil:
		return 2
	case o.Heartbeat != nil && len(o.Heartbeat.Scopes) == 0:
		return 1
	}
	return 0
}

func countSubnet(o ha.Observation, databases []Database, id uint32) (count, string) {
	if o.Leases != nil {
		for _, s := range o.Leases.Subnets {
			if s.SubnetID == id {
				c := count{assigned: s.Assigned, declined: s.Declined}
				if s.Prefixes != nil {
					c.prefixes = s.Prefixes.Assigned
				}
				return c, o.Server.Name()
			}
		}
	}
	for _, d := range databases {
		if !slices.Contains(d.Servers, o.Server.Name()) || d.counts == nil {
			continue
		}
		for _, row := range d.counts[o.Server.Service] {
			if row.SubnetID == id {
				return count{kea.CountOf(row.Assigned), kea.CountOf(row.Declined), kea.CountOf(row.Prefixes)}, "database"
			}
		}
		return count{}, "database" // no row: no lease was ever given
	}
	return count{}, ""
}

func vlanProblems(all []VLAN, namespace string) []problem.Problem {
	found := []problem.Problem{}
	for _, v := range all {
		subject := v.Label() + " " + string(v.Service)
		next := "kubectl kea status -n " + namespace + " -o wide"
		switch share := v.Share(); {
		case v.CountedBy == "" || v.Total.IsZero():
		case v.Assigned.Cmp(v.Total) >= 0:
			found = append(found, problem.Problem{
				Severity: problem.Warning, Code: "vlan-full", Subject: subject, Next: next,
				Text: fmt.Sprintf("all %s addresses are assigned: new clients get none", v.Total),
			})
		case share >= nearlyFull:
			found = append(found, problem.Problem{
				Severity: problem.Warning, Code: "vlan-nearly-full", Subject: subject, Next: next,
				Text: fmt.Sprintf("%s of %s addresses are assigned", v.Assigned, v.Total),
			})
		}
		if !v.Declined.IsZero() {
			found = append(found, problem.Problem{
				Severity: problem.Info, Code: "declined-addresses", Subject: subject,
				Text: fmt.Sprintf("%s addresses were declined by clients: something else uses them", v.Declined),
			})
		}
	}
	return found
}
