package cnpg

import (
	"cmp"
	"context"
	"slices"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ListClusters reads the clusters of a namespace, of all when it is empty, sorted by namespace and name.
// Errors: the reader's; kube.IsNotInstalled tells a Kubernetes without CNPG.
// Permission: list clusters.postgresql.cnpg.io.
func ListClusters(ctx context.Context, r client.Reader, namespace string) ([]cnpgv1.Cluster, error) {
	var list cnpgv1.ClusterList
	if err := r.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	slices.SortFunc(list.Items, func(a, b cnpgv1.Cluster) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return list.Items, nil
}

// PodReady reports whether Kubernetes calls a pod ready, so that Services lead to it.
func PodReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// ListInstances reads the instance pods of one cluster, sorted by name.
// Errors: the reader's. Permission: list pods.
func ListInstances(ctx context.Context, r client.Reader, namespace, cluster string) ([]corev1.Pod, error) {
	var list corev1.PodList
	labels := client.MatchingLabels{LabelCluster: cluster, LabelPodRole: "instance"}
	if err := r.List(ctx, &list, client.InNamespace(namespace), labels); err != nil {
		return nil, err
	}
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return list.Items, nil
}
