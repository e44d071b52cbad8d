package load

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// engine runs a load: one goroutine paces, and one for every relay reads.
type engine struct {
	config  Config
	relays  []*relay
	targets targets // of the pacing goroutine alone

	mu        sync.Mutex
	recorder  *recorder
	errors    errorTally
	names     map[netip.AddrPort]string // of every server so far
	sent      []*exchange               // oldest first, as long as answers are looked for
	reminders []reminder                // soonest first
}

// newEngine opens the relays' sockets.
func newEngine(c Config) (*engine, error) {
	e := &engine{config: c, targets: targets{config: c}, errors: errorTally{}, names: map[netip.AddrPort]string{}}
	xid := uint32(c.Now().UnixNano() >> 10) // so that answers to an earlier run are not taken for this one's
	for i, g := range c.groups() {
		r, err := listen(g, i, c.relayPort(g.family), xid)
		if err != nil {
			e.close()
			return nil, err
		}
		e.relays = append(e.relays, r)
	}
	return e, nil
}

func (e *engine) close() {
	for _, r := range e.relays {
		_ = r.conn.Close() // nothing was buffered
	}
}

// readAll reads all relays until they are closed, which close does; wait for the group afterwards.
func (e *engine) readAll() *sync.WaitGroup {
	var readers sync.WaitGroup
	for _, r := range e.relays {
		readers.Go(func() {
			r.read(e.config.Now, func(packet []byte, from netip.AddrPort, t time.Time) { e.receive(r, packet, from, t) }, e.failed)
		})
	}
	return &readers
}

// pace starts exchanges by the schedule until it ends or the context does, and returns when that was. A server that must
// not be loaded is an error.
func (e *engine) pace(ctx context.Context, s schedule) (end time.Time, err error) {
	n := 0
	for {
		now := e.config.Now()
		if ctx.Err() != nil || !now.Before(s.end) && n == s.total {
			return now, nil //nolint:nilerr // an ended context is the usual end of a load
		}
		e.tidy(now)
		if err := e.lookAtServers(); err != nil {
			return now, err
		}
		if e.config.RetryUnanswered && now.Before(s.end) {
			e.retry(now)
		}
		if n == s.total {
			sleep(ctx, min(s.end.Sub(now), tick))
			continue
		}
		due := s.due(n)
		if now.Before(due) {
			sleep(ctx, min(due.Sub(now), tick))
			continue
		}
		e.mu.Lock()
		e.recorder.paced(e.config.Now().Sub(due))
		e.mu.Unlock()
		e.begin(e.turn(n))
		n++
	}
}

// turn returns whose turn exchange n is, as arguments to begin.
func (e *engine) turn(n int) (r *relay, number int, again bool) {
	number = n / len(e.relays)
	if e.config.Clients > 0 {
		number %= e.config.Clients
	}
	return e.relays[n%len(e.relays)], number, false
}

// drain waits until every exchange is either ACKed or lost, which is at most a timeout.
func (e *engine) drain() {
	for {
		e.tidy(e.config.Now())
		e.mu.Lock()
		undecided := e.recorder.undecided()
		e.mu.Unlock()
		if !undecided {
			return
		}
		time.Sleep(drainTick)
	}
}

const (
	tick      = 50 * time.Millisecond // the longest sleep while pacing, so that losses show up in time
	drainTick = 5 * time.Millisecond
)

// tidy counts the lost and forgets the old.
func (e *engine) tidy(t time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.recorder.expire(t)
	e.forgetOld(t)
}

// lookAtServers brings the targets up to date.
func (e *engine) lookAtServers() error {
	changed, err := e.targets.now()
	if err != nil || !changed {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range e.config.Families {
		for _, server := range e.targets.of(f) {
			e.names[server.addr] = server.name
			e.recorder.server(server.name)
		}
	}
	return nil
}

// name returns the name of the server at the address, or the address if no configured server was ever there. The lock
// must be held.
func (e *engine) name(from netip.AddrPort) string {
	if name, ok := e.names[from]; ok {
		return name
	}
	return fmt.Sprintf("unknown server %v", from.Addr())
}

func (e *engine) failed(kind string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.errors.add(kind)
}

func (e *engine) snapshot() Snapshot {
	t := e.config.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.recorder.snapshot(t)
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
