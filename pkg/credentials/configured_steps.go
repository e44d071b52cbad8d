package credentials

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// annotationFor, on the Secret of the second role, is the identity of the kept Secret: whose rotation its password is for.
const annotationFor = annotationRotated + "-for"

// configuredSteps are those of a rotation in the configuration: a login that works, then the rollout, then the end of the
// former one.
func (r *rotation) configuredSteps() []operation.Step {
	c := r.p.configured
	r.work = rollout.Begin(r.Source.rollout(), c.rollout)
	r.work.BeforeUndo = r.restore
	write := "write the new one to secret " + c.to.secret
	if r.p.Strategy == Alternating {
		write = "give role " + c.to.name + " a new password, in secret " + c.to.secret
	}
	steps := []operation.Step{
		{Name: "keep the former password", Do: r.backToFormer(r.keep)},
		{Name: write, Do: r.backToFormer(r.writeLogin)},
		{Name: "database " + r.p.Cluster + " takes it", Do: r.backToFormer(r.proveLogin)},
	}
	if !c.rollout.Idle() { // an earlier run may have come as far
		for _, s := range r.work.Steps() {
			steps = append(steps, operation.Step{Name: s.Name, Do: r.forgetReverted(s.Do)})
		}
	}
	steps = append(steps, operation.Step{Name: "all sessions are new", Do: r.backToFormer(r.proveSessions)})
	if !c.rollout.Idle() {
		steps = append(steps, r.work.Forget())
	}
	if r.p.Strategy == Alternating {
		steps = append(steps, operation.Step{Name: "role " + c.from.name + " is locked out", Do: r.lockOut})
	}
	return append(steps,
		operation.Step{Name: "note the rotation", Do: r.note},
		operation.Step{Name: "forget the former password", Do: r.forget})
}

// backToFormer makes a step take everything back when it fails or is interrupted.
func (r *rotation) backToFormer(do func(context.Context, func(string)) (string, error)) func(context.Context, func(string)) (string, error) {
	return func(ctx context.Context, note func(string)) (string, error) {
		result, err := do(ctx, note)
		var skipped *operation.Skipped
		if (err == nil || errors.As(err, &skipped)) && ctx.Err() == nil {
			return result, err
		}
		if cause := context.Cause(ctx); cause != nil && (err == nil || errors.Is(err, context.Canceled)) {
			err = cause
		}
		note("going back to the former password")
		failed := r.restore(ctx)
		if failed == nil {
			failed = r.work.Undo(ctx, note)
		}
		if failed == nil {
			_, failed = r.forget(context.WithoutCancel(ctx), note)
		}
		if failed != nil {
			return "", fmt.Errorf("%w; going back to the former password failed too: %w", err, failed)
		}
		return "", &operation.Reverted{Err: fmt.Errorf("%w; the former password is the one that works", err)}
	}
}

// forgetReverted ends a rotation whose rollout has taken itself back.
func (r *rotation) forgetReverted(do func(context.Context, func(string)) (string, error)) func(context.Context, func(string)) (string, error) {
	return func(ctx context.Context, note func(string)) (string, error) {
		result, err := do(ctx, note)
		var reverted *operation.Reverted
		if !errors.As(err, &reverted) {
			return result, err
		}
		failed := r.restore(ctx) // the rollout has done so where it had begun to write
		if failed == nil {
			_, failed = r.forget(context.WithoutCancel(ctx), note)
		}
		if failed != nil {
			return "", fmt.Errorf("%w; going back to the former password failed: %w", reverted.Err, failed)
		}
		return "", &operation.Reverted{Err: fmt.Errorf("%w; the former password is the one that works", reverted.Err)}
	}
}

// restore makes the former login valid again, before a server goes back to it. That of a role that takes turns was never touched.
func (r *rotation) restore(ctx context.Context) error {
	if r.p.Strategy == Alternating || r.kept == nil || !r.written {
		return nil
	}
	return persist(ctx, func(ctx context.Context) error { return r.restorePassword(ctx, func() error { return nil }) })
}

// writeLogin puts the new password into the Secret that CNPG takes it from.
func (r *rotation) writeLogin(ctx context.Context, note func(string)) (string, error) {
	if r.p.Strategy == SameRole {
		return r.write(ctx, note)
	}
	c := r.p.configured
	if !r.written {
		s := &corev1.Secret{}
		err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.p.Namespace, Name: c.to.secret}, s)
		switch {
		case apierrors.IsNotFound(err):
			err = r.createLogin(ctx)
		case err != nil:
			err = fmt.Errorf("read secret %s: %w", c.to.secret, err)
		default:
			err = r.changeLogin(ctx, s)
		}
		if err != nil {
			return "", err
		}
	}
	if c.makes {
		if err := r.declare(ctx); err != nil {
			return "", err
		}
	}
	if r.written {
		return "", &operation.Skipped{Reason: "an earlier run did"}
	}
	r.written = true
	return "", nil
}

