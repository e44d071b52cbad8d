package probe

import (
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// The namespace may enforce the strictest of the Pod Security Standards, and the pod must end by itself.
func TestManifestIsRestrictedAndShortLived(t *testing.T) {
	job := Manifest("network", Image{Name: "postgresql:17"}, time.Minute)
	if *job.Spec.ActiveDeadlineSeconds != 60 || *job.Spec.TTLSecondsAfterFinished != 0 || *job.Spec.BackoffLimit != 0 {
		t.Errorf("it may stay: %+v", job.Spec)
	}
	spec := job.Spec.Template.Spec
	c := spec.Containers[0].SecurityContext
	if !*spec.SecurityContext.RunAsNonRoot || spec.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault || spec.HostNetwork ||
		*c.AllowPrivilegeEscalation || len(c.Capabilities.Add) > 0 || c.Capabilities.Drop[0] != "ALL" || *spec.AutomountServiceAccountToken {
		t.Errorf("it is privileged: %+v", spec)
	}
}

func TestImageOf(t *testing.T) {
	in := &inventory.Inventory{
		Servers: []inventory.Server{{Pod: "kea-0", Container: "dhcp4"}},
		Pods: []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "kea-0"}, Spec: corev1.PodSpec{
			ImagePullSecrets: []corev1.LocalObjectReference{{Name: "registry"}},
			Containers:       []corev1.Container{{Name: "agent", Image: "other"}, {Name: "dhcp4", Image: "kea:2.6", ImagePullPolicy: corev1.PullNever}},
		}}},
	}
	if got := ImageOf(in); got.Name != "kea:2.6" || got.Policy != corev1.PullNever || len(got.Secrets) != 1 {
		t.Errorf("without a database: %+v", got)
	}
	in.Clusters = []cnpgv1.Cluster{{Spec: cnpgv1.ClusterSpec{ImageName: "postgresql:17"}}}
	if got := ImageOf(in); got.Name != "postgresql:17" {
		t.Errorf("with one: %+v", got)
	}
}

func TestStateOf(t *testing.T) {
	waiting := func(reason string) corev1.Pod {
		return corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}}}}
	}
	for name, c := range map[string]struct {
		pod      corev1.Pod
		reason   string
		hopeless bool
	}{
		"runs":          {corev1.Pod{Status: corev1.PodStatus{PodIPs: []corev1.PodIP{{IP: "10.0.0.9"}, {IP: "2001:db8::9"}}, ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}}}, "", false},
		"is created":    {waiting("ContainerCreating"), "ContainerCreating", false},
		"has no image":  {waiting("ErrImagePull"), "ErrImagePull", true},
		"has no place":  {corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "no room"}}}}, "Unschedulable: no room", false},
		"has no status": {corev1.Pod{}, "Pending", false},
	} {
		p, reason, hopeless := stateOf(c.pod)
		if reason != c.reason || hopeless != c.hopeless || reason == "" && (p.address(false).String() != "10.0.0.9" || p.address(true).String() != "2001:db8::9") {
			t.Errorf("%s: %+v, %q, %v", name, p, reason, hopeless)
		}
	}
}
