package inventory

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// servers are the Kea daemons of a pod.
func (in *Inventory) servers(pod wantedPod) []Server {
	agent := in.agent(pod)
	found := []Server{}
	for _, c := range pod.Spec.Containers {
		for _, p := range programs(c, pod.Pod) {
			service, dhcp := p.service()
			if !dhcp {
				continue
			}
			s := Server{Namespace: pod.Namespace, Pod: pod.Name, Container: c.Name, Service: service, State: podState(pod, c.Name)}
			s.File, s.FileSource = in.configFile(pod.Pod, c, p, service)
			s.Libpq = in.libpq(pod.Pod, c)
			s.Endpoints = in.endpoints(s, pod.Pod, c, agent)
			found = append(found, s)
		}
	}
	return found
}

// configFile finds and reads a daemon's configuration file. A file that is written at the pod's start (into an emptyDir)
// is looked for among the Secrets and ConfigMaps that the pod mounts: what it was made from is good enough to know peers,
// subnets and the database.
func (in *Inventory) configFile(pod *corev1.Pod, c corev1.Container, p program, service kea.Service) (*kea.Config, string) {
	f, data, ok := in.open(c, pod, p.config)
	switch {
	case ok:
		config, err := kea.ParseConfig(data)
		if err != nil {
			in.note(f, err)
			return nil, f.String()
		}
		return &config, f.String()
	case f.name != "" && in.unreadable(f):
		return nil, f.String()
	}
	type candidate struct {
		file   file
		config kea.Config
	}
	candidates := []candidate{}
	for f, data := range in.files(pod) {
		config, err := kea.ParseConfig(data)
		if err == nil && config.Service == service && !ofPeer(config, pod.Name) {
			candidates = append(candidates, candidate{f, config})
		}
	}
	if len(candidates) == 0 {
		return nil, ""
	}
	rank := func(c candidate) int {
		switch {
		case slices.ContainsFunc(c.config.HA, func(h kea.HAConfig) bool { return h.ThisServerName == pod.Name }):
			return 0
		case strings.Contains(c.file.key, pod.Name):
			return 1
		}
		return 2
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.file.String(), b.file.String()))
	})
	return &candidates[0].config, candidates[0].file.String()
}

// ofPeer reports whether a configuration belongs to another server of a relationship that names this pod as well.
func ofPeer(config kea.Config, pod string) bool {
	return slices.ContainsFunc(config.HA, func(h kea.HAConfig) bool {
		_, its := h.Peer(h.ThisServerName)
		_, named := h.Peer(pod)
		return its && named && h.ThisServerName != pod
	})
}

// files are all files of the Secrets and ConfigMaps that a pod mounts.
func (in *Inventory) files(pod *corev1.Pod) map[file][]byte {
	found := map[file][]byte{}
	for _, o := range mounted(pod) {
		if secret := in.secrets[o.name]; o.kind == "secret" && secret != nil {
			for key, data := range secret.Data {
				found[file{o.kind, o.name, key}] = data
			}
		}
		if config := in.configs[o.name]; o.kind == "configmap" && config != nil {
			for key, text := range config.Data {
				found[file{o.kind, o.name, key}] = []byte(text)
			}
		}
	}
	return found
}

// note says that a file is there and cannot be understood.
func (in *Inventory) note(f file, err error) {
	if !slices.ContainsFunc(in.Unread, func(u problem.Unread) bool { return u.Source == f.String() }) {
		in.Unread = append(in.Unread, problem.Unread{Source: f.String(), Error: err.Error(), Err: err})
	}
}

// podState says how a server's container is. The reason is Kubernetes' own word.
func podState(pod wantedPod, container string) PodState {
	state := PodState{Exists: pod.exists, Node: pod.Spec.NodeName}
	if !pod.exists {
		state.Reason = "no pod"
		return state
	}
	for _, ip := range pod.Status.PodIPs {
		if addr, err := netip.ParseAddr(ip.IP); err == nil {
			state.IPs = append(state.IPs, addr)
		}
	}
	state.Reason = cmp.Or(pod.Status.Reason, string(pod.Status.Phase))
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			state.Reason = cmp.Or(condition.Reason, state.Reason) // "Unschedulable"
		}
	}
	for _, status := range pod.Status.InitContainerStatuses {
		if w := status.State.Waiting; w != nil && w.Reason != "" && w.Reason != "PodInitializing" {
			state.Reason = "Init:" + w.Reason
		}
		if t := status.State.Terminated; t != nil && t.ExitCode != 0 {
			state.Reason = "Init:" + cmp.Or(t.Reason, "Error")
		}
	}
	for _, status := range pod.Status.ContainerStatuses {
		if status.Name != container {
			continue
		}
		state.Ready, state.Restarts = status.Ready, int(status.RestartCount)
		if t := status.LastTerminationState.Terminated; t != nil {
			state.LastExit, state.Exited = fmt.Sprintf("%s, exit code %d", cmp.Or(t.Reason, "ended"), t.ExitCode), t.FinishedAt.Time
		}
		switch {
		case status.State.Running != nil:
			state.Running, state.Reason, state.Started = true, "Running", status.State.Running.StartedAt.Time
		case status.State.Waiting != nil && status.State.Waiting.Reason != "PodInitializing":
			state.Reason = cmp.Or(status.State.Waiting.Reason, state.Reason)
		case status.State.Terminated != nil:
			state.Reason = cmp.Or(status.State.Terminated.Reason, "Terminated")
			state.LastExit = fmt.Sprintf("%s, exit code %d", state.Reason, status.State.Terminated.ExitCode)
			state.Exited = status.State.Terminated.FinishedAt.Time
		}
	}
	if pod.DeletionTimestamp != nil {
		state.Reason = "Terminating"
	}
	return state
}

// errNoEndpoint is why a server cannot be asked at all.
var errNoEndpoint = errors.New("it has no control agent in its pod and no HTTP socket of its own in its configuration")