// createLogin makes the second role's Secret.
func (r *rotation) createLogin(ctx context.Context) error {
	c := r.p.configured
	data := map[string][]byte{"username": []byte(c.to.name), "password": []byte(c.after.password)}
	s := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: r.p.Namespace, Name: c.to.secret,
			Labels: map[string]string{
				marks.LabelDeployment: r.p.Deployment, marks.LabelComponent: "credentials", marks.LabelManagedBy: marks.FieldManager, cnpg.LabelReload: "true",
			},
			Annotations: map[string]string{annotationFor: string(r.kept.UID)},
		},
		Type: corev1.SecretTypeBasicAuth, Data: data,
	}
	if err := r.Client.Create(ctx, s, client.FieldOwner(marks.FieldManager)); err != nil {
		return discreet(fmt.Errorf("create secret %s: %w", s.Name, err), data)
	}
	return nil
}

// changeLogin gives the second role's Secret another password.
func (r *rotation) changeLogin(ctx context.Context, s *corev1.Secret) error {
	c := r.p.configured
	former, err := passwordIn(s.Name, s.Data)
	if err != nil {
		return err
	}
	if err := r.unused(ctx, former); err != nil {
		return err
	}
	changed, err := rewrite(s.Data, c.to.name, former, c.after.password)
	if err != nil {
		return fmt.Errorf("secret %s: %w", s.Name, err)
	}
	if s.Annotations == nil {
		s.Annotations = map[string]string{}
	}
	before := s.DeepCopy()
	s.Annotations[annotationFor] = string(r.kept.UID)
	return r.patchFrom(ctx, before, s, changed)
}

// unused: nobody but the servers may be logged in as the second role, whose password is about to change.
func (r *rotation) unused(ctx context.Context, password string) error {
	c := r.p.configured
	target, err := r.target(ctx, c.to.name, password)
	if err != nil {
		return err
	}
	role, err := lookAtRole(ctx, target)
	switch strange := r.strangers(role.Sessions); {
	case errors.Is(err, keadb.ErrAuth): // the Secret is ahead, or the role is not there yet
		return nil
	case err != nil:
		return err
	case len(strange) > 0:
		return fmt.Errorf("role %s is used by others too, from %s", c.to.name, strings.Join(strange, ", "))
	}
	return nil
}

// declare tells CNPG of the second role.
func (r *rotation) declare(ctx context.Context) error {
	c := r.p.configured
	o := &cnpgv1.DatabaseRole{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: r.p.Namespace, Name: c.to.declared,
			Labels: map[string]string{marks.LabelDeployment: r.p.Deployment, marks.LabelComponent: "credentials", marks.LabelManagedBy: marks.FieldManager},
		},
		Spec: cnpgv1.DatabaseRoleSpec{
			RoleConfiguration: cnpgv1.RoleConfiguration{
				Name: c.to.name, Login: true, InRoles: c.to.memberOf, PasswordSecret: &cnpgv1.LocalObjectReference{Name: c.to.secret},
				Comment: "takes turns with " + c.from.name + ", whenever kubectl kea credentials rotate changes the password",
			},
			ClusterRef:    corev1.LocalObjectReference{Name: r.p.Cluster},
			ReclaimPolicy: cnpgv1.DatabaseRoleReclaimRetain,
		},
	}
	if err := r.Client.Create(ctx, o, client.FieldOwner(marks.FieldManager)); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create databaserole %s: %w", o.Name, err)
	}
	return nil
}

