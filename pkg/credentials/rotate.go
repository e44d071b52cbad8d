package credentials

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// Rotation is what a rotation did.
type Rotation struct {
	Namespace string `json:"namespace"`
	Role      string `json:"role"`
	Cluster   string `json:"cluster"`
	Secret    string `json:"secret"` // that holds the password now
	// To is the role that the servers log in as by now, where that is another one.
	To   string   `json:"to,omitempty"`
	Keys []string `json:"keys"`
	// Sessions that were ended, and that were opened with the new password since.
	Ended   int     `json:"ended"`
	Seconds float64 `json:"seconds"`
	// Remarks are worth knowing and no fault.
	Remarks []string `json:"remarks"`
}

// Rotate does what a plan says. An error takes everything back: the old password is the one that works again, everywhere. A
// killed run leaves two passwords at most, of which the servers' open sessions need neither, and the next run goes on.
// Errors: *operation.StepError, *operation.HeldError.
func Rotate(ctx context.Context, src Source, p Plan, lock operation.Options, progress operation.Progress) (Rotation, error) {
	r := &rotation{Source: src, p: p, kept: p.kept, written: p.written, started: src.Now(), command: lock.State.Continue, by: lock.State.By}
	r.report = Rotation{Namespace: p.Namespace, Role: p.Role, Cluster: p.Cluster, Secret: p.Secret, Keys: p.Keys, Remarks: []string{}}
	lock.Namespace, lock.Deployment = p.Namespace, p.Deployment
	defer r.close(ctx)
	steps := r.steps
	if p.configured != nil {
		steps = r.configuredSteps
		r.report.Secret, r.report.To = p.ToSecret, p.To
	}
	err := operation.Locked(ctx, src.Client, lock, steps(), progress)
	if r.work != nil {
		r.work.Close()
		r.report.Remarks = append(r.report.Remarks, r.work.Report().Remarks...)
	}
	r.report.Seconds = src.Now().Sub(r.started).Seconds()
	return r.report, err
}

// rotation is one run.
type rotation struct {
	Source
	p           Plan
	command, by string
	started     time.Time
	apis        rollout.APIs
	// kept is what was replaced; written: the new password is, or may be, in the Secret.
	kept    *corev1.Secret
	written bool
	db      *keadb.DB // as the role, with the new password
	proven  time.Time // the database's clock when it took that
	// work is the change of the configuration, where the login stands in it.
	work   *rollout.Work
	report Rotation
}

func (r *rotation) steps() []operation.Step {
	steps := []operation.Step{
		{Name: "keep the old password", Do: r.back(r.keep)},
		{Name: "write the new one to secret " + r.p.Secret, Do: r.back(r.write)},
		{Name: "database " + r.p.Cluster + " takes it", Do: r.back(r.prove)},
		{Name: "bring it to " + strings.Join(r.p.use.pods(), ", "), Do: r.back(r.bring)},
	}
	for _, t := range r.p.Turns {
		steps = append(steps, operation.Step{Name: turnName(t), Do: r.back(func(ctx context.Context, note func(string)) (string, error) { return r.renew(ctx, t, note) })})
	}
	return append(steps,
		operation.Step{Name: "note the rotation", Do: r.note},
		operation.Step{Name: "forget the old password", Do: r.forget})
}

// turnName says what happens to a pod.
func turnName(t rollout.Turn) string {
	for _, s := range t.Seats {
		if s.Serves() && s.Partner != "" {
			pod, _, _ := strings.Cut(s.Partner, "/")
			return t.Pod + " logs in anew, " + pod + " covers it"
		}
	}
	return t.Pod + " logs in anew"
}

// back makes a step put the old password back when it fails or is interrupted.
func (r *rotation) back(do func(context.Context, func(string)) (string, error)) func(context.Context, func(string)) (string, error) {
	return func(ctx context.Context, note func(string)) (string, error) {
		result, err := do(ctx, note)
		var skipped *operation.Skipped
		if (err == nil || errors.As(err, &skipped)) && ctx.Err() == nil {
			return result, err
		}
		if cause := context.Cause(ctx); cause != nil && (err == nil || errors.Is(err, context.Canceled)) {
			err = cause
		}
		note("putting the old password back")
		if failed := r.undo(ctx); failed != nil {
			return "", fmt.Errorf("%w; putting the old password back failed too: %w", err, failed)
		}
		if failed := r.uncover(ctx, err); failed != nil {
			return "", fmt.Errorf("%w; the old password is the one that works; %w", err, failed)
		}
		if _, failed := r.forget(context.WithoutCancel(ctx), note); failed != nil {
			return "", fmt.Errorf("%w; the old password is the one that works; %w", err, failed)
		}
		return "", &operation.Reverted{Err: fmt.Errorf("%w; the old password is the one that works", err)}
	}
}

// keep makes the way back, before anything is changed.
func (r *rotation) keep(ctx context.Context, _ func(string)) (string, error) {
	if err := r.connect(ctx); err != nil {
		return "", err
	}
	if r.kept != nil {
		return "", &operation.Skipped{Reason: "an earlier run did"}
	}
	s, err := r.secret(ctx)
	if err != nil {
		return "", err
	}
	changed, err := rewrite(s.Data, r.p.Role, r.p.use.current().Reveal(), strings.Repeat("x", 2*minPassword))
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", s.Name, err)
	}
	old := map[string][]byte{}
	for key := range changed {
		old[key] = s.Data[key]
	}
	r.kept, err = keep(ctx, r.Client, r.p, old)
	return "", err
}

// connect gets the ways to the servers that take a turn.
func (r *rotation) connect(ctx context.Context) error {
	r.apis = rollout.APIs{}
	for _, h := range r.p.use.holders {
		api, _, err := r.Connector.Connect(ctx, h.server)
		if err != nil {
			return fmt.Errorf("%s: %w", h.server.Name(), err)
		}
		r.apis[h.server.Name()] = api
	}
	return nil
}

func (r *rotation) secret(ctx context.Context) (*corev1.Secret, error) {
	var s corev1.Secret
	if err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.p.Namespace, Name: r.p.Secret}, &s); err != nil {
		return nil, fmt.Errorf("read secret %s: %w", r.p.Secret, err)
	}
	return &s, nil
}

// note leaves on the Secret when it was rotated, and by which command.
func (r *rotation) note(ctx context.Context, _ func(string)) (string, error) {
	return "", r.annotate(ctx, r.report.Secret, map[string]string{
		annotationRotated:   r.Now().UTC().Format(time.RFC3339),
		annotationRotatedBy: r.by + ": " + r.command,
	})
}

// forget deletes what was kept, if anything was.
func (r *rotation) forget(ctx context.Context, _ func(string)) (string, error) {
	if r.kept == nil {
		return "", nil
	}
	return "", forget(ctx, r.Client, r.kept)
}

// close ends the session.
func (r *rotation) close(ctx context.Context) {
	if r.db != nil {
		_ = r.db.Close(context.WithoutCancel(ctx))
	}
}

// target is the way into the primary as it is now, with a login.
func (r *rotation) target(ctx context.Context, role, password string) (keadb.Target, error) {
	target, err := r.primary(ctx)
	target.User = role
	target.Password = func() string { return password }
	return target, err
}

// logins finds the way into databases.
func (r *rotation) logins() inventory.Logins {
	return inventory.Logins{Reader: r.Client, Pods: r.Pods, Observe: r.Observe}
}
