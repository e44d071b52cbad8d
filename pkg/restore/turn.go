package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// turn has the Service that Kea reaches its database by lead to the primary of another cluster. Connections that are open
// stay where they are. note, which may be nil, changes more of the Service in the same write; it is not called when an earlier
// run has turned it.
func turn(ctx context.Context, c client.Client, service client.ObjectKey, to string, note func(*corev1.Service) error) error {
	var s corev1.Service
	if err := c.Get(ctx, service, &s); err != nil {
		return fmt.Errorf("read service %s: %w", service.Name, err)
	}
	if s.Spec.Selector[cnpg.LabelCluster] == to && s.Annotations[marks.AnnotationCurrentCluster] == to {
		return nil
	}
	before := s.DeepCopy()
	s.Spec.Selector[cnpg.LabelCluster] = to
	if s.Annotations == nil {
		s.Annotations = map[string]string{}
	}
	s.Annotations[marks.AnnotationCurrentCluster] = to
	if note != nil {
		if err := note(&s); err != nil {
			return err
		}
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.Patch(ctx, &s, patch, client.FieldOwner(marks.FieldManager)); err != nil {
		return fmt.Errorf("turn service %s to cluster %s: %w", service.Name, to, err)
	}
	return nil
}

// proveTime is how long a changed Service may take to lead new connections to the new place.
const proveTime = 8 * time.Second

// loginLoop logs in as the server's container does, over and over, until the login ends up where it should: $1 is the
// connection, $2 the expected answer, $3 the number of tries. The password comes from where the container has it.
const loginLoop = `command -v psql >/dev/null || { echo "psql: not found" >&2; exit 127; }
i=0
while [ $i -lt "$3" ]; do
  answer=$(psql -XAtqw -d "$1" -c "select host(inet_server_addr()), pg_is_in_recovery(), current_setting('transaction_read_only')" 2>&1)
  [ "$answer" = "$2" ] && exit 0
  case "$answer" in *"no password supplied"*) break;; esac
  i=$((i+1)); sleep 0.05
done
echo "$answer" >&2; exit 1`

// prover proves, from inside the pods of Kea's servers, that a fresh login through the Service reaches a certain primary, out
// of recovery and for writing. It begins before the Service is turned, so that the turn costs no more than it has to.
type prover struct {
	done chan error
	stop context.CancelFunc
}

// startProof begins to try. Only one container of a pod tries.
func startProof(ctx context.Context, src Source, c crew, d inventory.Database, primary *corev1.Pod) *prover {
	ctx, stop := context.WithTimeout(ctx, proveTime)
	p := &prover{done: make(chan error, 1), stop: stop}
	connection := fmt.Sprintf("host='%s' port='%d' dbname='%s' user='%s' connect_timeout=2", d.Host, d.Port, d.Name, d.User)
	expected := primary.Status.PodIP + "|f|off"
	go func() {
		var (
			wait   sync.WaitGroup
			mu     sync.Mutex
			failed []error
			asked  = map[string]bool{}
		)
		for _, h := range c {
			if asked[h.Pod] {
				continue
			}
			asked[h.Pod] = true
			wait.Go(func() {
				var said bytes.Buffer
				command := []string{"sh", "-c", loginLoop, "sh", connection, expected, "60"}
				err := src.Pods.Exec(ctx, h.Namespace, h.Pod, h.Container, command, nil, nil, &said)
				if err != nil && unprovable(lastLine(said.String(), err)) {
					said.Reset()
					err = led(ctx, src, d.Service, primary)
				}
				if err != nil {
					mu.Lock()
					failed = append(failed, fmt.Errorf("log in through service %s from pod %s: %s", d.Service.Name, h.Pod, lastLine(said.String(), err)))
					mu.Unlock()
				}
			})
		}
		wait.Wait()
		p.done <- errors.Join(failed...)
	}()
	return p
}

// unprovable reports whether a container cannot try a login at all: it has no shell or no psql, or the server has its password
// from elsewhere than psql would.
func unprovable(said string) bool {
	for _, text := range []string{"not found", "no such file", "executable file", "no password supplied"} {
		if strings.Contains(strings.ToLower(said), text) {
			return true
		}
	}
	return false
}

// proxyTime is what the proxies of the nodes are given to learn where a Service leads, where that cannot be proven.
const proxyTime = 1500 * time.Millisecond

// led waits until Kubernetes says that a Service leads to the primary and nowhere else, and a moment longer. The servers
// themselves have to show in the new database before clients are answered, so that this is a wait and no proof.
// Permission: list endpointslices.discovery.k8s.io.
func led(ctx context.Context, src Source, service *corev1.Service, primary *corev1.Pod) error {
	for {
		var slices discoveryv1.EndpointSliceList
		err := src.Client.List(ctx, &slices, client.InNamespace(service.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: service.Name})
		if err != nil {
			return fmt.Errorf("see where service %s leads: %w", service.Name, err)
		}
		if leadsTo(slices.Items, primary.Status.PodIP) {
			return operation.Pause(ctx, proxyTime)
		}
		if err := operation.Pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("service %s does not lead to pod %s: %w", service.Name, primary.Name, err)
		}
	}
}

// leadsTo reports whether the ready endpoints are one address and no other.
func leadsTo(all []discoveryv1.EndpointSlice, address string) bool {
	found := false
	for _, slice := range all {
		for _, e := range slice.Endpoints {
			for _, a := range e.Addresses {
				if e.Conditions.Ready != nil && !*e.Conditions.Ready {
					continue
				}
				if a != address {
					return false
				}
				found = true
			}
		}
	}
	return found
}

// wait waits for the proof.
func (p *prover) wait(ctx context.Context) error {
	defer p.stop()
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// lastLine is what a program said last, or its error.
func lastLine(said string, err error) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if text := lines[len(lines)-1]; text != "" {
		return text
	}
	return err.Error()
}