// proveLogin waits until the new login works and may change leases. The same role's former password is refused then.
func (r *rotation) proveLogin(ctx context.Context, note func(string)) (string, error) {
	c := r.p.configured
	if r.p.Strategy == SameRole {
		if result, err := r.prove(ctx, note); err != nil {
			return result, err
		}
		return "", r.db.WriteProbe(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, proveTime, fmt.Errorf("CNPG did not set the password within %s", proveTime))
	defer cancel()
	stop := r.remind(ctx)
	err := r.takes(ctx, c.to.name, c.after.password, note)
	if stop(); err != nil {
		return "", err
	}
	role, err := r.db.Role(ctx)
	if err != nil {
		return "", err
	}
	if strange := r.strangers(role.Sessions); len(strange) > 0 {
		return "", fmt.Errorf("role %s is used by others too, from %s", c.to.name, strings.Join(strange, ", "))
	}
	return "", r.db.WriteProbe(ctx)
}

// remindEvery is the time between two reminders.
const remindEvery = 2 * time.Second

// remind has CNPG look at a DatabaseRole again: its first look comes before it may read the Secret, and the next one half a
// minute later.
func (r *rotation) remind(ctx context.Context) (stop func()) {
	c := r.p.configured
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for c.to.declared != "" && operation.Pause(ctx, remindEvery) == nil {
			o := &cnpgv1.DatabaseRole{ObjectMeta: metav1.ObjectMeta{Namespace: r.p.Namespace, Name: c.to.declared}}
			_ = annotate(ctx, r.Client, o, map[string]string{marks.AnnotationNudge: r.Now().UTC().Format(time.RFC3339Nano)}) // without, it takes longer
		}
	}()
	return func() { cancel(); <-ended }
}

// strangers are the addresses of sessions that come from none of the servers.
func (r *rotation) strangers(sessions []keadb.RoleSession) []string {
	found := []string{}
	for _, s := range sessions {
		ours := slices.ContainsFunc(r.p.use.pods(), func(pod string) bool { return slices.Contains(r.p.use.addresses(pod), s.ClientAddr) })
		if text := s.ClientAddr.String(); !ours && !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	return found
}

// sessionsTime is how long the servers may take to have new sessions after their reload.
const sessionsTime = 10 * time.Second

// proveSessions waits until every server has sessions of the new login, and none of the former.
func (r *rotation) proveSessions(ctx context.Context, note func(string)) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, sessionsTime, fmt.Errorf("not within %s", sessionsTime))
	defer cancel()
	for {
		n, err := r.newSessions(ctx)
		if err == nil {
			r.report.Ended = n
			return strconv.Itoa(n), nil
		}
		note(err.Error())
		if operation.Pause(ctx, 50*time.Millisecond) != nil {
			return "", errors.Join(context.Cause(ctx), err)
		}
	}
}

// newSessions counts the sessions of the new login. The error says which pod has too few of them, or some of the former.
func (r *rotation) newSessions(ctx context.Context) (int, error) {
	if err := r.reach(ctx, ignore); err != nil {
		return 0, err
	}
	role, err := r.db.Role(ctx)
	if err != nil {
		return 0, err
	}
	former, err := r.formerSessions(ctx)
	if err != nil {
		return 0, err
	}
	fresh := 0
	for _, pod := range r.p.use.pods() {
		own, here := r.p.use.addresses(pod), 0
		for _, s := range append(slices.Clone(former), role.Sessions...) {
			switch {
			case !slices.Contains(own, s.ClientAddr):
			case s.BackendStart.Before(r.proven), slices.Contains(former, s):
				return 0, fmt.Errorf("%s still has sessions of the former login", pod)
			default:
				here++
			}
		}
		servers := 0
		for _, h := range r.p.use.holders {
			if h.server.Pod == pod && h.server.State.Running {
				servers++
			}
		}
		if fresh += here; here < servers {
			return 0, fmt.Errorf("%s has %d new sessions, for %d servers", pod, here, servers)
		}
	}
	return fresh, nil
}

// formerSessions are those of the role that the servers leave; none when it is the same, or locked out already.
func (r *rotation) formerSessions(ctx context.Context) ([]keadb.RoleSession, error) {
	if r.p.Strategy == SameRole {
		return nil, nil
	}
	target, err := r.target(ctx, r.p.configured.from.name, r.p.configured.before.password)
	if err != nil {
		return nil, err
	}
	role, err := lookAtRole(ctx, target)
	if errors.Is(err, keadb.ErrAuth) {
		return nil, nil
	}
	return role.Sessions, err
}

// lockOut gives the role that the servers have left a password that nobody knows, until its turn comes again.
func (r *rotation) lockOut(ctx context.Context, note func(string)) (string, error) {
	c := r.p.configured
	ctx, cancel := context.WithTimeoutCause(ctx, proveTime, fmt.Errorf("CNPG did not set the password within %s", proveTime))
	defer cancel()
	s, err := r.secret(ctx)
	if err != nil {
		return "", err
	}
	if !replaced(s, r.kept) {
		changed, err := rewrite(s.Data, c.from.name, c.before.password, newPassword().Reveal())
		if err != nil {
			return "", fmt.Errorf("secret %s: %w", s.Name, err)
		}
		if err := r.patch(ctx, s, changed); err != nil {
			return "", err
		}
		note(strings.Join(slices.Sorted(maps.Keys(changed)), ", "))
	}
	return "", r.refuses(ctx, c.from.name, c.before.password, note)
}
