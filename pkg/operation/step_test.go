package operation

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
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
