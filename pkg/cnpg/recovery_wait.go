package cnpg

import (
	"context"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
)

const (
	// lookTime is how often it is asked why nothing happens.
	lookTime = 2 * time.Second
	// tryTime is how often a login is tried.
	tryTime = 250 * time.Millisecond
	// passingTries is how many attempts may fail for a reason that may pass. Each has tried for half a minute by then.
	passingTries = 2

	// labelJobRole says on a job's pod what the job does: full-recovery, snapshot-recovery, join.
	labelJobRole = "cnpg.io/jobRole"
	// pluginContainer is the Barman Cloud plugin's beside PostgreSQL.
	pluginContainer = "plugin-barman-cloud"
)

// recovering is a wait for a recovery.
type recovering struct {
	RecoveryWatch
	namespace, name string
	note            func(string)

	seen     chan any // what the watches, the logs and the login tell
	cluster  *cnpgv1.Cluster
	pods     map[string]*corev1.Pod
	followed map[string]bool // pods whose log is read
	attempts map[string]*recoveryAttempt
	last     *recoveryAttempt
	failures int
	trying   string // the pod that a login is tried into
	proved   bool
	refusal  error     // of the login that was tried last
	ready    time.Time // since when Kubernetes calls the primary ready
	changed  time.Time // when something happened last
	// phaseSince is since when the operator calls the cluster what it does.
	phaseSince time.Time
}

// recoveryAttempt is a pod of the recovery job.
type recoveryAttempt struct {
	recoveryProgress

	pod     string
	failed  bool
	failure *RecoveryError
}

// take takes in what was told, and reports whether there is nothing left to wait for.
func (r *recovering) take(ctx context.Context, event any) (bool, error) {
	r.changed = time.Now()
	switch e := event.(type) {
	case broken:
		return false, fmt.Errorf("watch the recovery of cluster %s: %w", r.name, e.err)
	case gone:
		if pod, ok := e.object.(*corev1.Pod); ok {
			delete(r.pods, pod.Name)
			return false, nil
		}
		return false, &RecoveryError{Kind: RecoveryDeleted, Text: "cluster " + r.name + " was deleted", Next: "kubectl -n " + r.namespace + " get events"}
	case *cnpgv1.Cluster:
		if err := r.hear(ctx, e); err != nil {
			return false, err
		}
	case *corev1.Pod:
		r.pods[e.Name] = e
		if err := r.pod(ctx, e); err != nil {
			return false, err
		}
	case said:
		if a := r.attempts[e.pod]; a != nil && !a.failed {
			if text := a.read(e.recoveryLine); text != "" {
				r.note(text)
			}
		}
	case tried:
		r.proved, r.refusal = e.pod == r.trying && e.err == nil, e.err
	}
	return r.done(ctx), nil
}

// hear takes in what the operator says. The pods that were seen before count from now on.
func (r *recovering) hear(ctx context.Context, cluster *cnpgv1.Cluster) error {
	first := r.cluster == nil
	if first || r.cluster.Status.Phase != cluster.Status.Phase {
		r.phaseSince = time.Now()
	}
	r.cluster = cluster
	if first {
		for _, pod := range r.pods {
			if err := r.pod(ctx, pod); err != nil {
				return err
			}
		}
	}
	return r.operator()
}

