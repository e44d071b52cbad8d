package stack

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// Lag is a server that does not run what was applied. Install restarts and reloads nothing, so it stays behind until
// somebody does.
type Lag struct {
	Server string `json:"server"` // "kea-dhcp-1/dhcp4", or the pod
	Pod    string `json:"pod"`
	Text   string `json:"text"`
}

// lagging are the servers that run an older configuration, and the pods that are older than the StatefulSet's template.
func lagging(ctx context.Context, r client.Reader, s *v1alpha1.Stack, pods []corev1.Pod, observations []ha.Observation) ([]Lag, error) {
	found := []Lag{}
	var set appsv1.StatefulSet
	if err := r.Get(ctx, client.ObjectKey{Namespace: s.Metadata.Namespace, Name: s.Metadata.Name}, &set); err != nil {
		return nil, fmt.Errorf("read statefulset %s: %w", s.Metadata.Name, err)
	}
	if set.Status.ObservedGeneration < set.Generation {
		return nil, fmt.Errorf("the StatefulSet's controller has not seen the change yet")
	}
	for _, pod := range pods {
		revision := pod.Labels[appsv1.StatefulSetRevisionLabel]
		if metav1.IsControlledBy(&pod, &set) && revision != set.Status.UpdateRevision {
			found = append(found, Lag{Server: pod.Name, Pod: pod.Name, Text: "its pod is older than the StatefulSet's template"})
		}
	}
	var files corev1.ConfigMap
	if err := r.Get(ctx, client.ObjectKey{Namespace: s.Metadata.Namespace, Name: s.ConfigMap()}, &files); err != nil {
		return nil, fmt.Errorf("read configmap %s: %w", s.ConfigMap(), err)
	}
	changed := changedAt(&files)
	for _, o := range observations {
		if text := behind(o, changed); text != "" {
			found = append(found, Lag{Server: o.Server.Name(), Pod: o.Server.Pod, Text: text})
		}
	}
	return found, nil
}

// changedAt is when the tool last changed an object.
func changedAt(o metav1.Object) time.Time {
	last := o.GetCreationTimestamp().Time
	for _, f := range o.GetManagedFields() {
		if f.Manager == marks.FieldManager && f.Time != nil && f.Time.After(last) {
			last = f.Time.Time
		}
	}
	return last
}

// behind says how far a daemon's configuration is from its file. What the file no longer says cannot be told from Kea's
// defaults, so a file that is younger than the daemon's last load counts too.
func behind(o ha.Observation, changed time.Time) string {
	if o.Server.File == nil || o.Config == nil {
		return ""
	}
	differences := kea.DiffFile(*o.Server.File, *o.Config)
	switch n := len(differences); {
	case n == 1:
		return fmt.Sprintf("runs an older configuration: %s is %s, the file says %s", differences[0].Path, or(differences[0].B), or(differences[0].A))
	case n > 1:
		return fmt.Sprintf("runs an older configuration: %d differences, the first at %s", n, differences[0].Path)
	case o.Status != nil && changed.After(loadedAt(o)):
		return "its file is younger than what it runs"
	}
	return ""
}

// loadedAt is when a daemon last loaded its configuration, by the cluster's clock: the container's start, and how long
// after it the daemon says that it was.
func loadedAt(o ha.Observation) time.Time {
	return o.Server.State.Started.Add(o.Status.Uptime - o.Status.Reload + time.Second)
}

func or(text string) string {
	if text == "" {
		return "not set"
	}
	return text
}
