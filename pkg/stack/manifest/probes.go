package manifest

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// startupProbe holds the others back until the daemon has answered once: reading a large lease file, or the partner's
// leases, takes its time.
func startupProbe(s *v1alpha1.Stack, service string, port int32) *corev1.Probe {
	p := probe(s, "alive", service, port, 4)
	p.PeriodSeconds, p.FailureThreshold = 2, 300
	return p
}

// readinessProbe asks for a lease: with its database gone, a daemon calls itself well and gives leases to nobody. Not being
// ready takes the server off its load balancer; its partner still reaches it.
func readinessProbe(s *v1alpha1.Stack, service string, port int32) *corev1.Probe {
	p := probe(s, "ready", service, port, 3)
	p.PeriodSeconds, p.FailureThreshold = 5, 2
	return p
}

// livenessProbe kills a daemon that has answered nothing for two minutes. A daemon that waits for its database answers now
// and then: each attempt to connect holds it up, for both of its connections.
func livenessProbe(s *v1alpha1.Stack, service string, port int32) *corev1.Probe {
	p := probe(s, "alive", service, port, 12)
	p.PeriodSeconds, p.FailureThreshold = 20, 6
	return p
}

// probe runs the script. It ends by itself after wait seconds for each of its two questions at most; the kubelet's own
// limit, some seconds later, would leave processes behind.
func probe(s *v1alpha1.Stack, mode, service string, port int32, wait int32) *corev1.Probe {
	command := []string{"env", "WAIT=" + strconv.Itoa(int(wait))}
	if s.HasAgent() && service != "agent" {
		command = append(command, "BEHIND_AGENT=yes")
	}
	command = append(command, "sh", dirScripts+"/"+probeFile, mode, service, strconv.Itoa(int(port)))
	return &corev1.Probe{
		ProbeHandler:   corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}},
		TimeoutSeconds: 2*(wait+1) + 3,
	}
}
