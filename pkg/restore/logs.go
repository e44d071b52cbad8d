package restore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// longestLine bounds a line of a log.
const longestLine = 1 << 20

// Logs gives the lines of what a restored cluster's pods wrote: of the pods that recover it as long as there are some, else of
// its primary. follow goes on with the last pod as it writes. The lines of one pod belong together.
// Errors: *NoRestoreError when there is no pod, the client's. Permission: list pods, get pods/log.
func Logs(ctx context.Context, src Source, namespace, name string, follow bool, emit func(pod string, line cnpg.LogLine) error) error {
	var pods corev1.PodList
	if err := src.Client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{cnpg.LabelCluster: name}); err != nil {
		return fmt.Errorf("list the pods of cluster %s: %w", name, err)
	}
	chosen := tellers(pods.Items)
	if len(chosen) == 0 {
		if clusters, err := cnpg.ListClusters(ctx, src.Client, namespace); err == nil && !slices.ContainsFunc(clusters, func(c cnpgv1.Cluster) bool { return c.Name == name }) {
			return noCluster(name)
		}
		return &NoRestoreError{Cluster: name, Why: "it has no pod that recovers it and none that runs it"}
	}
	for i, t := range chosen {
		if err := one(ctx, src, t, follow && i == len(chosen)-1, emit); err != nil {
			return err
		}
	}
	return nil
}

// teller is a container that has something to tell.
type teller struct{ namespace, pod, container string }

// tellers are the pods that recover, oldest first, else the primary.
func tellers(pods []corev1.Pod) []teller {
	slices.SortFunc(pods, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	recovering, primary := []teller{}, []teller{}
	for _, pod := range pods {
		switch {
		case cnpg.Recovers(&pod):
			recovering = append(recovering, teller{pod.Namespace, pod.Name, pod.Spec.Containers[0].Name})
		case pod.Labels[cnpg.LabelInstanceRole] == string(cnpg.RolePrimary):
			primary = append(primary, teller{pod.Namespace, pod.Name, cnpg.PostgresContainer})
		}
	}
	if len(recovering) > 0 {
		return recovering
	}
	return primary
}

func one(ctx context.Context, src Source, t teller, follow bool, emit func(pod string, line cnpg.LogLine) error) error {
	log, err := src.Pods.PodLogs(ctx, t.namespace, t.pod, t.container, follow)
	if err != nil {
		return err
	}
	defer log.Close()
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := emit(t.pod, cnpg.ParseLogLine(lines.Bytes())); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("read the log of pod %s: %w", t.pod, err)
	}
	return context.Cause(ctx)
}
