package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

const (
	// pausePeriod is how long a server stays paused after the last word from here: what a killed run costs.
	pausePeriod = 10 * time.Second
	// slowPausePeriod is the same where the database is gone. Kea's main thread tries to reach it then, for up to five seconds
	// each time for leases and for reservations, and takes commands in between. Nobody is served anyway.
	slowPausePeriod = 40 * time.Second
)

// crewKea is the part of *kea.Client that a crew needs.
type crewKea interface {
	DisableDHCP(ctx context.Context, s kea.Service, period time.Duration) error
	EnableDHCP(ctx context.Context, s kea.Service) error
	ProbeLeases(ctx context.Context, s kea.Service) error
}

// hand is one server that uses the database and answers.
type hand struct {
	inventory.Server
	kea crewKea
}

// crew are the servers of a deployment that have to pause while the database changes.
type crew []hand

// pace is how fast servers can be expected to answer.
type pace struct {
	period time.Duration // of a pause; it is begun anew four times in it
	probe  time.Duration // how long a server may take to find its database again; it tries once a second after a first failure
}

// paceOf is slow for servers without a database.
func paceOf(haveDatabase bool) pace {
	if haveDatabase {
		return pace{pausePeriod, 8 * time.Second}
	}
	return pace{slowPausePeriod, 20 * time.Second}
}

// each does something with all servers at the same time. The error names every server that failed.
func (c crew) each(do func(h hand) error) error {
	failed := make([]error, len(c))
	var wait sync.WaitGroup
	for i, h := range c {
		wait.Go(func() {
			if err := do(h); err != nil {
				failed[i] = fmt.Errorf("%s: %w", h.Name(), err)
			}
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}

// anyIn reports whether one of the servers has a session.
func (c crew) anyIn(sessions []keadb.Session) bool {
	return slices.ContainsFunc(c, func(h hand) bool {
		return slices.ContainsFunc(sessions, func(s keadb.Session) bool { return slices.Contains(h.State.IPs, s.ClientAddr) })
	})
}

// absent says which server's pod has fewer sessions than servers; "" for none.
func (c crew) absent(sessions []keadb.Session) string {
	servers := map[string]int{}
	for _, h := range c {
		servers[h.Pod]++
	}
	for _, h := range c {
		found := 0
		for _, s := range sessions {
			if slices.Contains(h.State.IPs, s.ClientAddr) {
				found++
			}
		}
		if found < servers[h.Pod] {
			return fmt.Sprintf("%s has %s in the new database, for %s", h.Pod, countOf(found, "session"), countOf(servers[h.Pod], "server"))
		}
	}
	return ""
}

// names are the servers for people.
func (c crew) names() string {
	names := make([]string, len(c))
	for i, h := range c {
		names[i] = h.Name()
	}
	return strings.Join(names, ", ")
}

// pause has all servers stop answering clients, and keeps them so until the returned function is called, which does not
// start them again. When a server has not been told for so long that its pause is about to run out, lost is called once.
func (c crew) pause(ctx context.Context, p pace, lost func(error)) (end func(), err error) {
	sign := p.period / 4
	disable := func(ctx context.Context, limit time.Duration) error {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return c.each(func(h hand) error { return h.kea.DisableDHCP(ctx, h.Service, p.period) })
	}
	last := time.Now()
	if err := disable(ctx, p.period/2); err != nil {
		return nil, err
	}
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	var keeper sync.WaitGroup
	keeper.Go(func() {
		ticker := time.NewTicker(sign)
		defer ticker.Stop()
		for {
			select {
			case <-keeping.Done():
				return
			case <-ticker.C:
			}
			begun := time.Now()
			err := disable(keeping, sign)
			switch {
			case err == nil:
				last = begun
			case keeping.Err() == nil && time.Since(last) >= p.period-sign:
				lost(fmt.Errorf("keep the servers paused: %w", err))
				return
			}
		}
	})
	return func() { stop(); keeper.Wait() }, nil
}

// resume has all servers answer clients again.
func (c crew) resume(ctx context.Context) error {
	return c.each(func(h hand) error { return h.kea.EnableDHCP(ctx, h.Service) })
}

// probe waits until all servers read leases. The first answer after the end of their sessions is how they notice it.
func (c crew) probe(ctx context.Context, p pace) error {
	ctx, cancel := context.WithTimeout(ctx, p.probe)
	defer cancel()
	return c.each(func(h hand) error {
		for {
			err := h.kea.ProbeLeases(ctx, h.Service)
			if err == nil || errors.Is(err, kea.ErrUnsupported) {
				return nil // without the hook nothing can be asked; its sessions tell later
			}
			if operation.Pause(ctx, 20*time.Millisecond) != nil {
				return err
			}
		}
	})
}
