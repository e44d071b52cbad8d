package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// LockKind is how the lock names an operation that is a rollout and nothing more.
const LockKind = "config rollout"

// Apply does what a plan says, under the deployment's lock. An error takes everything back: objects, files, and what the
// servers run. A killed run leaves servers of which some run the new configuration; the next run of the same change goes
// on, and Abort takes it back.
// Errors: *operation.StepError, *operation.HeldError.
func Apply(ctx context.Context, src Source, p Plan, lock operation.Options, progress operation.Progress) (Report, error) {
	w := Begin(src, p)
	defer w.Close()
	lock.Namespace, lock.Deployment = p.Namespace, p.Deployment
	err := operation.Locked(ctx, src.Client, lock, append(w.Steps(), w.Forget()), progress)
	return w.Report(), err
}

// Abort takes back what an earlier run of a rollout left unfinished, under the deployment's lock. The plan is one that
// continues; what stands against going on does not matter here.
// Errors: *operation.StepError, *operation.HeldError.
func Abort(ctx context.Context, src Source, p Plan, lock operation.Options, progress operation.Progress) (Report, error) {
	w := Begin(src, p)
	defer w.Close()
	lock.Namespace, lock.Deployment = p.Namespace, p.Deployment
	err := operation.Locked(ctx, src.Client, lock, w.stepsBack(), progress)
	return w.Report(), err
}

// Daemon is the part of *kea.Client that a rollout needs.
type Daemon interface {
	API
	ReloadConfig(ctx context.Context, s kea.Service) error
	Config(ctx context.Context, s kea.Service) (kea.Config, error)
}

// Work is a plan that is carried out. Apply does all of it; a longer operation puts the steps among its own, under its own
// lock, and takes the work back when one of its later steps fails.
type Work struct {
	// BeforeUndo, when set, is called before anything is taken back: what makes the former configuration valid again.
	BeforeUndo func(ctx context.Context) error

	src     Source
	p       Plan
	kept    *kept
	started time.Time
	servers map[string]located
	daemons map[string]Daemon
	hold    *hold
	written bool // an object is, or may be, changed
	report  Report
}

// Begin prepares the work; nothing is done yet. Close ends it.
func Begin(src Source, p Plan) *Work {
	w := &Work{src: src, p: p, kept: p.kept, written: p.kept != nil, started: src.Now(), servers: map[string]located{}, daemons: map[string]Daemon{}}
	w.report = Report{Namespace: p.Namespace, Deployment: p.Deployment, Objects: []string{}, Servers: []Reloaded{}, Remarks: []string{}}
	for i, s := range p.facts.in.Servers {
		w.servers[s.Name()] = located{Server: s, observation: p.facts.observations[i]}
	}
	return w
}

// Close ends what the work holds open. It changes nothing.
func (w *Work) Close() {
	if w.hold != nil {
		w.hold.close()
	}
}

// Report says what was done so far.
func (w *Work) Report() Report {
	w.report.Seconds = w.src.Now().Sub(w.started).Seconds()
	return w.report
}

// Steps are all but the last, which forgets the way back; see Forget. Each of them takes everything back when it fails, and
// then ends with an *operation.Reverted.
func (w *Work) Steps() []operation.Step {
	if w.p.kept == nil && len(w.p.changes) == 0 {
		return nil
	}
	if w.p.Backwards {
		back := w.stepsBack()
		return back[:len(back)-1]
	}
	steps := []operation.Step{{Name: "keep the former configuration", Do: w.back(w.keep)}}
	for _, name := range w.objects() {
		steps = append(steps, operation.Step{Name: "write " + name, Do: w.back(func(ctx context.Context, note func(string)) (string, error) { return w.write(ctx, name, note) })})
	}
	if pods := w.pods(); len(pods) > 0 {
		steps = append(steps, operation.Step{Name: "bring it to " + strings.Join(pods, ", "), Do: w.back(w.bring)})
	}
	for _, m := range w.p.Moves {
		steps = append(steps, operation.Step{Name: m.name(), Do: w.back(func(ctx context.Context, note func(string)) (string, error) { return w.move(ctx, m, note) })})
	}
	return steps
}

