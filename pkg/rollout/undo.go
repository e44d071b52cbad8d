package rollout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// undoTime is how long the way back may take.
const undoTime = 5 * time.Minute

var errUndoTime = errors.New("it did not end within " + undoTime.String())

// Undo takes back what was done: the objects, the pods' files, and what the servers run. A server whose reload failed comes
// first, and its partner covers it until it serves. The context may have ended: the way back does not.
func (w *Work) Undo(ctx context.Context, note func(string)) error {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), undoTime, errUndoTime)
	defer cancel()
	if w.kept == nil {
		return nil
	}
	for _, s := range w.stepsBack() {
		if err := w.surely(ctx, s, note); err != nil {
			return err
		}
	}
	w.kept, w.written, w.report.Servers, w.report.Objects = nil, false, []Reloaded{}, []string{}
	return nil
}

// outage is how long the way back waits for a cluster that does not answer.
const outage = time.Minute

// surely does a step of the way back, again and again while the cluster does not answer.
func (w *Work) surely(ctx context.Context, s operation.Step, note func(string)) error {
	began := w.src.Now()
	for {
		_, err := s.Do(ctx, note)
		var skipped *operation.Skipped
		switch {
		case err == nil, errors.As(err, &skipped):
			return nil
		case lasting(err), w.src.Now().Sub(began) > outage, wait(ctx, time.Second) != nil:
			return err
		}
		note(err.Error())
	}
}

// lasting reports whether another try would find the same.
func lasting(err error) bool {
	return errors.Is(err, errChanged) || errors.Is(err, errNotShown) || apierrors.IsForbidden(err) || apierrors.IsNotFound(err)
}

// stepsBack are the way back.
func (w *Work) stepsBack() []operation.Step {
	steps := []operation.Step{}
	if w.written {
		steps = append(steps, operation.Step{Name: "write the former configuration", Do: w.writeBack})
		if pods := w.pods(); len(pods) > 0 {
			steps = append(steps, operation.Step{Name: "bring it to " + strings.Join(pods, ", "), Do: w.bringBack})
		}
		for _, m := range slices.Backward(w.p.Moves) {
			steps = append(steps, operation.Step{Name: m.name(), Do: func(ctx context.Context, note func(string)) (string, error) { return w.moveBack(ctx, m, note) }})
		}
	}
	return append(steps, w.Forget())
}

func (w *Work) writeBack(ctx context.Context, _ func(string)) (string, error) {
	if w.BeforeUndo != nil {
		if err := w.BeforeUndo(ctx); err != nil {
			return "", err
		}
	}
	if err := w.kept.note(ctx, w.src.Client, annotationBackwards, "true"); err != nil {
		return "", err
	}
	n := 0
	for _, whole := range w.objects() {
		keys, err := w.put(ctx, whole, true)
		if err != nil {
			return "", err
		}
		n += len(keys)
	}
	if n == 0 {
		return "", &operation.Skipped{Reason: "it is there"}
	}
	return strings.Join(w.objects(), ", "), nil
}

func (w *Work) bringBack(ctx context.Context, note func(string)) (string, error) {
	return "", w.bringText(ctx, func(c Change) kea.Secret { return c.Before }, true, note)
}

// moveBack has servers run the former configuration again that may have left it.
func (w *Work) moveBack(ctx context.Context, m Move, note func(string)) (string, error) {
	begun := m
	begun.Seats = slices.DeleteFunc(slices.Clone(m.Seats), func(s Seat) bool { return !w.kept.has(annotationBegun, s.Server) })
	if len(begun.Seats) == 0 {
		return "", &operation.Skipped{Reason: "it never left the former configuration"}
	}
	if err := w.connect(ctx, begun); err != nil {
		return "", err
	}
	err := w.turn(ctx, begun, func(c Change) (wanted, other kea.Secret) { return c.Before, c.After }, note)
	if err != nil {
		return "", err
	}
	w.report.Servers = append(w.report.Servers, Reloaded{Server: strings.Join(begun.Names(), ", "), Way: m.Way})
	return strings.Join(begun.Names(), ", "), nil
}
