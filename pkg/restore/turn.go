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
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// turn has the Service that Kea reaches its database by lead to the primary of another cluster. Connections that are open
// stay where they are.
func turn(ctx context.Context, c client.Client, service client.ObjectKey, to string) error {
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
const loginLoop = `i=0
while [ $i -lt "$3" ]; do
  answer=$(psql -XAtqw -d "$1" -c "select host(inet_server_addr()), pg_is_in_recovery(), current_setting('transaction_read_only')" 2>&1)
  [ "$answer" = "$2" ] && exit 0
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
