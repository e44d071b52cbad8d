package restore

import (
	"context"
	"errors"
	"time"
)

// undoTime is how long the way back may take.
const undoTime = 30 * time.Second

// undo takes back what a move has done so far, and has the servers answer again. Nothing was given to a client meanwhile, so
// nothing is lost. The context may have ended: the way back does not.
func (m *move) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	var failed []error
	try := func(err error) { failed = append(failed, err) }
	if m.fenced {
		try(unfence(ctx, m.Client, m.p.Namespace, m.p.From))
	}
	if m.barred && m.from != nil {
		try(m.admitAnew(ctx))
	}
	if m.turned {
		try(turn(ctx, m.Client, m.service, m.p.From, nil))
		if m.from != nil && errors.Join(failed...) == nil {
			try(startProof(ctx, m.Source, m.crew, m.p.database, m.from.primary).wait(ctx))
		}
		if m.to != nil {
			try(m.leave(ctx))
		}
		try(m.crew.probe(ctx, m.pace()))
	}
	m.letGo()
	try(m.crew.resume(ctx))
	if m.lifted { // it was not to be written to, and is not
		try(fence(ctx, m.Client, m.p.Namespace, m.p.To))
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	var none *moveState
	return none.write(ctx, m.Client, m.service)
}

// The sessions that a step was using when it was interrupted are of no use any more: the way back opens its own.

// admitAnew lets the servers' role log in again to the cluster that they were to leave.
func (m *move) admitAnew(ctx context.Context) error {
	super := openSuperuser(ctx, m.Pods, m.from.primary.Namespace, m.from.primary.Name)
	defer super.close()
	return super.admit(ctx, m.from.role)
}

// leave ends the servers' sessions in the cluster that they were to come to.
func (m *move) leave(ctx context.Context) error {
	to, err := openEndAt(ctx, m.Source, m.to.cluster, m.to.primary, m.p.database.Name)
	if err != nil {
		return err
	}
	defer to.close(ctx)
	_, err = to.db.EndSessions(ctx)
	return err
}

// letGo keeps the servers paused no longer: the pause runs out by itself, unless somebody ends it.
func (m *move) letGo() {
	if m.endPause != nil {
		m.endPause()
		m.endPause = nil
	}
}

// forward reports whether an earlier run has turned the Service: then the only way is on.
func (p *MovePlan) forward() bool {
	return p.Continues && p.database.Target != nil && p.database.Target.Cluster.Name == p.To
}

// resumeAsIs has the servers answer again, wherever they are.
func (m *move) resumeAsIs(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	m.letGo()
	return m.crew.resume(ctx)
}
