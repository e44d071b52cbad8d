package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

const (
	// reloadTime is how long a daemon may take to answer a reload: on a busy machine a large configuration takes its time.
	reloadTime = 90 * time.Second
	// patience is how long a server may take to serve again after it, besides the heartbeats that it waits for.
	patience, heartbeats = 30 * time.Second, 4
)

// patienceFor is how long the servers of a move may take to be as they should be.
func (w *Work) patienceFor(m Move) time.Duration {
	longest := time.Duration(0)
	for _, s := range m.Seats {
		config := w.p.facts.haConfig(s.Server)
		if s.Alone {
			continue
		}
		longest = max(longest, heartbeats*heartbeat(config))
		if m.Way == WayAlone {
			longest = max(longest, aloneTime(config)+heartbeat(config))
		}
	}
	return patience + longest
}

// move has the servers of one move run the new configuration.
func (w *Work) move(ctx context.Context, m Move, note func(string)) (string, error) {
	if err := w.connect(ctx, m); err != nil {
		return "", err
	}
	pending := m
	pending.Seats = slices.DeleteFunc(slices.Clone(m.Seats), func(s Seat) bool { return w.kept.has(annotationReloaded, s.Server) })
	if len(pending.Seats) == 0 {
		return "", w.rejoin(ctx, m)
	}
	since, err := w.clocks(ctx, pending)
	if err != nil {
		return "", err
	}
	for _, s := range pending.Seats {
		if err := w.kept.note(ctx, w.src.Client, annotationBegun, s.Server); err != nil {
			return "", err
		}
	}
	began := w.src.Now()
	if err := w.turn(ctx, pending, func(c Change) (have, other kea.Secret) { return c.After, c.Before }, note); err != nil {
		return "", err
	}
	if err := w.sessions(ctx, pending, since, note); err != nil {
		return "", err
	}
	for _, s := range pending.Seats {
		if err := w.kept.note(ctx, w.src.Client, annotationReloaded, s.Server); err != nil {
			return "", err
		}
		w.report.Servers = append(w.report.Servers, Reloaded{Server: s.Server, Way: m.Way, Seconds: w.src.Now().Sub(began).Seconds()})
	}
	return strings.Join(pending.Names(), ", "), nil
}

// rejoin waits until servers that an earlier run reloaded are as they should be, and relieves their partners.
func (w *Work) rejoin(ctx context.Context, m Move) error {
	ctx, cancel := context.WithTimeout(ctx, w.patienceFor(m))
	defer cancel()
	if m.Way == WayCovered {
		if err := m.each(func(s Seat) error { return w.hold.joined(ctx, s) }); err != nil {
			return err
		}
	}
	return &operation.Skipped{Reason: "an earlier run did"}
}

// versions are the texts that a turn goes to, and comes from.
type versions func(c Change) (wanted, other kea.Secret)

// turn reloads the servers of a move in its way, and waits until each has proven that it runs the wanted text and serves.
func (w *Work) turn(ctx context.Context, m Move, v versions, note func(string)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, reloadTime+2*w.patienceFor(m), fmt.Errorf("%s was not ready in time", m.Pod))
	defer cancel()
	if m.Way == WayMaintenance {
		for _, s := range m.Seats {
			if err := w.maintained(ctx, m, s, v, note); err != nil {
				return err
			}
		}
		return nil
	}
	return m.each(func(s Seat) error {
		if m.Way == WayCovered {
			if err := w.begin(ctx, m, s); err != nil {
				return err
			}
		}
		if err := w.reload(ctx, s); err != nil {
			return w.stillCovered(m, s, err)
		}
		returning, cancel := context.WithTimeout(ctx, w.patienceFor(m))
		defer cancel()
		var err error
		if m.Way == WayCovered || s.Alone {
			err = s.settled(returning, w.hold.apis)
		} else {
			err = s.servesAlone(returning, w.daemons[s.Server])
		}
		if err == nil {
			err = w.runs(returning, s, v)
		}
		if err == nil && m.Way == WayCovered {
			err = w.hold.joined(returning, s)
		}
		return w.stillCovered(m, s, err)
	})
}

// stillCovered says of an error that clients do not notice it.
func (w *Work) stillCovered(m Move, s Seat, err error) error {
	if err != nil && m.Way == WayCovered && s.Serves() && !s.Alone {
		return &StillCoveredError{Server: s.Server, Partner: s.Partner, Err: err}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.Server, err)
	}
	return nil
}

// begin has a partner cover a server. After an earlier run it may have to join first.
func (w *Work) begin(ctx context.Context, m Move, s Seat) error {
	ctx, cancel := context.WithTimeout(ctx, w.patienceFor(m))
	defer cancel()
	return until(ctx, func() error { return w.hold.begin(ctx, s) })
}

