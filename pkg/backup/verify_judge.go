package backup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// judge says what was found in a restored database. live is the schema of the database in service; nil: not known. Pure.
func (v *Verdict) judge(found keadb.Inspection, live *keadb.Schema, names subnetNames) {
	v.Leases, v.Rows = found.IPv4.Valid+found.IPv6.Valid, found.IPv4.Rows+found.IPv6.Rows
	if v.Newest = found.IPv4.Newest; found.IPv6.Newest.After(v.Newest) {
		v.Newest = found.IPv6.Newest
	}
	v.VLANs = append(names.counts(kea.DHCP4, found.IPv4), names.counts(kea.DHCP6, found.IPv6)...)
	slices.SortStableFunc(v.VLANs, func(a, b VLANCount) int { return cmp.Compare(a.VLAN, b.VLAN) })
	v.schema(found.Schema, live)
	v.counters(found, names)
	if twice := found.IPv4.Duplicates + found.IPv6.Duplicates; twice > 0 {
		v.check("duplicates", false, fmt.Sprintf("%d addresses stand in more than one row", twice))
	} else {
		v.check("duplicates", true, "no address stands in two rows")
	}
	v.check("leases", true, fmt.Sprintf("%d in %d rows are valid now, %d reservations in the database", v.Leases, v.Rows, found.Hosts))
}

func (v *Verdict) schema(restored keadb.Schema, live *keadb.Schema) {
	switch {
	case live == nil:
		v.check("schema", true, fmt.Sprintf("version %s; the database in service does not answer, so that it was not compared", restored))
	case *live != restored:
		v.check("schema", false, fmt.Sprintf("version %s, and %s in service: Kea would have to be changed, or the schema be upgraded, after a restore", restored, *live))
	default:
		v.check("schema", true, fmt.Sprintf("version %s, as in service", restored))
	}
}

// counters compares the rows with what Kea's triggers count.
func (v *Verdict) counters(found keadb.Inspection, names subnetNames) {
	wrong, subnets := []string{}, 0
	for _, family := range []struct {
		service kea.Service
		leases  keadb.LeasesInspection
	}{{kea.DHCP4, found.IPv4}, {kea.DHCP6, found.IPv6}} {
		for _, s := range family.leases.Subnets {
			subnets++
			if text := miscounted(s); text != "" {
				wrong = append(wrong, names.label(family.service, s.SubnetID)+": "+text)
			}
		}
	}
	const shown = 3
	switch {
	case len(wrong) > shown:
		v.check("counters", false, fmt.Sprintf("%s; and %d more subnets", strings.Join(wrong[:shown], "; "), len(wrong)-shown))
	case len(wrong) > 0:
		v.check("counters", false, strings.Join(wrong, "; "))
	case subnets == 0:
		v.check("counters", true, "there is nothing to count")
	default:
		v.check("counters", true, fmt.Sprintf("agree with the rows in each of %d subnets", subnets))
	}
}

// miscounted says where a subnet's counters differ from its rows; "" when they do not.
func miscounted(s keadb.SubnetInspection) string {
	texts := []string{}
	for _, state := range s.Miscounted() {
		texts = append(texts, fmt.Sprintf("%d rows in state %d, %d counted", s.Rows[state], state, s.Counted[state]))
	}
	return strings.Join(texts, ", ")
}

// subnetNames tells the VLANs of subnets, by service and number.
type subnetNames map[kea.Service]map[uint32]namedSubnet

type namedSubnet struct {
	cidr string
	vlan inventory.VLAN
}

// newSubnetNames reads the VLANs from the servers' configuration files.
func newSubnetNames(servers []inventory.Server) subnetNames {
	names := subnetNames{}
	for _, server := range servers {
		config := inventory.FileConfig(server)
		if config == nil {
			continue
		}
		if names[config.Service] == nil {
			names[config.Service] = map[uint32]namedSubnet{}
		}
		for _, subnet := range config.Subnets {
			names[config.Service][subnet.ID] = namedSubnet{subnet.CIDR.String(), inventory.VLANOf(subnet)}
		}
	}
	return names
}

// label names a subnet for people.
func (n subnetNames) label(service kea.Service, id uint32) string {
	s, known := n[service][id]
	switch {
	case !known:
		return fmt.Sprintf("%s subnet %d", service, id)
	case s.vlan.ID == 0:
		return s.cidr
	}
	return fmt.Sprintf("VLAN %d %s", s.vlan.ID, s.cidr)
}

// counts are the leases of one family by VLAN and subnet.
func (n subnetNames) counts(service kea.Service, found keadb.LeasesInspection) []VLANCount {
	list := []VLANCount{}
	for _, s := range found.Subnets {
		c := VLANCount{Service: string(service), SubnetID: s.SubnetID, Leases: s.Valid}
		for _, rows := range s.Rows {
			c.Rows += rows
		}
		known := n[service][s.SubnetID]
		c.Subnet, c.VLAN, c.VLANName = known.cidr, known.vlan.ID, known.vlan.Name
		list = append(list, c)
	}
	return list
}

// age is how long ago something was, in whole seconds.
func age(t, now time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return now.Sub(t).Truncate(time.Second).Seconds()
}