// Forget is the last step: the way back is given up.
func (w *Work) Forget() operation.Step {
	return operation.Step{Name: "forget the former configuration", Do: func(ctx context.Context, _ func(string)) (string, error) {
		if w.kept == nil {
			return "", &operation.Skipped{Reason: "an earlier run did"}
		}
		return "", w.kept.forget(ctx, w.src.Client)
	}}
}

// name says what happens in a move.
func (m Move) name() string {
	for _, s := range m.Seats {
		partner, _, _ := strings.Cut(s.Partner, "/")
		switch {
		case !s.Serves(), s.Partner == "":
		case m.Way == WayCovered:
			return m.Pod + " reloads, " + partner + " covers it"
		case m.Way == WayMaintenance:
			return m.Pod + " reloads, " + partner + " takes over meanwhile"
		}
	}
	return m.Pod + " reloads"
}

// objects are the names of the Secrets and ConfigMaps that change, each once. What only has to be read anew stays.
func (w *Work) objects() []string {
	found := []string{}
	for _, c := range w.p.changes {
		if whole := c.Object.whole(); !c.Before.Equal(c.After) && !slices.Contains(found, whole) {
			found = append(found, whole)
		}
	}
	return found
}

// pods are those that run and get a new file, each once.
func (w *Work) pods() []string {
	found := []string{}
	for _, f := range w.p.Files {
		if !f.Later && !slices.Contains(found, f.Pod) {
			found = append(found, f.Pod)
		}
	}
	return found
}

// back makes a step take everything back when it fails or is interrupted.
func (w *Work) back(do func(context.Context, func(string)) (string, error)) func(context.Context, func(string)) (string, error) {
	return func(ctx context.Context, note func(string)) (string, error) {
		result, err := do(ctx, note)
		var skipped *operation.Skipped
		if (err == nil || errors.As(err, &skipped)) && ctx.Err() == nil {
			return result, err
		}
		if cause := context.Cause(ctx); cause != nil && (err == nil || errors.Is(err, context.Canceled)) {
			err = cause
		}
		note("taking it back: " + err.Error())
		if failed := w.Undo(ctx, note); failed != nil {
			return "", fmt.Errorf("%w; taking it back failed too: %w", err, failed)
		}
		return "", &operation.Reverted{Err: fmt.Errorf("%w; the former configuration is back everywhere", err)}
	}
}

// keep makes the way back, before anything is changed.
func (w *Work) keep(ctx context.Context, _ func(string)) (string, error) {
	if w.kept != nil {
		return "", &operation.Skipped{Reason: "an earlier run did"}
	}
	for i := range w.p.logins {
		if w.p.logins[i].server == "" {
			continue
		}
		if err := w.p.logins[i].try(ctx, w.src, w.p.facts.in, false); err != nil && !errors.Is(err, errNotTried) {
			return "", fmt.Errorf("log in as the new configuration says: %w", err)
		}
	}
	var err error
	w.kept, err = keep(ctx, w.src.Client, &w.p)
	return "", err
}

// connect gets the ways to a move's servers and their partners, once for all moves.
func (w *Work) connect(ctx context.Context, m Move) error {
	if w.hold == nil {
		w.hold = newHold(APIs{})
	}
	for _, s := range m.Seats {
		for _, name := range []string{s.Server, s.Partner} {
			if _, known := w.daemons[name]; known || name == "" {
				continue
			}
			server, ok := w.servers[name]
			if !ok {
				continue
			}
			client, _, err := w.src.Connector.Connect(ctx, server.Server)
			if err != nil && name == s.Server {
				return fmt.Errorf("%s: %w", name, err)
			}
			if err == nil {
				w.daemons[name], w.hold.apis[name] = client, client
			}
		}
	}
	return nil
}

// server is one of the namespace, as it was found.
func (w *Work) server(name string) inventory.Server { return w.servers[name].Server }

var _ Daemon = (*kea.Client)(nil)
