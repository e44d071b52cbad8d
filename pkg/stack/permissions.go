package stack

import (
	"strings"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// Permissions are those that installing a stack needs in its namespace.
func Permissions(s *v1alpha1.Stack) []kube.Permission {
	found := []kube.Permission{}
	add := func(verbs, group, resources string) {
		for resource := range strings.SplitSeq(resources, " ") {
			for verb := range strings.SplitSeq(verbs, " ") {
				found = append(found, kube.Permission{Verb: verb, Group: group, Resource: resource, Namespace: s.Metadata.Namespace})
			}
		}
	}
	const apply = "get list create patch"
	add(apply, "", "services configmaps secrets serviceaccounts")
	add("get list", "", "pods")
	add("create", "", "pods/portforward")
	add(apply, "apps", "statefulsets")
	add(apply, "policy", "poddisruptionbudgets")
	add(apply, "rbac.authorization.k8s.io", "roles")
	add("get create update delete", "coordination.k8s.io", "leases")
	if *s.Spec.NetworkPolicy.Enabled && s.Spec.Exposure.Type != v1alpha1.HostNetwork {
		add(apply, "networking.k8s.io", "networkpolicies")
	}
	if s.UsesPostgreSQL() {
		add(apply, "batch", "cronjobs")
		add(apply, "postgresql.cnpg.io", "clusters")
		if s.Spec.Database.Backup.Method != v1alpha1.NoBackup {
			add(apply, "postgresql.cnpg.io", "scheduledbackups")
		}
		if s.Spec.Database.Backup.Method == v1alpha1.BackupPlugin {
			add(apply, "barmancloud.cnpg.io", "objectstores")
		}
	}
	return found
}
