package credentials

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// renewTime is how long the servers of a pod may take to log in anew; they try at once, and then every second.
const renewTime = 8 * time.Second

// renew has the servers of a pod open new sessions, with the new password.
func (r *rotation) renew(ctx context.Context, t rollout.Turn, note func(string)) (string, error) {
	before, err := r.restarts(ctx, t.Pod)
	if err != nil {
		return "", err
	}
	if err := r.reach(ctx, note); err != nil {
		return "", err
	}
	ended := 0
	anew := func(ctx context.Context) error { return r.logInAnew(ctx, t, &ended, note) }
	// Also where all sessions are new: an earlier run may have been killed before the servers noticed that others are gone.
	err = rollout.Covered(ctx, r.apis, t, func(ctx context.Context) error { return rollout.Paused(ctx, r.apis, t, anew) })
	r.report.Ended += ended
	if err != nil {
		if after, failed := r.restarts(context.WithoutCancel(ctx), t.Pod); failed == nil && after > before {
			err = fmt.Errorf("a server of pod %s gave up on its database and was started again by Kubernetes: %w", t.Pod, err)
		}
		return "", err
	}
	if after, err := r.restarts(ctx, t.Pod); err == nil && after > before {
		r.report.Remarks = append(r.report.Remarks, "a server of pod "+t.Pod+" gave up on its database meanwhile and was started again by Kubernetes")
	}
	return fmt.Sprintf("%d sessions ended", ended), nil
}

// reach has a session to the primary that works: it may be another one by now.
func (r *rotation) reach(ctx context.Context, note func(string)) error {
	if _, err := r.db.Role(ctx); err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, proveTime, fmt.Errorf("the database did not answer for %s", proveTime))
	defer cancel()
	if c := r.p.configured; c != nil {
		return r.takes(ctx, c.to.name, c.after.password, note)
	}
	s, err := r.secret(ctx)
	if err != nil {
		return err
	}
	password, err := r.passwordIn(s.Data)
	if err != nil {
		return err
	}
	return r.takes(ctx, r.p.Role, password, note)
}

// logInAnew ends all of a pod's sessions, and has its servers notice: they learn of it by a query only. Each has to show with
// a newer session. Those of the new password are ended too: a server's threads open sessions as they need them, and with one of
// these a query would succeed, and the server go on with sessions that are gone, and refuse the clients that get one.
func (r *rotation) logInAnew(ctx context.Context, t rollout.Turn, ended *int, note func(string)) error {
	if err := r.drain(ctx, t.Pod); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, renewTime, fmt.Errorf("%s did not log in anew within %s", t.Pod, renewTime))
	defer cancel()
	role, err := r.db.Role(ctx)
	if err != nil {
		return err
	}
	for {
		n, err := r.db.EndSessionsFrom(ctx, r.p.use.addresses(t.Pod), role.Now)
		if err != nil {
			return err
		}
		*ended += n
		err = r.probe(ctx, t)
		if err == nil {
			err = r.shows(ctx, t, role.Now)
		}
		if err == nil {
			return nil
		}
		note(err.Error())
		if operation.Pause(ctx, 20*time.Millisecond) != nil {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

const (
	// drained is for how long a paused pod's sessions have to be quiet, drainTime how long that is waited for.
	drained, drainTime = 150 * time.Millisecond, 3 * time.Second
)

// drain waits until a pod's servers have worked off the packets that they took before their pause. A busy server has some
// hundred milliseconds of them; each that found its session ended would be answered with a NAK, or not at all, and have Kea
// log in once more.
func (r *rotation) drain(ctx context.Context, pod string) error {
	for end := r.Now().Add(drainTime); r.Now().Before(end); {
		role, err := r.db.Role(ctx)
		if err != nil {
			return err
		}
		if quiet(role.Sessions, r.p.use.addresses(pod)) >= drained {
			return nil
		}
		if err := operation.Pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// quiet is for how long none of the sessions from some addresses has had anything to do. It is pure.
func quiet(sessions []keadb.RoleSession, from []netip.Addr) time.Duration {
	least := drained
	for _, s := range sessions {
		if slices.Contains(from, s.ClientAddr) {
			least = min(least, s.Quiet)
		}
	}
	return least
}

// probe asks each server of a pod for a lease. The first query after the end of a session is how it notices.
func (r *rotation) probe(ctx context.Context, t rollout.Turn) error {
	var failed []error
	for _, s := range t.Seats {
		err := r.apis[s.Server].ProbeLeases(ctx, s.Service)
		if errors.Is(err, kea.ErrNoDatabase) {
			err = r.apis[s.Server].ProbeLeases(ctx, s.Service)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", s.Server, err))
		}
	}
	return errors.Join(failed...)
}

// shows says why the sessions of a pod are not yet all of after a moment, one for each of its servers at least.
func (r *rotation) shows(ctx context.Context, t rollout.Turn, since time.Time) error {
	role, err := r.db.Role(ctx)
	if err != nil {
		return err
	}
	own, stale, fresh := r.p.use.addresses(t.Pod), 0, 0
	for _, s := range role.Sessions {
		switch {
		case !slices.Contains(own, s.ClientAddr):
		case s.BackendStart.Before(since):
			stale++
		default:
			fresh++
		}
	}
	switch {
	case stale > 0:
		return fmt.Errorf("%s still has %d former sessions", t.Pod, stale)
	case fresh < len(t.Seats):
		return fmt.Errorf("%s has %d new sessions, for %s", t.Pod, fresh, strings.Join(t.Names(), " and "))
	}
	return nil
}

// restarts is how often the containers of a pod were started again.
func (r *rotation) restarts(ctx context.Context, name string) (int32, error) {
	var pod corev1.Pod
	if err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.p.Namespace, Name: name}, &pod); err != nil {
		return 0, fmt.Errorf("read pod %s: %w", name, err)
	}
	n := int32(0)
	for _, c := range pod.Status.ContainerStatuses {
		n += c.RestartCount
	}
	return n, nil
}
