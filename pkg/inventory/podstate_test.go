package inventory

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestPodState(t *testing.T) {
	at := metav1.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	waiting := func(reason string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
	}
	ended := func(reason string, code int32) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: reason, ExitCode: code, FinishedAt: at}}
	}
	run := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at}}
	dhcp4 := func(s corev1.ContainerStatus) []corev1.ContainerStatus {
		s.Name = "dhcp4"
		return []corev1.ContainerStatus{{Name: "ctrl-agent", State: run, RestartCount: 9}, s}
	}
	for _, test := range []struct {
		name   string
		pod    *corev1.PodStatus // nil: there is none
		delete bool
		want   PodState
	}{
		{"no pod", nil, false, PodState{Reason: "no pod"}},
		{
			"running", &corev1.PodStatus{
				Phase: corev1.PodRunning, PodIPs: []corev1.PodIP{{IP: "10.244.0.7"}, {IP: "fd00::7"}, {IP: "?"}},
				ContainerStatuses: dhcp4(corev1.ContainerStatus{State: run, Ready: true, RestartCount: 2, LastTerminationState: ended("OOMKilled", 137)}),
			}, false,
			PodState{
				Exists: true, Running: true, Ready: true, Reason: "Running", Restarts: 2, LastExit: "OOMKilled, exit code 137", Exited: at.Time, Started: at.Time,
				IPs: []netip.Addr{netip.MustParseAddr("10.244.0.7"), netip.MustParseAddr("fd00::7")},
			},
		},
		{
			"crash loop", &corev1.PodStatus{
				Phase:             corev1.PodRunning,
				ContainerStatuses: dhcp4(corev1.ContainerStatus{State: waiting("CrashLoopBackOff"), RestartCount: 5, LastTerminationState: ended("Error", 1)}),
			}, false,
			PodState{Exists: true, Reason: "CrashLoopBackOff", Restarts: 5, LastExit: "Error, exit code 1", Exited: at.Time},
		},
		{
			"ended a moment ago", &corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: dhcp4(corev1.ContainerStatus{State: ended("", 2)})}, false,
			PodState{Exists: true, Reason: "Terminated", LastExit: "Terminated, exit code 2", Exited: at.Time},
		},
		{"pending", &corev1.PodStatus{Phase: corev1.PodPending}, false, PodState{Exists: true, Reason: "Pending"}},
		{
			"no node takes it", &corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"},
			}}, false, PodState{Exists: true, Reason: "Unschedulable"},
		},
		{
			"its init container fails", &corev1.PodStatus{
				Phase: corev1.PodPending, InitContainerStatuses: []corev1.ContainerStatus{{State: waiting("CrashLoopBackOff")}},
				ContainerStatuses: dhcp4(corev1.ContainerStatus{State: waiting("PodInitializing")}),
			}, false, PodState{Exists: true, Reason: "Init:CrashLoopBackOff"},
		},
		{
			"its init container has failed", &corev1.PodStatus{
				Phase: corev1.PodPending, InitContainerStatuses: []corev1.ContainerStatus{{State: ended("", 1)}},
				ContainerStatuses: dhcp4(corev1.ContainerStatus{State: waiting("PodInitializing")}),
			}, false, PodState{Exists: true, Reason: "Init:Error"},
		},
		{
			"no image", &corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: dhcp4(corev1.ContainerStatus{State: waiting("ImagePullBackOff")})}, false,
			PodState{Exists: true, Reason: "ImagePullBackOff"},
		},
		{
			"terminating, still running", &corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: dhcp4(corev1.ContainerStatus{State: run})}, true,
			PodState{Exists: true, Running: true, Reason: "Terminating", Started: at.Time},
		},
		{"evicted", &corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted"}, false, PodState{Exists: true, Reason: "Evicted"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := wantedPod{Pod: &corev1.Pod{}}
			if test.pod != nil {
				pod.Status, pod.exists = *test.pod, true
			}
			if test.delete {
				pod.DeletionTimestamp = &at
			}
			if diff := cmp.Diff(test.want, podState(pod, "dhcp4"), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
