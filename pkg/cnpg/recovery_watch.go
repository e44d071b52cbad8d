package cnpg

import (
	"context"
	"fmt"
	"io"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// PodLogs streams what a container wrote; *kube.Client has it.
type PodLogs func(ctx context.Context, namespace, pod, container string, follow bool) (io.ReadCloser, error)

// RecoveryWatch is how a recovery is looked at, and what it is waited for.
type RecoveryWatch struct {
	Client client.WithWatch
	Logs   PodLogs
	// Try, when set, proves that the primary is what it should be, by a login: the wait ends when it succeeds, which is
	// seconds before Kubernetes calls the pod ready. It is called again and again once PostgreSQL's container runs.
	Try func(ctx context.Context, cluster *cnpgv1.Cluster, primary *corev1.Pod) error
	// Replicas: wait until all instances are ready, not the primary alone.
	Replicas bool
}

// Recovered is a recovery that has succeeded.
type Recovered struct {
	Cluster *cnpgv1.Cluster
	// Primary is the pod.
	Primary *corev1.Pod
	// BackupID is the base backup's, BackupEnded when it was complete, as far as the log told.
	BackupID    string
	BackupEnded time.Time
	// LastCommit is the time of the last transaction that was replayed; zero where the log does not tell, as when replay
	// stops before the first.
	LastCommit time.Time
	// Position is where replay ended, Timeline the one that the new cluster writes.
	Position LSN
	Timeline int
	Segments int // of the write-ahead log, fetched
	Attempts int // pods of the recovery job
}

// WaitRecovered waits until a cluster that is made by a recovery has a primary that takes writes, and says on the way how
// far it is. A recovery job that fails is not waited for any longer, unless the reason may pass; what the operator would
// try for minutes fails the same way.
// Errors: *RecoveryError, the context's, the client's.
// Permission: watch clusters.postgresql.cnpg.io and pods, get pods/log; list events, and get
// objectstores.barmancloud.cnpg.io, where nothing happens.
func WaitRecovered(ctx context.Context, w RecoveryWatch, namespace, name string, note func(string)) (Recovered, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &recovering{
		RecoveryWatch: w, namespace: namespace, name: name, note: note,
		seen: make(chan any), pods: map[string]*corev1.Pod{}, followed: map[string]bool{}, attempts: map[string]*recoveryAttempt{},
		changed: time.Now(),
	}
	go observe(ctx, r.seen, w.Client, &cnpgv1.ClusterList{}, client.InNamespace(namespace), client.MatchingFields{"metadata.name": name})
	go observe(ctx, r.seen, w.Client, &corev1.PodList{}, client.InNamespace(namespace), client.MatchingLabels{LabelCluster: name})
	ticker := time.NewTicker(lookTime)
	defer ticker.Stop()
	for {
		var done bool
		var err error
		select {
		case <-ctx.Done():
			return Recovered{}, fmt.Errorf("wait for cluster %s: %w", name, context.Cause(ctx))
		case event := <-r.seen:
			done, err = r.take(ctx, event)
		case <-ticker.C:
			err = r.stuck(ctx)
		}
		if err != nil {
			return Recovered{}, err
		}
		if done {
			return r.recovered()
		}
	}
}
