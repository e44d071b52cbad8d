package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// Move takes the servers to another cluster as a plan says. Until the servers are told to answer again, an error takes
// everything back. A killed run loses no lease: the pause runs out by itself, and the next run goes on.
// Errors: *operation.StepError, *operation.HeldError.
func Move(ctx context.Context, src Source, p MovePlan, lock operation.Options, progress operation.Progress) (MoveReport, error) {
	m := &move{Source: src, p: p, service: client.ObjectKey{Namespace: p.Namespace, Name: p.Service}, counts: newTally(p.catalog), lost: make(chan error, 1)}
	if lock.State.Started.IsZero() {
		lock.State.Started = src.Now().UTC()
	}
	m.state = &moveState{State: lock.State, From: p.From, To: p.To, Since: p.Since}
	m.state.Kind = string(p.Direction)
	if p.unfinished != nil {
		m.state.Paused = p.unfinished.Paused
	}
	lock.Namespace, lock.Deployment = p.Namespace, p.Deployment
	defer m.close(ctx)
	err := operation.Locked(ctx, src.Client, lock, m.steps(), progress)
	if err == nil {
		err = m.finish(ctx)
	}
	return m.report(), err
}

// move is one run.
type move struct {
	Source
	p       MovePlan
	service client.ObjectKey
	state   *moveState
	crew    crew

	from, to *end
	carry    *keadb.Carry
	mark     keadb.Mark
	counts   *tally

	// What is done, and has to be taken back when something goes wrong.
	turned, barred bool
	lifted         bool // the fence of To
	endPause       func()
	lost           chan error
	pausedAt       time.Time
	pause          time.Duration
	sessions       int // that were ended
	guarded        int64
	fenced         bool
	backups        string
	proof          *Proof
}

func (m *move) steps() []operation.Step {
	steps := []operation.Step{}
	add := func(wanted bool, name string, do func(context.Context, func(string)) (string, error)) {
		if wanted {
			steps = append(steps, operation.Step{Name: name, Do: do})
		}
	}
	reads := m.p.Readable
	add(true, "log in to both clusters", m.back(m.open))
	add(reads && !m.p.Carry.None, "carry leases forward, with service running", m.back(m.carryAll))
	add(m.p.Carry.Guard, "extend what was valid at the target", m.back(m.guard))
	add(true, "pause "+m.p.reached(), m.back(m.stop))
	add(reads && !m.p.Carry.None, "carry what changed meanwhile", m.back(m.carryRest))
	add(true, fmt.Sprintf("turn service %s to %s", m.p.Service, m.p.To), m.back(m.turn))
	add(reads, "close "+m.p.From+" to the servers", m.back(m.shut))
	add(!reads && !m.p.closed(), "fence "+m.p.From, m.back(m.fenceFirst))
	add(true, "servers find "+m.p.To, m.back(m.find))
	add(true, "end the pause", m.start)
	add(true, "note the lineage", m.remember)
	add(reads && !m.p.Carry.None, "carry the forensic log", m.carryRecords)
	add(true, "servers serve from "+m.p.To+" alone", m.settle)
	add(len(m.p.servers()) > 0, "ask for an address of every network", m.ask)
	add(reads, "archive the end of "+m.p.From, m.archiveEnd)
	add(reads && m.p.Fence, "fence "+m.p.From, m.fence)
	add(true, "backups of "+m.p.To, m.keepBackingUp)
	return steps
}

// back makes a step take everything back when it fails or is interrupted: service goes on where it was. Once an earlier run has
// turned the Service, there is no way back: servers may have given leases in the new database.
func (m *move) back(do func(context.Context, func(string)) (string, error)) func(context.Context, func(string)) (string, error) {
	return func(ctx context.Context, note func(string)) (string, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		go func() {
			select {
			case err := <-m.lost:
				cancel(err)
			case <-ctx.Done():
			}
		}()
		result, err := do(ctx, note)
		if err == nil && ctx.Err() == nil {
			return result, nil
		}
		if cause := context.Cause(ctx); cause != nil && (err == nil || errors.Is(err, context.Canceled)) {
			err = cause
		}
		if m.p.forward() {
			return "", errors.Join(err, m.resumeAsIs(ctx))
		}
		note("going back to " + m.p.From)
		if failed := m.undo(ctx); failed != nil {
			return "", fmt.Errorf("%w; going back failed too: %w", err, failed)
		}
		return "", &operation.Reverted{Err: fmt.Errorf("%w; the servers go on with %s, nothing is lost", err, m.p.From)}
	}
}

// open finds the servers again, as they are now, and logs in.
func (m *move) open(ctx context.Context, note func(string)) (string, error) {
	if err := m.state.write(ctx, m.Client, m.service); err != nil {
		return "", err
	}
	if err := m.gatherCrew(ctx); err != nil {
		return "", err
	}
	var err error
	if m.to, err = m.enter(ctx, m.p.to, true, note); err != nil {
		return "", err
	}
	if m.p.Readable {
		if m.from, err = m.enter(ctx, m.p.from, false, note); err != nil {
			return "", err
		}
	}
	// Opened early: to begin a session takes longer than all that it will be asked for.
	if m.from != nil {
		m.from.withSuperuser(ctx, m.Source)
	}
	text := m.p.To
	if m.from != nil {
		text = m.p.From + ", " + text
	}
	return text, nil
}