// pod looks at a pod that is new or has changed. One of an earlier cluster of the same name is none of ours.
func (r *recovering) pod(ctx context.Context, pod *corev1.Pod) error {
	role := pod.Labels[labelJobRole]
	recovers := role == "full-recovery" || role == "snapshot-recovery"
	if !recovers || r.cluster == nil || pod.CreationTimestamp.Before(&r.cluster.CreationTimestamp) {
		return nil
	}
	a := r.attempts[pod.Name]
	if a == nil {
		a = &recoveryAttempt{pod: pod.Name}
		r.attempts[pod.Name] = a
		r.last = a
	}
	container := containerState(pod, role)
	if container.Running != nil && !r.followed[pod.Name] {
		r.followed[pod.Name] = true
		r.note("looking for the base backup")
		go follow(ctx, r.seen, r.Logs, r.namespace, pod.Name, role)
		go follow(ctx, r.seen, r.Logs, r.namespace, pod.Name, pluginContainer)
	}
	reason := pod.Status.Reason
	if ended := container.Terminated; ended != nil {
		if ended.ExitCode == 0 {
			return nil
		}
		reason = ended.Reason
	} else if pod.Status.Phase != corev1.PodFailed {
		return hopeless(r.namespace, pod)
	}
	if a.failed {
		return nil
	}
	lines, unread := readLog(ctx, r.Logs, r.namespace, pod.Name, role, pluginContainer)
	failure, passing := explain(attempt{Namespace: r.namespace, Cluster: r.name, Pod: pod.Name, Container: role, Reason: reason, Lines: lines, Unread: unread})
	a.failed, a.failure = true, failure
	if r.failures++; passing && r.failures < passingTries {
		r.note(failure.Text + "; the operator tries again")
		return nil
	}
	return failure
}

// done reports whether the primary is what it should be, and begins to try.
func (r *recovering) done(ctx context.Context) bool {
	primary := r.primary()
	if primary == nil {
		return false
	}
	if !PodReady(primary) {
		r.ready = time.Time{}
	} else if r.ready.IsZero() {
		r.ready = time.Now()
	}
	if r.Try == nil {
		r.proved = PodReady(primary)
	} else if r.trying != primary.Name && containerState(primary, PostgresContainer).Running != nil {
		r.trying, r.proved = primary.Name, false
		r.note("the primary " + primary.Name + " starts")
		go try(ctx, r.seen, r.Try, r.cluster.DeepCopy(), primary.DeepCopy())
	}
	if !r.proved || !r.Replicas {
		return r.proved
	}
	ready, wanted := 0, r.cluster.Spec.Instances
	for _, pod := range r.pods {
		if pod.Labels[LabelPodRole] == "instance" && PodReady(pod) {
			ready++
		}
	}
	if ready < wanted {
		r.note(fmt.Sprintf("the primary takes writes, %d of %d instances ready", ready, wanted))
	}
	return ready >= wanted
}

// primary is the pod of the new cluster's primary, once there is one.
func (r *recovering) primary() *corev1.Pod {
	if r.cluster == nil {
		return nil
	}
	name := r.cluster.Status.CurrentPrimary
	if name == "" {
		name = r.cluster.Status.TargetPrimary // the operator says the former after the pod has told it
	}
	return r.pods[name]
}

// try logs in until that works.
func try(
	ctx context.Context, seen chan<- any, login func(context.Context, *cnpgv1.Cluster, *corev1.Pod) error, cluster *cnpgv1.Cluster, primary *corev1.Pod,
) {
	for {
		err := login(ctx, cluster, primary)
		tell(ctx, seen, tried{primary.Name, err})
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(tryTime):
		}
	}
}

// recovered is the end of the wait. A store that stopped answering makes PostgreSQL believe that the log is at its end:
// without a target that it would miss, it is promoted with less than there is.
func (r *recovering) recovered() (Recovered, error) {
	result := Recovered{Cluster: r.cluster, Primary: r.primary(), Timeline: r.cluster.Status.TimelineID, Attempts: len(r.attempts)}
	if a := r.last; a != nil {
		result.BackupID, result.BackupEnded = a.Base.ID, a.Base.Ended
		result.LastCommit, result.Position, result.Segments = a.LastCommit, a.Position, a.Segments
		result.Timeline = max(result.Timeline, a.Timeline)
		if a.Lacking && !a.Stopped {
			return result, &RecoveryError{
				Kind: RecoveryIncomplete, Next: seeLog(attempt{Namespace: r.namespace, Pod: a.pod, Container: pluginContainer}, ""),
				Text: "the backup store stopped answering while the write-ahead log was replayed, and the database was promoted without the rest of it",
			}
		}
	}
	return result, nil
}

// containerState is a container's state, also of one that runs beside the others from the start.
func containerState(pod *corev1.Pod, name string) corev1.ContainerState {
	for _, list := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range list {
			if list[i].Name == name {
				return list[i].State
			}
		}
	}
	return corev1.ContainerState{}
}
