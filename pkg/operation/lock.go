package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

const (
	// lockTime is how long a lock outlives its last sign of life: a killed run does not stand in the way for longer.
	lockTime = 30 * time.Second
	// signTime is how often the holder gives one.
	signTime = lockTime / 3
	// signLimit bounds one: an API server that hangs must not hold up the step that waits to note where it is.
	signLimit = signTime / 2
)

// State is what an operation leaves in the cluster while it is unfinished; a killed one leaves it behind, and status
// shows it first.
type State struct {
	Kind     string    `json:"kind"` // "install"
	Step     string    `json:"step,omitempty"`
	Started  time.Time `json:"started"`
	By       string    `json:"by,omitempty"` // user@host, for people
	Process  int       `json:"process,omitempty"`
	Continue string    `json:"continue,omitempty"`
	Abort    string    `json:"abort,omitempty"`
}

// LockName is the name of a deployment's lock.
func LockName(deployment string) string { return deployment + "-operation" }

// HeldError says that somebody else works on the deployment.
type HeldError struct {
	Namespace, Deployment string
	State                 State
	Since, LastSign       time.Time
}

// Error implements error.
func (e *HeldError) Error() string {
	return fmt.Sprintf("%s works on %s/%s: %s since %s, last sign of life %s",
		e.State.By, e.Namespace, e.Deployment, e.State.Kind, e.Since.UTC().Format(time.RFC3339), e.LastSign.UTC().Format(time.RFC3339))
}

// Lock is the right to change a deployment. Release or Leave ends it.
type Lock struct {
	writer client.Client
	now    func() time.Time
	stop   context.CancelFunc
	signs  sync.WaitGroup

	mu     sync.Mutex
	object *coordinationv1.Lease
	state  State
}

// Options of Acquire.
type Options struct {
	Namespace, Deployment string
	State                 State
	Now                   func() time.Time
	// TakeOver decides whether to take the lock from a holder whose last sign of life is fresh; nil never does.
	TakeOver func(State) bool
	// Lost is called once when the lock was taken from us; nil is fine.
	Lost func(error)
}

// Acquire takes a deployment's lock, a coordination Lease in its namespace.
// Errors: *HeldError, the client's. Permission: get, create, update, delete leases.coordination.k8s.io.
func Acquire(ctx context.Context, c client.Client, o Options) (*Lock, error) {
	namespace, deployment := o.Namespace, o.Deployment
	if o.State.Started.IsZero() {
		o.State.Started = o.Now()
	}
	if o.Lost == nil {
		o.Lost = func(error) {}
	}
	l := &Lock{writer: c, now: o.Now, state: o.State}
	lease := &coordinationv1.Lease{}
	key := client.ObjectKey{Namespace: namespace, Name: LockName(deployment)}
	err := c.Get(ctx, key, lease)
	switch {
	case apierrors.IsNotFound(err):
		lease = &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
			Namespace: key.Namespace, Name: key.Name,
			Labels: map[string]string{
				marks.LabelDeployment: deployment, marks.LabelComponent: "operation", marks.LabelManagedBy: marks.FieldManager,
			},
		}}
		if err := l.fill(lease); err != nil {
			return nil, err
		}
		err = c.Create(ctx, lease)
	case err != nil:
		return nil, fmt.Errorf("read lease %s: %w", key.Name, err)
	default:
		if held := heldBy(lease, deployment, o.Now()); held != nil && (o.TakeOver == nil || !o.TakeOver(held.State)) {
			return nil, held
		}
		if err := l.fill(lease); err != nil {
			return nil, err
		}
		err = c.Update(ctx, lease)
	}
	switch {
	case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err):
		return nil, fmt.Errorf("somebody took the lock on %s/%s at the same moment: %w", namespace, deployment, err)
	case err != nil:
		return nil, fmt.Errorf("write lease %s: %w", key.Name, err)
	}
	l.object = lease
	signing, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	l.signs.Go(func() { l.sign(signing, o.Lost) })
	return l, nil
}

