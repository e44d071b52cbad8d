package operation

import (
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

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

func start() time.Time { return time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC) }

func newClient(t *testing.T) client.Client {
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
	if err := json.Unmarshal([]byte(lease.Annotations[kube.AnnotationOperation]), &s); err != nil {
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