// reload has a daemon read its file. An answer that was not heard proves nothing: then its own clock tells.
func (w *Work) reload(ctx context.Context, s Seat) error {
	ctx, cancel := context.WithTimeout(ctx, reloadTime)
	defer cancel()
	began := w.src.Now()
	for {
		err := w.daemons[s.Server].ReloadConfig(ctx, s.Service)
		if err == nil || !errors.Is(err, kea.ErrUnreachable) {
			return err
		}
		var status kea.Status
		if failed := until(ctx, func() (failed error) { status, failed = w.daemons[s.Server].Status(ctx, s.Service); return failed }); failed != nil {
			return err
		}
		if status.Reload <= w.src.Now().Sub(began) {
			return nil
		}
	}
}

// runs says why a server does not run the text that is wanted. What the file says has to show in what the daemon tells;
// that Kea writes a value in another way is none.
func (w *Work) runs(ctx context.Context, s Seat, v versions) error {
	status, err := w.daemons[s.Server].Status(ctx, s.Service)
	if err != nil {
		return err
	}
	if len(status.Sockets.Errors) > 0 {
		return errors.New(status.Sockets.Errors[0])
	}
	live, err := w.daemons[s.Server].Config(ctx, s.Service)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(w.p.Files, func(f FileChange) bool { return f.Server == s.Server })
	if i < 0 {
		return nil
	}
	wanted, other := v(w.p.changeOf(w.p.Files[i].Object))
	return stale(other, wanted, live)
}

// stale says why a configuration that runs is not the wanted one but the other.
func stale(other, wanted kea.Secret, live kea.Config) error {
	from, err := kea.ParseConfig([]byte(other.Reveal()))
	if err != nil {
		return nil //nolint:nilerr // nothing to compare with
	}
	to, err := kea.ParseConfig([]byte(wanted.Reveal()))
	if err != nil {
		return nil //nolint:nilerr // nothing to compare with
	}
	left := kea.DiffFile(to, live)
	for _, changed := range kea.Changes(from, to) {
		if slices.ContainsFunc(left, func(d kea.Difference) bool { return d.Path == changed.Path && d.B == changed.A }) {
			return fmt.Errorf("it answered the reload with success and still runs the former %s", changed.Path)
		}
	}
	return nil
}

// servesAlone waits until a server serves whose partner is dead.
func (s Seat) servesAlone(ctx context.Context, api API) error {
	lone := s
	lone.State, lone.Scopes = kea.StatePartnerDown, append(slices.Clone(s.Scopes), s.PartnerScopes...)
	if s.State == "" {
		lone.Alone = true // a relationship without a normal state of its own: that it is enabled has to do
	}
	return lone.serves(ctx, api)
}

// maintained reloads a server while its partner has taken over.
func (w *Work) maintained(ctx context.Context, m Move, s Seat, v versions, note func(string)) error {
	if err := w.ha(ctx, ha.MaintenanceStart, s, note); err != nil {
		return err
	}
	if err := w.reload(ctx, s); err != nil {
		return w.inMaintenance(s, err)
	}
	returning, cancel := context.WithTimeout(ctx, 2*w.patienceFor(m))
	defer cancel()
	if err := s.back(returning, w.daemons[s.Server]); err != nil {
		return w.inMaintenance(s, err)
	}
	if err := w.runs(returning, s, v); err != nil {
		return w.inMaintenance(s, err)
	}
	if err := w.ha(ctx, ha.MaintenanceCancel, s, note); err != nil {
		return err
	}
	return w.hold.joined(returning, s)
}

func (w *Work) inMaintenance(s Seat, err error) error {
	return fmt.Errorf("%s, whose clients %s serves meanwhile: %w", s.Server, s.Partner, err)
}

// back waits until a server is back from a reload in maintenance, and reaches its leases: in maintenance once more, or, where
// its partner missed a heartbeat meanwhile, on its own in its normal state.
func (s Seat) back(ctx context.Context, api API) error {
	return until(ctx, func() error {
		local, err := localState(ctx, api, s.Service)
		switch {
		case err != nil:
			return err
		case local.State != kea.StateInMaintenance && local.State != s.State:
			return fmt.Errorf("its state is %s", local.State)
		}
		return api.ProbeLeases(ctx, s.Service)
	})
}

// ha does an operation of high availability with a server, and watches until both sides show it.
func (w *Work) ha(ctx context.Context, kind ha.Kind, s Seat, note func(string)) error {
	src := ha.Source{
		Reader: w.src.Client, Namespace: w.p.Namespace, Connect: ha.Via(w.src.Connector),
		Command: ha.Commands(w.src.Connector), Now: w.src.Now,
	}
	_, observations, err := src.Look(ctx)
	if err != nil {
		return err
	}
	plan, err := ha.MakePlan(w.p.Namespace, observations, ha.Request{Kind: kind, Server: s.Server})
	switch {
	case err != nil:
		return err
	case plan.Done():
		return nil
	case plan.Refused() != nil:
		return &ha.RefusedError{Act: *plan.Refused()}
	}
	for _, step := range plan.Steps(src) {
		if _, err := step.Do(ctx, note); err != nil {
			return fmt.Errorf("%s: %w", step.Name, err)
		}
	}
	return nil
}
