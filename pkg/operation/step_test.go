package operation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// recorder is a Progress that writes down what it is told.
type recorder struct{ lines []string }

func (r *recorder) Start(name string)  { r.lines = append(r.lines, "start "+name) }
func (r *recorder) Note(what string)   { r.lines = append(r.lines, "note "+what) }
func (r *recorder) Done(result string) { r.lines = append(r.lines, "done "+result) }
func (r *recorder) Skip(reason string) { r.lines = append(r.lines, "skip "+reason) }
func (r *recorder) Fail(reason string) { r.lines = append(r.lines, "fail "+reason) }

func TestRun(t *testing.T) {
	broken := errors.New("broken")
	step := func(name, result string, err error) Step {
		return Step{Name: name, Do: func(_ context.Context, note func(string)) (string, error) {
			note("at work")
			return result, err
		}}
	}
	var r recorder
	err := Run(t.Context(), []Step{
		step("a", "3 created", nil), step("b", "", &Skipped{"it exists"}), step("c", "", broken), step("d", "never", nil),
	}, nil, &r)
	var failed *StepError
	if !errors.As(err, &failed) || failed.Step != "c" || !errors.Is(err, broken) || err.Error() != "c: broken" {
		t.Errorf("error %v", err)
	}
	want := []string{"start a", "note at work", "done 3 created", "start b", "note at work", "skip it exists", "start c", "note at work", "fail "}
	if diff := cmp.Diff(want, r.lines); diff != "" {
		t.Error(diff)
	}
}

func TestRunStopsWhenToldTo(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var r recorder
	why := errors.New("the lock was taken over")
	err := Run(ctx, []Step{
		{Name: "a", Do: func(context.Context, func(string)) (string, error) { cancel(why); return "", nil }},
		{Name: "b", Do: func(context.Context, func(string)) (string, error) { t.Error("b ran"); return "", nil }},
	}, nil, &r)
	if !errors.Is(err, why) || err.Error() != "b: the lock was taken over" {
		t.Errorf("error %v", err)
	}
}

// A step that fails because the lock was lost says that, and not only that something was cancelled; after Ctrl-C its own
// error stays, which says what it waited for.
func TestRunSaysWhyItWasBrokenOff(t *testing.T) {
	lost := errors.New("the lock was taken over")
	for name, tt := range map[string]struct {
		cause, err error
		want       string
	}{
		"lock lost":         {lost, fmt.Errorf("read pods: %w", context.Canceled), "a: the lock was taken over"},
		"Ctrl-C":            {context.Canceled, fmt.Errorf("read pods: %w", context.Canceled), "a: read pods: context canceled"},
		"its own error":     {lost, errors.New("the image cannot be pulled"), "a: the image cannot be pulled"},
		"out of time":       {context.DeadlineExceeded, fmt.Errorf("read pods: %w", context.DeadlineExceeded), "a: read pods: context deadline exceeded"},
		"nothing cancelled": {nil, fmt.Errorf("read pods: %w", context.Canceled), "a: read pods: context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			err := Run(ctx, []Step{{Name: "a", Do: func(context.Context, func(string)) (string, error) {
				if tt.cause != nil {
					cancel(tt.cause)
				}
				return "", tt.err
			}}}, nil, &recorder{})
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// Without its lock a step does not begin.
func TestRunNeedsItsLock(t *testing.T) {
	c := newClient(t)
	l, err := Acquire(t.Context(), c, options("ann@desk", start()))
	if err != nil {
		t.Fatal(err)
	}
	defer l.end()
	next, err := Acquire(t.Context(), c, options("bob@lap", start().Add(time.Minute)))
	if err != nil {
		t.Fatal(err)
	}
	defer next.end()
	var r recorder
	err = Run(t.Context(), []Step{{Name: "a", Do: func(context.Context, func(string)) (string, error) { t.Error("a ran"); return "", nil }}}, l, &r)
	if !apierrors.IsConflict(err) || !strings.HasPrefix(err.Error(), "a: keep the lock: ") || len(r.lines) > 0 {
		t.Errorf("error %v, progress %q", err, r.lines)
	}
}
