package credentials

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// undoTime is how long the way back may take.
const undoTime = 60 * time.Second

// undoEvery is the time between two tries.
const undoEvery = 500 * time.Millisecond

// undo puts the old password back. The context may have ended: the way back does not. It is tried again while there is time,
// since what ended the rotation may be in its way too, and pass: an API server that does not answer, a database that moves.
func (r *rotation) undo(ctx context.Context) error {
	if r.kept == nil {
		return nil
	}
	return persist(ctx, r.putBack)
}

// persist tries something again until it works, it may not be, or the time is over.
func persist(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), undoTime, errUndoTime)
	defer cancel()
	for {
		err := do(ctx)
		if err == nil || kube.IsForbidden(err) || operation.Pause(ctx, undoEvery) != nil {
			return err
		}
	}
}

// putBack puts the old password into the Secret, the pods' files and, by CNPG, the database. Sessions that were opened with the
// new one stay: the database asks for a password at a login only.
func (r *rotation) putBack(ctx context.Context) error {
	if !r.written {
		return nil
	}
	if err := r.restorePassword(ctx, func() error { return r.bringBack(ctx) }); err != nil {
		return err
	}
	return r.annotate(ctx, r.kept.Name, map[string]string{annotationProven: ""}) // the next new password is another one
}

// restorePassword puts the old password back into the Secret, and waits until the database has it. bring is done in between.
func (r *rotation) restorePassword(ctx context.Context, bring func() error) error {
	s, err := r.secret(ctx)
	if err != nil {
		return err
	}
	if replaced(s, r.kept) {
		if err := r.patch(ctx, s, r.kept.Data); err != nil {
			return err
		}
	}
	old, err := r.passwordIn(r.kept.Data)
	if err != nil {
		return err
	}
	if err := bring(); err != nil {
		return err
	}
	if err := r.heard(ctx, s.ResourceVersion); err != nil {
		return err
	}
	if err := r.takes(ctx, r.p.Role, old, ignore); err != nil {
		return fmt.Errorf("the database does not take it: %w", err)
	}
	return nil
}

// uncover relieves a partner that goes on answering for a server that did not come back from its turn in time: by now it may
// have. Where it has not, the rotation stays unfinished, so that the next one takes the servers as they are.
func (r *rotation) uncover(ctx context.Context, why error) error {
	var still *rollout.StillCoveredError
	if !errors.As(why, &still) {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	for _, t := range r.p.Turns {
		if !slices.Contains(t.Names(), still.Server) {
			continue
		}
		if err := rollout.Covered(ctx, r.apis, t, func(context.Context) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

var errUndoTime = errors.New("it did not end within " + undoTime.String())

// ignore is for what nobody reads.
func ignore(string) {}

// backTwice is the time between two looks at a file on the way back.
const backTwice = time.Second

// bringBack brings the old file. It may be there still while the other one is on its way: it has to be there at two looks, each
// after a nudge.
func (r *rotation) bringBack(ctx context.Context) error {
	if _, err := r.bring(ctx, ignore); err != nil {
		return err
	}
	if err := operation.Pause(ctx, backTwice); err != nil {
		return err
	}
	_, err := r.bring(ctx, ignore)
	return err
}

// heardTime is how long the operator is given to say that it has seen a change of the Secret. One that is stopped never
// does, and changes no password either.
const heardTime = 10 * time.Second

// heard waits until the operator has seen a version of the Secret: until then, the login that works may be about to change.
func (r *rotation) heard(ctx context.Context, version string) error {
	end := r.Now().Add(heardTime)
	for r.Now().Before(end) {
		var cluster cnpgv1.Cluster
		if err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.p.Namespace, Name: r.p.Cluster}, &cluster); err != nil {
			return fmt.Errorf("read cluster %s: %w", r.p.Cluster, err)
		}
		roles, _, err := listRoles(ctx, r.Client, &cluster)
		if err != nil {
			return err
		}
		if role, _ := roleNamed(roles, r.p.Role); role.seen == version {
			return nil
		}
		if err := operation.Pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