// heldBy is nil when nobody holds the lock any more.
func heldBy(lease *coordinationv1.Lease, deployment string, now time.Time) *HeldError {
	if lease.Spec.RenewTime == nil || now.Sub(lease.Spec.RenewTime.Time) > lockTime {
		return nil
	}
	held := &HeldError{Namespace: lease.Namespace, Deployment: deployment, LastSign: lease.Spec.RenewTime.Time}
	_ = json.Unmarshal([]byte(lease.Annotations[marks.AnnotationOperation]), &held.State) // its text is for people only
	if held.Since = held.State.Started; lease.Spec.HolderIdentity != nil {
		held.State.By = *lease.Spec.HolderIdentity
	}
	return held
}

// Alive is the state of an operation that gives signs of life; false for a lock that nobody holds any more.
func Alive(lease *coordinationv1.Lease, now time.Time) (State, bool) {
	held := heldBy(lease, "", now)
	if held == nil {
		return State{}, false
	}
	return held.State, true
}

func (l *Lock) fill(lease *coordinationv1.Lease) error {
	state, err := json.Marshal(l.state)
	if err != nil {
		return err
	}
	if lease.Annotations == nil {
		lease.Annotations = map[string]string{}
	}
	lease.Annotations[marks.AnnotationOperation] = string(state)
	seconds, started, sign := int32(lockTime/time.Second), metav1.NewMicroTime(l.state.Started), metav1.NewMicroTime(l.now())
	lease.Spec = coordinationv1.LeaseSpec{
		HolderIdentity: &l.state.By, LeaseDurationSeconds: &seconds, AcquireTime: &started, RenewTime: &sign,
	}
	return nil
}

// sign renews the lock until the operation ends.
func (l *Lock) sign(ctx context.Context, lost func(error)) {
	ticker := time.NewTicker(signTime)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			limited, cancel := context.WithTimeout(ctx, signLimit)
			err := l.write(limited)
			cancel()
			if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
				lost(fmt.Errorf("the lock on the deployment was taken over: %w", err))
				return
			} // anything else may pass before the lock runs out
		}
	}
}

// write renews the lock with what is known now.
func (l *Lock) write(ctx context.Context) error {
	return l.change(ctx, func(lease *coordinationv1.Lease) error {
		if err := l.fill(lease); err != nil {
			return err
		}
		return l.writer.Update(ctx, lease)
	})
}

// change does something to the lease as it was last seen. A conflict does not yet mean that the lock is lost: a write that
// was cut off may have been done, and its answer was not heard. Then the lease still says that it is ours.
func (l *Lock) change(ctx context.Context, do func(*coordinationv1.Lease) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	lease := l.object.DeepCopy()
	err := do(lease)
	if apierrors.IsConflict(err) {
		now := &coordinationv1.Lease{}
		if l.writer.Get(ctx, client.ObjectKeyFromObject(l.object), now) != nil || !l.holds(now) {
			return err
		}
		lease = now
		err = do(lease)
	}
	if err == nil {
		l.object = lease
	}
	return err
}

// holds reports whether a lease is of this very run.
func (l *Lock) holds(lease *coordinationv1.Lease) bool {
	var s State
	return json.Unmarshal([]byte(lease.Annotations[marks.AnnotationOperation]), &s) == nil &&
		s.By == l.state.By && s.Process == l.state.Process && s.Kind == l.state.Kind && s.Started.Equal(l.state.Started)
}

// At notes which step is being done. Error: the client's; a conflict means that the lock is lost.
func (l *Lock) At(ctx context.Context, step string) error {
	l.mu.Lock()
	l.state.Step = step
	l.mu.Unlock()
	return l.write(ctx)
}

// Release ends a finished operation: nothing of it is left.
func (l *Lock) Release(ctx context.Context) error {
	l.end()
	err := l.change(ctx, func(lease *coordinationv1.Lease) error {
		return l.writer.Delete(ctx, lease, client.Preconditions{ResourceVersion: &lease.ResourceVersion})
	})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete lease %s: %w", l.object.Name, err)
	}
	return nil
}

// Leave ends an unfinished operation: its state stays for status to show, and the next run need not wait.
func (l *Lock) Leave(ctx context.Context) error {
	l.end()
	return l.change(ctx, func(lease *coordinationv1.Lease) error {
		past := metav1.NewMicroTime(l.now().Add(-2 * lockTime))
		lease.Spec.RenewTime = &past
		return l.writer.Update(ctx, lease)
	})
}

func (l *Lock) end() {
	l.stop()
	l.signs.Wait()
}
