package manifest

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// accessObjects say who may do what: people by roles, the pods nothing, and the network only what it has to.
func accessObjects(s *v1alpha1.Stack) []Object {
	objects := each(serviceAccount(s), viewerRole(s), operatorRole(s), adminRole(s))
	// A policy does not hold for pods on the node's own network.
	if enabled := s.Spec.NetworkPolicy.Enabled; enabled != nil && *enabled && s.Spec.Exposure.Type != v1alpha1.HostNetwork {
		objects = append(objects, each(networkPolicy(s))...)
	}
	return objects
}

// serviceAccount is the pods' own, so that no right given to the default one reaches them. Kea never speaks to the API
// server.
func serviceAccount(s *v1alpha1.Stack) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{
		TypeMeta:                     objectKind("v1", "ServiceAccount"),
		ObjectMeta:                   meta(s, s.Metadata.Name, componentAccess),
		AutomountServiceAccountToken: new(false),
	}
}
