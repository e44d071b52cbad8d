package inventory

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// Deployment is the name of the deployment that some pods and their databases are of; its lock is called after it. It is what
// install labelled: a database's Service, a pod, a cluster; else the pods' StatefulSet, else the cluster. "" for none of these.
func (in *Inventory) Deployment(pods []string, databases ...Database) string {
	service, own, labelled, set, cluster := "", "", "", "", ""
	for _, d := range databases {
		if d.Service != nil {
			service = cmp.Or(service, d.Service.Labels[marks.LabelDeployment])
		}
		if d.Cluster != nil {
			labelled, cluster = cmp.Or(labelled, d.Cluster.Labels[marks.LabelDeployment]), cmp.Or(cluster, d.Cluster.Name)
		}
	}
	for _, name := range pods {
		i := slices.IndexFunc(in.Pods, func(pod corev1.Pod) bool { return pod.Name == name })
		if i < 0 {
			continue
		}
		own = cmp.Or(own, in.Pods[i].Labels[marks.LabelDeployment])
		for _, owner := range in.Pods[i].OwnerReferences {
			if owner.Kind == "StatefulSet" {
				set = cmp.Or(set, owner.Name)
			}
		}
	}
	return cmp.Or(service, own, labelled, set, cluster)
}