// gatherCrew looks at the servers anew: since the plan somebody may have thought about it for long, and a pod may have another
// address by now.
func (m *move) gatherCrew(ctx context.Context) error {
	in, err := inventory.Discover(ctx, m.Client, m.p.Namespace, inventory.Options{})
	if err != nil {
		return err
	}
	m.p.in = in
	for _, known := range m.p.Servers {
		if !known.Reached {
			continue
		}
		i := slices.IndexFunc(in.Servers, func(s inventory.Server) bool { return s.Name() == known.Name })
		switch gone := i < 0 || !in.Servers[i].State.Running; {
		case gone && !m.p.Readable: // Kea ends when it has not found its database for long, and will begin with the new one
			continue
		case gone:
			return fmt.Errorf("%s does not run any more: look again", known.Name)
		}
		api, _, err := m.Connector.Connect(ctx, in.Servers[i])
		if err != nil {
			return fmt.Errorf("%s: %w", known.Name, err)
		}
		m.crew = append(m.crew, hand{Server: in.Servers[i], kea: api})
	}
	return nil
}

// carryAll carries everything once, while Kea goes on writing: what is left for the pause is little.
func (m *move) carryAll(ctx context.Context, note func(string)) (string, error) {
	subnets, err := m.p.Carry.subnets(m.p.catalog)
	if err != nil {
		return "", err
	}
	m.carry = &keadb.Carry{From: m.from.db, To: m.to.db, Since: m.p.Since, Subnets: subnets, Extend: m.p.Direction == Cutover}
	return m.carryOn(ctx, note, false)
}

// carryOn carries what changed since the last time.
func (m *move) carryOn(ctx context.Context, note func(string), final bool) (string, error) {
	carried, err := m.carry.Run(ctx, m.mark, final, note)
	if err != nil {
		return "", err
	}
	m.mark = carried.Mark
	return m.counts.add(carried), nil
}

// pace is slow while the servers have no database.
func (m *move) pace() pace { return paceOf(m.p.Readable) }

// stop has the servers stop answering clients.
func (m *move) stop(ctx context.Context, _ func(string)) (string, error) {
	m.pausedAt = m.Now()
	end, err := m.crew.pause(ctx, m.pace(), func(err error) { m.lost <- err })
	if err != nil {
		return "", err
	}
	m.endPause = end
	return "", nil
}

func (m *move) carryRest(ctx context.Context, note func(string)) (string, error) {
	return m.carryOn(ctx, note, true)
}

// turn turns the Service, and waits for the proof that a fresh login lands where it should.
func (m *move) turn(ctx context.Context, _ func(string)) (string, error) {
	if err := m.to.db.WriteProbe(ctx); err != nil {
		return "", err
	}
	proof := startProof(ctx, m.Source, m.crew, m.p.database, m.to.primary)
	m.turned = true // a patch whose answer was not heard may have been done
	if err := turn(ctx, m.Client, m.service, m.p.To, m.notePause); err != nil {
		proof.stop()
		return "", err
	}
	return "", proof.wait(ctx)
}

// notePause notes on the Service, as it is turned, since when nobody has written to the cluster that is left.
func (m *move) notePause(s *corev1.Service) error {
	m.state.Paused = m.pausedAt.UTC()
	text, err := m.state.text()
	s.Annotations[marks.AnnotationOperation] = text
	return err
}

// shut bars Kea's role from the cluster that the servers leave and ends its sessions there. Whatever was written until then is
// carried too: a pause that ran out would have let Kea write.
func (m *move) shut(ctx context.Context, note func(string)) (string, error) {
	m.barred = true
	if err := m.from.super.bar(ctx, m.from.role); err != nil {
		return "", err
	}
	for range 2 { // a login may have been under way
		n, err := m.from.db.EndSessions(ctx)
		if err != nil {
			return "", err
		}
		m.sessions += n
	}
	if m.carry == nil {
		return countOf(m.sessions, "session") + " ended", nil
	}
	if _, err := m.carryOn(ctx, note, true); err != nil {
		return "", err
	}
	return countOf(m.sessions, "session") + " ended", nil
}

// find has the servers notice that their sessions are gone; they log in anew at once. None may be left in the other
// database, so each of them has to show in the new one before clients are answered again.
func (m *move) find(ctx context.Context, note func(string)) (string, error) {
	if err := m.crew.probe(ctx, m.pace()); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, m.pace().probe)
	defer cancel()
	for {
		health, err := m.to.db.Health(ctx)
		if err != nil {
			return "", err
		}
		absent := m.crew.absent(health.Sessions)
		if absent == "" {
			return "", nil
		}
		note(absent)
		if operation.Pause(ctx, 50*time.Millisecond) != nil {
			return "", errors.New(absent)
		}
	}
}

// start ends the pause. From here on there is no going back: clients may get leases in the new database.
func (m *move) start(ctx context.Context, _ func(string)) (string, error) {
	m.letGo()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.pace().period)
	defer cancel()
	if err := m.crew.resume(ctx); err != nil {
		return "", err // it ends by itself
	}
	m.pause = m.Now().Sub(m.pausedAt)
	return fmt.Sprintf("the servers paused for %.1f s", m.pause.Seconds()), nil
}

func (m *move) close(ctx context.Context) {
	m.letGo()
	m.from.close(ctx)
	m.to.close(ctx)
}

// servers are all that answer, without the way to them.
func (p *MovePlan) servers() crew {
	c := crew{}
	for _, s := range p.in.Servers {
		if slices.ContainsFunc(p.Servers, func(known MoveServer) bool { return known.Name == s.Name() && known.Reached }) {
			c = append(c, hand{Server: s})
		}
	}
	return c
}

// reached are the servers that will pause, for people.
func (p *MovePlan) reached() string {
	if c := p.servers(); len(c) > 0 {
		return c.names()
	}
	return "no server"
}

// countOf is a number of things, for people.
func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

var _ crewKea = (*kea.Client)(nil)
