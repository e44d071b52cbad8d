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
	"github.com/kubectl-kea/kubectl-kea/pkg/config"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
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
		if text := config.Behind(o.Server.File, o, changed); text != "" {
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
