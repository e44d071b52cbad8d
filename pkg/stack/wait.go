package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// pollTime is how often a wait looks again.
const pollTime = time.Second

// NotReadyError says that what was waited for did not come about in time.
type NotReadyError struct {
	Waiting string // what was seen last
	Err     error
}

// Error implements error.
func (e *NotReadyError) Error() string {
	if errors.Is(e.Err, context.DeadlineExceeded) {
		return "time ran out; last seen: " + e.Waiting
	}
	return fmt.Sprintf("%v; last seen: %s", e.Err, e.Waiting)
}

// Unwrap implements errors.Unwrap.
func (e *NotReadyError) Unwrap() error { return e.Err }

// final is a state that no waiting mends.
type final struct{ error }

// poll looks until there is nothing left to wait for. look returns what it still waits for, "" for nothing. A look that
// fails is repeated: an API server that is away for a moment is no reason to give up.
func poll(ctx context.Context, note func(string), look func(context.Context) (string, error)) error {
	last := "nothing yet"
	for {
		waiting, err := look(ctx)
		var end final
		switch {
		case errors.As(err, &end):
			return end.error
		case kube.IsForbidden(err):
			return err
		case err != nil:
			waiting = err.Error()
		case waiting == "":
			return nil
		}
		if ctx.Err() == nil {
			last = waiting
			note(waiting)
		}
		if err := operation.Pause(ctx, pollTime); err != nil {
			return &NotReadyError{last, err}
		}
	}
}

// waitDatabase waits until all instances of the current cluster are healthy.
func (r *run) waitDatabase(ctx context.Context, note func(string)) (string, error) {
	result := ""
	err := poll(ctx, note, func(ctx context.Context) (string, error) {
		var service corev1.Service
		if err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.s.Metadata.Namespace, Name: r.s.Spec.Database.Service}, &service); err != nil {
			return "", err
		}
		name := currentOf(r.s, &service)
		var cluster cnpgv1.Cluster
		if err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.s.Metadata.Namespace, Name: name}, &cluster); err != nil {
			return "", err
		}
		pods, err := cnpg.ListInstances(ctx, r.Client, r.s.Metadata.Namespace, name)
		if err != nil {
			return "", err
		}
		sum := cnpg.Summarize(&cluster, pods, r.Now())
		switch {
		case sum.Phase == cnpgv1.PhaseUnrecoverable, sum.Phase == cnpgv1.PhaseUnknownPlugin:
			return "", final{fmt.Errorf("cluster %s: %s", name, strings.Join(sum.Reasons, "; "))}
		case !sum.Healthy:
			return strings.Join(sum.Reasons, "; "), nil
		}
		result = fmt.Sprintf("%s, %d of %d instances ready", name, sum.ReadyInstances, sum.Instances)
		r.problems = archive(sum)
		return "", nil
	})
	return result, err
}

// archive says that archiving does not work, which nothing waits for: DHCP does not need it. A store that was used before
// is the usual reason, and the operator's message does not say so.
func archive(sum cnpg.Summary) []problem.Problem {
	if working := sum.Archiving.Working; !sum.Archiving.Configured || working == nil || *working {
		return nil
	}
	return []problem.Problem{{
		Severity: problem.Warning, Code: "archive-failing", Subject: "cluster " + sum.Name,
		Text: fmt.Sprintf("the write-ahead log cannot be archived to %s, so there will be no backups (%s). If a cluster named %s archived there before, its files are in the way",
			sum.Archiving.Target, sum.Archiving.Message, sum.Archiving.ServerName),
		Next: "set spec.database.backup.serverName to a folder that was never used, and install again",
	}}
}

// waitServers waits until every server runs, has its database, and is in the normal state of its mode.
func (r *run) waitServers(ctx context.Context, note func(string)) (string, error) {
	result := ""
	err := poll(ctx, note, func(ctx context.Context) (string, error) {
		selector := labels.SelectorFromSet(labels.Set{marks.LabelDeployment: r.s.Metadata.Name})
		in, err := inventory.Discover(ctx, r.Client, r.s.Metadata.Namespace, inventory.Options{Selector: selector})
		if err != nil {
			return "", err
		}
		if err := broken(in.Pods, r.s.Servers()); err != nil {
			return "", final{err}
		}
		if waiting := notReady(in.Servers); waiting != "" {
			return waiting, nil
		}
		observations := ha.Gather(ctx, in.Servers, r.Connect, r.Now)
		report, _ := ha.Judge(observations)
		if waiting := notServing(report); waiting != "" {
			return waiting, nil
		}
		if r.lagging, err = lagging(ctx, r.Client, r.s, in.Pods, observations); err != nil {
			return "", err
		}
		result = serving(report)
		return "", nil
	})
	return result, err
}

// gaveUp is the exit code by which the pods' preparation says that it cannot go on, whatever happens.
const gaveUp = 3

// broken is why a server's pod will never start: its preparation found something that no waiting mends.
func broken(pods []corev1.Pod, servers []string) error {
	for _, pod := range pods {
		for _, name := range servers {
			if pod.Name != name {
				continue
			}
			for _, c := range pod.Status.InitContainerStatuses {
				last := c.State.Terminated
				if last == nil { // it tries again, which does not help
					last = c.LastTerminationState.Terminated
				}
				if last != nil && last.ExitCode == gaveUp {
					return fmt.Errorf("%s: %s", pod.Name, strings.TrimSpace(last.Message))
				}
			}
		}
	}
	return nil
}

// notReady says which servers' pods do not run yet, and why.
func notReady(servers []inventory.Server) string {
	texts, said := []string{}, map[string]bool{}
	for _, s := range servers {
		if s.State.Running && s.State.Ready {
			continue
		}
		text := s.Name() + ": not ready"
		if !s.State.Running {
			text = s.Pod + ": " + cmp.Or(s.State.Reason, "not running")
			if s.State.LastExit != "" {
				text += ", last: " + s.State.LastExit
			}
		}
		if !said[text] {
			said[text] = true
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "; ")
}

// notServing says which servers are not in the normal state of their mode.
func notServing(r ha.Report) string {
	texts := []string{}
	look := func(p ha.Peer, mode kea.HAMode) {
		switch {
		case !p.Reached:
			texts = append(texts, p.Server+": "+p.Why)
		case mode != "" && p.State == "":
			texts = append(texts, p.Server+": high availability does not run")
		case mode != "" && string(p.State) != string(mode):
			texts = append(texts, fmt.Sprintf("%s: %s", p.Server, p.State))
		case p.LeaseQuery != ha.Works:
			texts = append(texts, p.Server+": no answer from the lease database")
		case len(p.Disabled) > 0:
			texts = append(texts, p.Server+": DHCP disabled "+strings.Join(p.Disabled, ", "))
		case len(p.Sockets) > 0:
			texts = append(texts, p.Server+": "+strings.Join(p.Sockets, ", "))
		}
	}
	for _, relationship := range r.Relationships {
		for _, p := range relationship.Peers {
			look(p, relationship.Mode)
		}
	}
	for _, p := range r.Standalone {
		look(p, "")
	}
	return strings.Join(texts, "; ")
}

// serving sums up what was waited for: "kea-dhcp-0 + kea-dhcp-1 dhcp4 hot-standby".
func serving(r ha.Report) string {
	texts := []string{}
	for _, relationship := range r.Relationships {
		texts = append(texts, fmt.Sprintf("%s %s", relationship.Name, relationship.Mode))
	}
	for _, p := range r.Standalone {
		texts = append(texts, p.Server)
	}
	return strings.Join(texts, ", ")
}
