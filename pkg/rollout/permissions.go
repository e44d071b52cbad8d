package rollout

import "github.com/kubectl-kea/kubectl-kea/pkg/kube"

// Permissions are those that a rollout cannot do without, beside those of looking.
func Permissions(namespace string) []kube.Permission {
	found := []kube.Permission{}
	for _, p := range []struct {
		group, resource string
		verbs           []string
	}{
		{"", "secrets", []string{"get", "create", "patch", "delete"}},
		{"", "configmaps", []string{"get", "patch"}},
		{"", "pods", []string{"get", "list", "patch"}},
		{"", "pods/exec", []string{"create"}},
		{"", "pods/portforward", []string{"create"}},
		{"coordination.k8s.io", "leases", []string{"get", "create", "update", "delete"}},
	} {
		for _, verb := range p.verbs {
			found = append(found, kube.Permission{Verb: verb, Group: p.group, Resource: p.resource, Namespace: namespace})
		}
	}
	return found
}
