// Package ha reports on Kea's high availability: it asks every server, and judges from both sides of each relationship.
// Gathering (Observe) and judging (Judge) are apart: the judgement is pure.
package ha

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Observation is what one server answered. Whatever could not be had is nil, and the reason is in Unread.
type Observation struct {
	Server  inventory.Server
	Via     string // the endpoint that answered: "control agent", "own HTTP socket"
	Reached bool   // at least one command was answered

	Status    *kea.Status
	Version   *kea.Version
	Config    *kea.Config // what the daemon runs
	Heartbeat *kea.Heartbeat
	// ClockOffset is the server's clock minus ours, from the heartbeat; nil when not known. It is good to a second.
	ClockOffset *time.Duration
	Leases      *kea.LeaseStats
	// LeaseQuery is the outcome of a lease query, the only thing that shows a dead lease database.
	LeaseQuery Outcome
	// WithoutHA: the daemon says that it knows no high availability. With HA in its configuration, a reload has failed.
	WithoutHA bool

	// Failure is why the server was not reached; nil when it was.
	Failure error
	Unread  []problem.Unread
}

// Outcome of a query.
type Outcome string

// The outcomes.
const (
	Unknown Outcome = ""       // not asked, or not answered
	Works   Outcome = "works"  // the database answered
	Broken  Outcome = "broken" // the daemon says that it has no database
)

// Asker is the part of *kea.Client that an observation needs.
type Asker interface {
	Status(ctx context.Context, s kea.Service) (kea.Status, error)
	Version(ctx context.Context, s kea.Service) (kea.Version, error)
	Config(ctx context.Context, s kea.Service) (kea.Config, error)
	Heartbeat(ctx context.Context, s kea.Service) (kea.Heartbeat, error)
	ProbeLeases(ctx context.Context, s kea.Service) error
	LeaseStats(ctx context.Context, s kea.Service) (kea.LeaseStats, error)
}

// Connect gives the way to a server's API.
type Connect func(ctx context.Context, s inventory.Server) (Asker, inventory.Endpoint, error)

// Observe asks one server everything, on one connection. A server whose container does not run is not asked.
func Observe(ctx context.Context, s inventory.Server, connect Connect, now func() time.Time) Observation {
	o := Observation{Server: s}
	if !s.State.Running {
		o.Failure = ErrNotRunning
		return o
	}
	asker, endpoint, err := connect(ctx, s)
	if err != nil {
		o.Failure = err
		return o
	}
	o.Via = endpoint.Via
	o.ask("version-get", func() error { return set(&o.Version)(asker.Version(ctx, s.Service)) })
	if o.Failure != nil {
		return o // the way does not work: the other commands would say the same, one deadline after the other
	}
	// A 2.2 daemon can abort over a status-get after a failed reload. Its heartbeat tells whether the HA hook still is
	// there; without it, and with HA in its configuration (config-get then gives the old one), the reload has failed.
	o.ask("ha-heartbeat", func() error { return o.heartbeat(ctx, asker, now) })
	o.ask("config-get", func() error { return set(&o.Config)(asker.Config(ctx, s.Service)) })
	if o.statusIsSafe() {
		o.ask("status-get", func() error { return set(&o.Status)(asker.Status(ctx, s.Service)) })
	} else {
		o.Unread = append(o.Unread, problem.Unread{Source: o.Server.Name() + " status-get", Error: errUnsafe.Error(), Err: errUnsafe})
	}
	o.ask("lease query", func() error {
		err := asker.ProbeLeases(ctx, s.Service)
		if errors.Is(err, kea.ErrNoDatabase) {
			// The first query after a lost session fails even when the daemon logs in again at once: ask twice.
			select {
			case <-ctx.Done():
			case <-time.After(secondQuery):
				if again := asker.ProbeLeases(ctx, s.Service); ctx.Err() == nil {
					err = again
				}
			}
		}
		switch {
		case err == nil:
			o.LeaseQuery = Works
		case errors.Is(err, kea.ErrNoDatabase):
			o.LeaseQuery = Broken
			return nil
		}
		return err
	})
	if o.LeaseQuery != Broken {
		o.ask("lease statistics", func() error { return set(&o.Leases)(asker.LeaseStats(ctx, s.Service)) })
	}
	return o
}

// secondQuery is how long a daemon is given to log in to its database again.
const secondQuery = 300 * time.Millisecond

// ErrNotRunning: the server's container does not run, so it was not asked.
var ErrNotRunning = errors.New("its container does not run")

// errUnsafe is why a server was not asked for its status.
var errUnsafe = errors.New("not asked: Kea 2.2 and older can crash over it after a failed configuration reload")

// ask runs one query and notes what failed. The first answer of any kind proves that the server is reached.
func (o *Observation) ask(what string, query func() error) {
	err := query()
	var answer *kea.Error
	switch {
	case err == nil:
		o.Reached = true
		return
	case errors.As(err, &answer) && answer.Result < 400 && !errors.Is(err, kea.ErrOffline) && !errors.Is(err, kea.ErrNoService):
		o.Reached = true
		if errors.Is(err, kea.ErrUnsupported) {
			return // a hook that is not loaded is no fault
		}
	case !o.Reached:
		o.Failure = err
		return
	}
	o.Unread = append(o.Unread, problem.Unread{Source: o.Server.Name() + " " + what, Error: err.Error(), Err: err})
}

func (o *Observation) heartbeat(ctx context.Context, asker Asker, now func() time.Time) error {
	sent := now()
	beat, err := asker.Heartbeat(ctx, o.Server.Service)
	o.WithoutHA = errors.Is(err, kea.ErrUnsupported)
	if err != nil {
		return err
	}
	o.Heartbeat = &beat
	if !beat.Time.IsZero() {
		middle := sent.Add(now().Sub(sent) / 2)
		offset := beat.Time.Sub(middle.Truncate(time.Second))
		o.ClockOffset = &offset
	}
	return nil
}

func (o *Observation) statusIsSafe() bool {
	old := o.Version != nil && !o.Version.AtLeast(2, 4)
	config := o.EffectiveConfig()
	mayWantHA := config == nil || len(config.HA) > 0
	return !old || o.Heartbeat != nil || !mayWantHA
}

// set stores a value that came without an error.
func set[T any](to **T) func(T, error) error {
	return func(value T, err error) error {
		if err == nil {
			*to = &value
		}
		return err
	}
}

// EffectiveConfig is the configuration that counts: what the daemon runs, else its file; nil when neither is known.
func (o Observation) EffectiveConfig() *kea.Config {
	if o.Config != nil {
		return o.Config
	}
	return o.Server.File
}
