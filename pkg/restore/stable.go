package restore

import (
	"fmt"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// unstable says why the way from the servers to their database cannot be turned to another cluster; "" when it can: a Service
// that is not the operator's, and selects the primary of a cluster.
func unstable(d inventory.Database) string {
	switch {
	case d.Service == nil:
		return fmt.Sprintf("the servers reach their database as %s, which is no Service of this namespace: it cannot be turned to another cluster", d.Host)
	case d.Target == nil || d.Cluster == nil:
		return "it does not lead to a cluster of this namespace"
	case d.Target.Role == cnpg.RolePooler:
		return "it leads to a pooler, which belongs to one cluster: it cannot be turned to another"
	case d.Target.Role != cnpg.RolePrimary:
		return fmt.Sprintf("it selects %s instances of the cluster, not the primary", d.Target.Role)
	}
	for _, owner := range d.Service.OwnerReferences {
		if owner.Kind == "Cluster" {
			return fmt.Sprintf("it is the operator's own Service of cluster %s: the operator would turn it back", owner.Name)
		}
	}
	return ""
}

// prepareNext is what gives the servers a Service that can be turned.
func prepareNext(namespace string) string { return "kubectl kea restore prepare -n " + namespace }
