package cnpg

import (
	"cmp"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Target is where a Service leads.
type Target struct {
	Cluster types.NamespacedName `json:"cluster"`
	Role    Role                 `json:"role"`
	// Exists: the cluster is among those given.
	Exists bool `json:"exists"`
	// Instance is the pod's name for RoleInstance.
	Instance string `json:"instance,omitempty"`
	// Pooler is the pooler's name for RolePooler; the cluster behind it stands in the Pooler object, and Cluster has no
	// name unless the selector holds it too.
	Pooler string `json:"pooler,omitempty"`
}

// ServiceTarget finds out which cluster and which of its instances a Service picks: one of CNPG's own (-rw, -ro, -r),
// a Service of somebody else with such a selector, or an ExternalName for one of CNPG's. ok is false for a Service that
// has nothing to do with CNPG. Pure.
func ServiceTarget(svc *corev1.Service, clusters []cnpgv1.Cluster) (target Target, ok bool) {
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return HostTarget(svc.Spec.ExternalName, svc.Namespace, clusters)
	}
	selector := svc.Spec.Selector
	target.Cluster = types.NamespacedName{Namespace: svc.Namespace, Name: selector[LabelCluster]}
	switch {
	case selector[LabelPooler] != "":
		target.Role, target.Pooler = RolePooler, selector[LabelPooler]
	case selector[LabelInstanceName] != "":
		target.Role, target.Instance = RoleInstance, selector[LabelInstanceName]
		if target.Cluster.Name == "" {
			target.Cluster.Name = clusterOfInstance(target.Instance, svc.Namespace, clusters)
		}
	case target.Cluster.Name == "":
		return Target{}, false
	default:
		target.Role = Role(cmp.Or(selector[LabelInstanceRole], selector[labelOldRole], string(RoleAny)))
	}
	target.Exists = exists(target.Cluster, clusters)
	return target, true
}

// HostTarget finds the cluster behind a host name of CNPG's own Services: kea-database-rw, kea-database-ro.dhcp,
// kea-database-r.dhcp.svc.cluster.local. A name without a namespace is one of the namespace given. Only clusters among
// those given are found. Pure.
func HostTarget(host, namespace string, clusters []cnpgv1.Cluster) (Target, bool) {
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(labels) > 2 && labels[2] != "svc" {
		return Target{}, false
	}
	if len(labels) > 1 {
		namespace = labels[1]
	}
	for suffix, role := range map[string]Role{"-rw": RolePrimary, "-ro": RoleReplica, "-r": RoleAny} {
		name, ok := strings.CutSuffix(labels[0], suffix)
		key := types.NamespacedName{Namespace: namespace, Name: name}
		if ok && exists(key, clusters) {
			return Target{Cluster: key, Role: role, Exists: true}, true
		}
	}
	return Target{}, false
}

func exists(key types.NamespacedName, clusters []cnpgv1.Cluster) bool {
	for i := range clusters {
		if clusters[i].Namespace == key.Namespace && clusters[i].Name == key.Name {
			return true
		}
	}
	return false
}

func clusterOfInstance(instance, namespace string, clusters []cnpgv1.Cluster) string {
	for i := range clusters {
		if clusters[i].Namespace != namespace {
			continue
		}
		for _, name := range clusters[i].Status.InstanceNames {
			if name == instance {
				return clusters[i].Name
			}
		}
	}
	return ""
}
