package operation

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

func start() time.Time { return time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC) }

func newClient(t *testing.T) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := coordinationv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).Build()
}

func options(by string, now time.Time) Options {
	return Options{
		Namespace: "network", Deployment: "kea-dhcp", Now: func() time.Time { return now },
		State: State{Kind: "install", By: by, Process: 7, Continue: "kubectl kea install -f stack.yaml"},
	}
}

func stored(t *testing.T, c client.Client) (*coordinationv1.Lease, State) {
	t.Helper()
	lease := &coordinationv1.Lease{}
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: "network", Name: "kea-dhcp-operation"}, lease); err != nil {
		t.Fatal(err)
	}
	var s State
	if err := json.Unmarshal([]byte(lease.Annotations[marks.AnnotationOperation]), &s); err != nil {
		t.Fatal(err)
	}
	return lease, s
}

func TestLockKeepsOthersOut(t *testing.T) {
	c := newClient(t)
	first, err := Acquire(t.Context(), c, options("ann@desk", start()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Acquire(t.Context(), c, options("bob@lap", start().Add(5*time.Second)))
	var held *HeldError
	if !errors.As(err, &held) {
		t.Fatalf("a second holder: %v", err)
	}
	want := "ann@desk works on network/kea-dhcp: install since 2026-11-22T03:00:00Z, last sign of life 2026-11-22T03:00:00Z"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if err := first.At(t.Context(), "services"); err != nil {
		t.Fatal(err)
	}
	_, s := stored(t, c)
	if diff := cmp.Diff(State{Kind: "install", Step: "services", Started: start(), By: "ann@desk", Process: 7, Continue: "kubectl kea install -f stack.yaml"}, s); diff != "" {
		t.Error(diff)
	}
	if err := first.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: "network", Name: "kea-dhcp-operation"}, &coordinationv1.Lease{}); !apierrors.IsNotFound(err) {
		t.Errorf("after the release: %v", err)
	}
}

