package restore

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

// Loss is how many valid leases of a subnet were granted or renewed after the target: what the restored database does not
// know, and a cutover carries forward.
type Loss struct {
	Service  string `json:"service"` // dhcp4, dhcp6
	VLAN     int    `json:"vlan,omitempty"`
	VLANName string `json:"vlanName,omitempty"`
	Subnet   string `json:"subnet"` // "" for one that the configuration does not have any more
	SubnetID uint32 `json:"subnetID"`
	Leases   int64  `json:"leases"`
	// Forgotten: a move as it is planned does not carry them.
	Forgotten bool `json:"forgotten,omitempty"`
}

// losses places counts of subnets in their VLANs, in the catalog's order. Subnets without a lease are left out.
func losses(counts []keadb.AfterCount, catalog *leases.Catalog) []Loss {
	found := []Loss{}
	for _, c := range counts {
		if c.Leases == 0 {
			continue
		}
		found = append(found, lossOf(catalog, c.Family, c.SubnetID, c.Leases))
	}
	slices.SortStableFunc(found, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(unnamedLast(a.VLAN), unnamedLast(b.VLAN)), cmp.Compare(a.SubnetID, b.SubnetID))
	})
	return found
}

// lossOf names a subnet and its VLAN.
func lossOf(catalog *leases.Catalog, family keadb.Family, id uint32, n int64) Loss {
	service := kea.DHCP4
	if family == keadb.IPv6 {
		service = kea.DHCP6
	}
	l := Loss{Service: string(service), SubnetID: id, Leases: n}
	if s := catalog.Find(service, id, netip.Addr{}); s != nil {
		l.VLAN, l.VLANName, l.Subnet = s.VLAN.ID, s.VLAN.Name, s.CIDR.String()
	}
	return l
}

// unnamedLast puts what belongs to no VLAN behind the rest.
func unnamedLast(vlan int) int {
	if vlan == 0 {
		return 1 << 16
	}
	return vlan
}

// sourcePatience is how long the database in service may take to say what a restore would forget.
const sourcePatience = 10 * time.Second

// lookAtLosses asks the database in service what was granted or renewed since. It reads only.
// Permission: get secrets, create pods/portforward.
func lookAtLosses(ctx context.Context, src Source, s backup.Subject, since time.Time) ([]Loss, error) {
	ctx, cancel := context.WithTimeout(ctx, sourcePatience)
	defer cancel()
	login, err := inventory.Logins{Reader: src.Client, Pods: src.Pods, Observe: src.Observe}.Find(ctx, s.In, s.Database, inventory.AsViewer, func(string, error) {})
	if err != nil {
		return nil, err
	}
	login.Target.ReadOnly, login.Target.StatementTimeout = true, sourcePatience
	db, err := keadb.Connect(ctx, login.Target)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	counts, err := db.After(ctx, since)
	if err != nil {
		return nil, err
	}
	return losses(counts, catalogOf(ctx, src, s)), nil
}

// catalogOf knows the subnets of the servers that use a database, from their running configurations, or their files where
// they do not answer.
func catalogOf(ctx context.Context, src Source, s backup.Subject) *leases.Catalog {
	var services []inventory.DHCPService
	configs := make([]*kea.Config, len(s.In.Servers))
	reads := []func() error{func() error {
		services, _ = s.In.DHCPServices(ctx, src.Client) // without them a VLAN has a subnet for its name
		return nil
	}}
	for i, server := range s.In.Servers {
		if !slices.Contains(s.Database.Servers, server.Name()) {
			continue
		}
		configs[i] = server.File
		reads = append(reads, func() error {
			if running := runningConfig(ctx, src, server); running != nil {
				configs[i] = running
			}
			return nil
		})
	}
	_ = sideBySide(reads...)
	return leases.NewCatalog(configs, inventory.VLANRules{Services: services})
}

// runningConfig is what a server runs; nil when it does not say.
func runningConfig(ctx context.Context, src Source, s inventory.Server) *kea.Config {
	if !s.State.Running || src.Connector == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, configPatience)
	defer cancel()
	asker, _, err := src.Connector.Connect(ctx, s)
	if err != nil {
		return nil
	}
	config, err := asker.Config(ctx, s.Service)
	if err != nil {
		return nil
	}
	return &config
}

// configPatience is how long a server may take to tell its configuration. Its file does as well.
const configPatience = 2 * time.Second
