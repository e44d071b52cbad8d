package restore

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// An instance that is just joining is waited for before the cluster that is left is shut down, one that stays away a minute.
func TestFenceLetsInstancesJoin(t *testing.T) {
	instance := func(name string, ready corev1.ConditionStatus) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, Labels: map[string]string{cnpg.LabelCluster: "kea", cnpg.LabelPodRole: "instance"}},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	for name, tt := range map[string]struct {
		second      corev1.ConditionStatus
		joins, ends time.Duration // after which time; 0: never
		want        time.Duration
		fenced      bool
	}{
		"all are there":  {second: corev1.ConditionTrue, fenced: true},
		"one is joining": {second: corev1.ConditionFalse, joins: 4900 * time.Millisecond, want: 5 * time.Second, fenced: true},
		"one is away":    {second: corev1.ConditionFalse, want: time.Minute, fenced: true},
		"interrupted":    {second: corev1.ConditionFalse, ends: 3 * time.Second, want: 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := noted("kea", 1, nil)
				cluster.Spec.Instances = 2
				src := holding(t, cluster, instance("kea-1", corev1.ConditionTrue), instance("kea-2", tt.second))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.joins > 0 {
					time.AfterFunc(tt.joins, func() {
						if err := src.Client.Status().Update(ctx, instance("kea-2", corev1.ConditionTrue)); err != nil {
							t.Error(err)
						}
					})
				}
				if tt.ends > 0 {
					time.AfterFunc(tt.ends, cancel)
				}
				m := &move{Source: src, p: MovePlan{Namespace: "network", From: "kea", To: "kea-r1", from: cluster}}
				start := time.Now()
				_, err := m.fence(ctx, func(string) {})
				if took := time.Since(start); took != tt.want || (err == nil) != tt.fenced || m.fenced != tt.fenced {
					t.Errorf("after %v: %v, fenced %t", took, err, m.fenced)
				}
				var now cnpgv1.Cluster
				if err := src.Client.Get(t.Context(), client.ObjectKeyFromObject(cluster), &now); err != nil {
					t.Fatal(err)
				}
				if fenced := len(cnpg.FencedInstances(&now)) > 0; fenced != tt.fenced {
					t.Errorf("fenced: %t", fenced)
				}
			})
		})
	}
}
