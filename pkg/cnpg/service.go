package cnpg

import (
	apiv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Target is where a Service leads.
type Target struct {
	Cluster types.NamespacedName `json:"cluster"`
	Role    Role                 `json:"role"`
	// Exists: the cluster is among those given.
	Exists bool `json:"exists"`
	// Pooler is the pooler's name for RolePooler.
	Pooler string `json:"pooler,omitempty"`
}

// ServiceTarget finds out which cluster and which of its instances a Service picks: one of CNPG's own (-rw, -ro, -r),
// a Service of somebody else with such a selector, or an ExternalName for one of CNPG's. ok is false for a Service that
// has nothing to do with CNPG. Pure.
func ServiceTarget(svc *corev1.Service, clusters []apiv1.Cluster) (target Target, ok bool) {
	return Target{}, false
}
