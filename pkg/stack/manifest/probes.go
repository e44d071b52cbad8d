package manifest

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// startupProbe holds the others back until the daemon has answered once: reading a large lease file, or the partner's
// leases, takes its time.
func startupProbe(asked ...string) *corev1.Probe {
	p := probe("alive", 4, asked)
	p.PeriodSeconds, p.FailureThreshold = 2, 300
	return p
}

// readinessProbe asks for a lease: with its database gone, a daemon calls itself well and gives leases to nobody. Not being
// ready takes the server off its load balancer; its partner still reaches it.
func readinessProbe(asked ...string) *corev1.Probe {
	p := probe("ready", 3, asked)
	p.PeriodSeconds, p.FailureThreshold = 10, 2
	return p
}

// livenessProbe kills a daemon that has answered nothing for two minutes. A daemon that waits for its database answers now
// and then: each attempt to connect holds it up, for both of its connections.
func livenessProbe(asked ...string) *corev1.Probe {
	p := probe("alive", 12, asked)
	p.PeriodSeconds, p.FailureThreshold = 30, 4
	return p
}

// probe runs the script, which gives up by itself after wait seconds for each of its two questions at most. The kubelet's
// own limit lies behind that: it would leave processes in the container.
func probe(mode string, wait int32, asked []string) *corev1.Probe {
	command := []string{"env", "WAIT=" + strconv.Itoa(int(wait)), "sh", dirScripts + "/" + probeFile, mode}
	return &corev1.Probe{
		ProbeHandler:   corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: append(command, asked...)}},
		TimeoutSeconds: 2*(wait+1) + 3,
	}
}