func TestLockOfADeadRun(t *testing.T) {
	for name, tt := range map[string]struct {
		after    time.Duration
		takeOver func(State) bool
		taken    bool
	}{
		"fresh":                      {5 * time.Second, nil, false},
		"fresh, its process is gone": {5 * time.Second, func(s State) bool { return s.By == "ann@desk" && s.Process == 7 }, true},
		"fresh, of somebody else":    {5 * time.Second, func(s State) bool { return s.By == "bob@lap" }, false},
		"old":                        {lockTime + time.Second, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t)
			killed, err := Acquire(t.Context(), c, options("ann@desk", start()))
			if err != nil {
				t.Fatal(err)
			}
			killed.end() // no more signs of life
			o := options("bob@lap", start().Add(tt.after))
			o.TakeOver = tt.takeOver
			l, err := Acquire(t.Context(), c, o)
			if taken := err == nil; taken != tt.taken {
				t.Fatalf("taken: %v, %v", taken, err)
			}
			if tt.taken {
				if err := killed.At(t.Context(), "too late"); !apierrors.IsConflict(err) {
					t.Errorf("the former holder could still write: %v", err)
				}
				if err := l.Release(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestLockLeftBehind(t *testing.T) {
	c := newClient(t)
	l, err := Acquire(t.Context(), c, options("ann@desk", start()))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.At(t.Context(), "services"); err != nil {
		t.Fatal(err)
	}
	if err := l.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, s := stored(t, c)
	if s.Step != "services" {
		t.Errorf("its state: %+v", s)
	}
	next, err := Acquire(t.Context(), c, options("bob@lap", start().Add(time.Second)))
	if err != nil {
		t.Fatalf("the next run must not wait: %v", err)
	}
	next.end()
}

// unheard does every update but does not hear the answer, as when the connection breaks just then.
func unheard(c client.WithWatch) client.Client {
	return interceptor.NewClient(c, interceptor.Funcs{
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.UpdateOption) error {
			copied, _ := o.DeepCopyObject().(client.Object)
			if err := c.Update(ctx, copied, options...); err != nil {
				return err
			}
			return context.Canceled
		},
	})
}

// A write that was cut off may have been done: the lock is still ours, to be renewed, left and released.
func TestLockAfterAnUnheardAnswer(t *testing.T) {
	for name, end := range map[string]func(*Lock) error{
		"renewed":  func(l *Lock) error { return l.At(t.Context(), "database") },
		"left":     func(l *Lock) error { return l.Leave(t.Context()) },
		"released": func(l *Lock) error { return l.Release(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t)
			l, err := Acquire(t.Context(), c, options("ann@desk", start()))
			if err != nil {
				t.Fatal(err)
			}
			defer l.end()
			l.writer = unheard(c)
			if err := l.At(t.Context(), "services"); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			l.writer = c
			if err := end(l); err != nil {
				t.Error(err)
			}
		})
	}
}

// Who lost the lock must not take it away from the next holder.
func TestLockIsNotReleasedForOthers(t *testing.T) {
	for name, end := range map[string]func(*Lock) error{
		"left":     func(l *Lock) error { return l.Leave(t.Context()) },
		"released": func(l *Lock) error { return l.Release(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t)
			lost, err := Acquire(t.Context(), c, options("ann@desk", start()))
			if err != nil {
				t.Fatal(err)
			}
			o := options("bob@lap", start().Add(time.Minute))
			next, err := Acquire(t.Context(), c, o)
			if err != nil {
				t.Fatal(err)
			}
			defer next.end()
			if err := end(lost); !apierrors.IsConflict(err) {
				t.Errorf("error %v, want a conflict", err)
			}
			if _, s := stored(t, c); s.By != "bob@lap" {
				t.Errorf("the lock is %s's", s.By)
			}
		})
	}
}

// Two at the same moment: the one who comes second is told so, whether the lease existed or not.
func TestLockTakenAtTheSameMoment(t *testing.T) {
	const want = "somebody took the lock on network/kea-dhcp at the same moment: "
	for name, left := range map[string]bool{"no lease": false, "a lease that was left": true} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t)
			if left {
				l, err := Acquire(t.Context(), c, options("ann@desk", start()))
				if err != nil {
					t.Fatal(err)
				}
				if err := l.Leave(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			var quicker *Lock
			slow := interceptor.NewClient(c, interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
					err := c.Get(ctx, key, o)
					if quicker == nil {
						var failed error
						if quicker, failed = Acquire(ctx, c, options("bob@lap", start().Add(time.Second))); failed != nil {
							t.Error(failed)
						}
					}
					return err
				},
			})
			_, err := Acquire(t.Context(), slow, options("cleo@pad", start().Add(time.Second)))
			defer quicker.end()
			if err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
				t.Errorf("error %v", err)
			}
		})
	}
}

// A run that was cancelled still leaves its lock free: the end of the operation has a context of its own.
func TestLockOutlivesTheCancelledRun(t *testing.T) {
	c := newClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	l, err := Acquire(ctx, c, options("ann@desk", start()))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := l.Leave(context.WithoutCancel(ctx)); err != nil {
		t.Fatal(err)
	}
	lease, _ := stored(t, c)
	if held := heldBy(lease, "kea-dhcp", start()); held != nil {
		t.Errorf("still held: %v", held)
	}
}

func TestLockRefused(t *testing.T) {
	broken := errors.New("no answer")
	c := interceptor.NewClient(newClient(t), interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return broken
		},
	})
	if _, err := Acquire(t.Context(), c, options("ann@desk", start())); !errors.Is(err, broken) || err.Error() != "read lease kea-dhcp-operation: no answer" {
		t.Errorf("read: %v", err)
	}
	c = interceptor.NewClient(newClient(t), interceptor.Funcs{
		Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error { return broken },
	})
	if _, err := Acquire(t.Context(), c, options("ann@desk", start())); !errors.Is(err, broken) || err.Error() != "write lease kea-dhcp-operation: no answer" {
		t.Errorf("write: %v", err)
	}
}
