package operation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Progress is told what an operation is doing; printer.Steps shows it.
type Progress interface {
	Start(name string)
	Note(what string)
	Done(result string)
	Skip(reason string)
	Fail(reason string)
}

// Step is one named piece of an operation. Run twice, it does nothing the second time.
type Step struct {
	Name string
	// Do does it. note says what it waits for; it may be called as often as one likes. The result is a few words for the
	// step's line: "3 created, 2 unchanged".
	Do func(ctx context.Context, note func(string)) (result string, err error)
}

// Skipped ends a step that turned out to need nothing.
type Skipped struct{ Reason string }

// Error implements error.
func (s *Skipped) Error() string { return s.Reason }

// StepError is a step that failed; what came before it is done and stays so.
type StepError struct {
	Step string
	Err  error
}

// Error implements error.
func (e *StepError) Error() string { return fmt.Sprintf("%s: %v", e.Step, e.Err) }

// Unwrap implements errors.Unwrap.
func (e *StepError) Unwrap() error { return e.Err }

// Reverted ends a step that failed and took everything back that the operation had done: nothing is left unfinished.
type Reverted struct{ Err error }

// Error implements error.
func (r *Reverted) Error() string { return r.Err.Error() }

// Unwrap implements errors.Unwrap.
func (r *Reverted) Unwrap() error { return r.Err }

// endTime is how long the end of an operation may take to give up its lock.
const endTime = 5 * time.Second

// Locked does the steps under a deployment's lock. A run that fails or is interrupted leaves its state in the cluster, for
// status to show and for the next run, which need not wait; one that is done, or has taken everything back, leaves nothing.
// o.Lost is set here.
// Errors: *StepError, *HeldError, the client's.
func Locked(ctx context.Context, c client.Client, o Options, steps []Step, progress Progress) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o.Lost = cancel
	lock, err := Acquire(ctx, c, o)
	if err != nil {
		return err
	}
	err = Run(ctx, steps, lock, progress)
	// An interrupted run must still leave the lock, hence the fresh context.
	ending, stop := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer stop()
	var reverted *Reverted
	switch {
	case errors.As(err, &reverted):
		_ = lock.Release(ending) // the first error counts; the lock runs out by itself
		return err
	case err != nil:
		_ = lock.Leave(ending)
		return err
	}
	return lock.Release(ending)
}

// Run does the steps in their order and stops at the first that fails. The lock, which may be nil, is told where it is.
// Error: *StepError.
func Run(ctx context.Context, steps []Step, lock *Lock, progress Progress) error {
	for _, s := range steps {
		if ctx.Err() != nil {
			return &StepError{s.Name, context.Cause(ctx)}
		}
		if lock != nil {
			if err := lock.At(ctx, s.Name); err != nil {
				return &StepError{s.Name, fmt.Errorf("keep the lock: %w", err)}
			}
		}
		progress.Start(s.Name)
		result, err := s.Do(ctx, progress.Note)
		var skipped *Skipped
		switch {
		case errors.As(err, &skipped):
			progress.Skip(skipped.Reason)
		case err != nil:
			progress.Fail("")
			return &StepError{s.Name, ended(ctx, err)}
		default:
			progress.Done(result)
		}
	}
	return nil
}

// ended is why a step was broken off, where its own error says no more than that it was.
func ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}
