package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Log is a container whose output is the log of one of Kea's daemons, or of several that a shell started in it.
type Log struct {
	Namespace, Pod, Container string
	Daemons                   []string // "dhcp4", "dhcp6", "ddns", "agent"
	State                     PodState
	// Run tells one run of the container from the next, here or in a pod that took its place.
	Run LogRun
}

// LogRun is one run of a container.
type LogRun struct{ Pod, Container string } // Kubernetes' identifiers; "" before the first

// Names are the servers whose lines the log holds: "kea-dhcp-0/dhcp4".
func (l Log) Names() []string {
	names := []string{}
	for _, d := range l.Daemons {
		names = append(names, l.Pod+"/"+d)
	}
	return names
}

// Name is the log's name for people.
func (l Log) Name() string { return l.Pod + "/" + strings.Join(l.Daemons, "+") }

// Speaker is the server that wrote a line, by the line's logger where several daemons share the container.
func (l Log) Speaker(logger string) string {
	root, _, _ := strings.Cut(logger, ".")
	if daemon := daemonOf(root); len(l.Daemons) > 1 && slices.Contains(l.Daemons, daemon) {
		return l.Pod + "/" + daemon
	}
	return l.Name()
}

// daemonOf is the short name of one of Kea's programs.
func daemonOf(program string) string {
	return cmp.Or(map[string]string{
		"kea-dhcp4": string(kea.DHCP4), "kea-dhcp6": string(kea.DHCP6), "kea-dhcp-ddns": "ddns", "kea-ctrl-agent": "agent",
	}[program], program)
}

// Logs are the logs of this deployment's daemons, and those that are wanted and have no pod, sorted.
func (in *Inventory) Logs(o Options) []Log {
	found := logsOf(in.Pods, o)
	for _, s := range in.Servers {
		has := slices.ContainsFunc(found, func(l Log) bool { return l.Pod == s.Pod && l.Container == s.Container })
		if !has {
			found = append(found, Log{Namespace: s.Namespace, Pod: s.Pod, Container: s.Container, Daemons: []string{string(s.Service)}, State: s.State})
		}
	}
	slices.SortStableFunc(found, compareLogs)
	return found
}

// ListLogs looks at the pods only: which daemons have a log now. Permission: list pods.
func ListLogs(ctx context.Context, r client.Reader, namespace string, o Options) ([]Log, error) {
	var pods corev1.PodList
	if err := r.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list pods in namespace %s: %w", namespace, err)
	}
	found := logsOf(pods.Items, o)
	slices.SortStableFunc(found, compareLogs)
	return found, nil
}

func compareLogs(a, b Log) int {
	return cmp.Or(cmp.Compare(a.Pod, b.Pod), slices.Compare(a.Daemons, b.Daemons))
}

// logsOf are the logs of pods.
func logsOf(pods []corev1.Pod, o Options) []Log {
	found := []Log{}
	for i := range pods {
		pod := &pods[i]
		if !o.picks(pod.Labels) || over(pod) {
			continue
		}
		for _, c := range pod.Spec.Containers {
			l := Log{Namespace: pod.Namespace, Pod: pod.Name, Container: c.Name}
			for _, p := range programs(c, pod) {
				if d := daemonOf(p.name); !slices.Contains(l.Daemons, d) {
					l.Daemons = append(l.Daemons, d)
				}
			}
			if len(l.Daemons) == 0 {
				continue
			}
			l.State = podState(wantedPod{Pod: pod, exists: true}, c.Name)
			l.Run.Pod = string(pod.UID)
			for _, status := range pod.Status.ContainerStatuses {
				if status.Name == c.Name {
					l.Run.Container = status.ContainerID
				}
			}
			found = append(found, l)
		}
	}
	return found
}

// Secrets are the passwords that were read on the way: what no output may hold.
func (in *Inventory) Secrets() []kea.Secret {
	found := []kea.Secret{}
	for _, s := range in.Servers {
		if s.File != nil {
			found = append(found, kea.Secrets(s.File.Raw)...)
			password, _ := s.Libpq.Password(s.Libpq.complete(s.File.LeaseDatabase))
			found = append(found, password)
		}
		for _, e := range s.Endpoints {
			if e.Auth != nil {
				found = append(found, e.Auth.Password)
			}
		}
	}
	return slices.CompactFunc(found, kea.Secret.Equal)
}
