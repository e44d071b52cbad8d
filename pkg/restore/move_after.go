package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// enterTime is how long a cluster may take to let us in: one whose fence is lifted starts first.
const enterTime = 3 * time.Minute

// enter logs in to a cluster as Kea does. A fence that a former move left is lifted, a role that it barred is admitted again:
// the Service does not lead there, or leads there already. reachable also waits until Services lead to it: an instance that
// has just started is called ready only seconds after it answers.
func (m *move) enter(ctx context.Context, cluster *cnpgv1.Cluster, reachable bool, note func(string)) (*end, error) {
	ctx, cancel := context.WithTimeout(ctx, enterTime)
	defer cancel()
	if len(cnpg.FencedInstances(cluster)) > 0 {
		note("lifting the fence of " + cluster.Name)
		m.lifted = m.lifted || reachable
		if err := unfence(ctx, m.Client, cluster.Namespace, cluster.Name); err != nil {
			return nil, err
		}
	}
	admitted := false
	for {
		var now cnpgv1.Cluster
		if err := m.Client.Get(ctx, client.ObjectKeyFromObject(cluster), &now); err != nil {
			return nil, fmt.Errorf("read cluster %s: %w", cluster.Name, err)
		}
		e, err := openEnd(ctx, m.Source, &now, m.p.database.Name)
		if err == nil {
			if err = e.db.WriteProbe(ctx); err == nil && reachable && !cnpg.PodReady(e.primary) {
				err = fmt.Errorf("pod %s answers, and is not called ready yet", e.primary.Name)
			}
			if err == nil {
				return e, nil
			}
			e.close(ctx)
		}
		if barredRole(err) && !admitted {
			note("letting the servers' role log in to " + cluster.Name + " again")
			if err := m.admit(ctx, &now); err != nil {
				return nil, err
			}
			admitted = true
			continue
		}
		note(err.Error())
		if operation.Pause(ctx, time.Second) != nil {
			return nil, err
		}
	}
}

// barredRole reports whether a login failed because the role may not log in at all.
func barredRole(err error) bool {
	return err != nil && strings.Contains(err.Error(), "is not permitted to log in")
}

// admit lets the servers' role log in to a cluster.
func (m *move) admit(ctx context.Context, cluster *cnpgv1.Cluster) error {
	primary, err := primaryOf(ctx, m.Source, cluster)
	if err != nil {
		return fmt.Errorf("cluster %s: %w", cluster.Name, err)
	}
	super := openSuperuser(ctx, m.Pods, primary.Namespace, primary.Name)
	defer super.close()
	return super.admit(ctx, m.p.database.User)
}

// guard extends every lease that was valid at the target: nobody knows what became of them since.
func (m *move) guard(ctx context.Context, _ func(string)) (string, error) {
	n, err := m.to.db.ExtendValid(ctx, m.p.Since)
	if err != nil {
		return "", err
	}
	m.guarded = n
	return countOf(int(n), "lease") + " extended", nil
}

// remember writes down where the database lived until now, so that its times can be found again.
func (m *move) remember(ctx context.Context, _ func(string)) (string, error) {
	lineage, err := cnpg.Lineage(m.p.from)
	if err != nil {
		return "", err
	}
	if !m.p.closed() { // else an earlier run has written it
		lineage = append(lineage, cnpg.Ancestor{Cluster: m.p.From, Archive: cnpg.ArchiveOf(m.p.from), Until: m.state.Paused})
		text, err := json.Marshal(lineage)
		if err != nil {
			return "", err
		}
		err = annotate(ctx, m.Client, m.p.Namespace, m.p.To, map[string]string{marks.AnnotationLineage: string(text), marks.AnnotationSuperseded: ""})
		if err != nil {
			return "", err
		}
	}
	if m.p.restored {
		m.p.record.Phase, m.p.record.CutOver, m.p.record.PauseSeconds = InService, m.pausedAt.UTC(), m.pause.Seconds()
		if err := m.p.record.note(ctx, m.Client, m.p.Namespace, m.p.To); err != nil {
			return "", err
		}
	}
	former, made, err := RecordOf(m.p.from)
	if err != nil {
		return "", err
	}
	if made {
		former.Phase = Former
		if err := former.note(ctx, m.Client, m.p.Namespace, m.p.From); err != nil {
			return "", err
		}
	}
	return "", annotate(ctx, m.Client, m.p.Namespace, m.p.From, map[string]string{marks.AnnotationSuperseded: m.p.To})
}

// carryRecords carries what nobody waits for: the forensic log, and that a history is to be kept, when it was begun after the
// restored database's time.
func (m *move) carryRecords(ctx context.Context, note func(string)) (string, error) {
	lines, err := m.carry.CarryForensicLog(ctx)
	if err != nil {
		return "", err
	}
	done := []string{}
	if lines > 0 {
		done = append(done, countOf(int(lines), "line")+" of the forensic log")
	}
	if history, err := m.from.db.History(ctx); err == nil && history.Enabled {
		if _, err := m.to.db.History(ctx); errors.Is(err, keadb.ErrNoHistory) {
			if _, err := m.to.db.EnableHistory(ctx, history.Keep, note); err != nil {
				return "", err
			}
			done = append(done, "a history of leases is kept from now on")
		}
	}
	return strings.Join(done, ", "), nil
}

// settleTime is how long the servers may take until all of them are as they were.
const settleTime = time.Minute

// settle waits until every server is in the state it was in and has its sessions in the new database, and none in the other.
func (m *move) settle(ctx context.Context, note func(string)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		waiting, err := m.unsettled(ctx)
		if err == nil && waiting == "" {
			break
		}
		if err != nil {
			waiting = err.Error()
		}
		note(waiting)
		if operation.Pause(ctx, 500*time.Millisecond) != nil {
			return "", fmt.Errorf("the service has moved, but: %s", waiting)
		}
	}
	states := []string{}
	for _, s := range m.p.Servers {
		if s.State != "" && !slices.Contains(states, s.State) {
			states = append(states, s.State)
		}
	}
	return strings.Join(states, ", "), nil
}

// unsettled says what is not yet as it should be; "" for nothing.
func (m *move) unsettled(ctx context.Context) (string, error) {
	for _, h := range m.crew {
		api, ok := h.kea.(*kea.Client)
		if !ok {
			continue
		}
		status, err := api.Status(ctx, h.Service)
		if err != nil {
			return "", fmt.Errorf("%s: %w", h.Name(), err)
		}
		i := slices.IndexFunc(m.p.Servers, func(s MoveServer) bool { return s.Name == h.Name() })
		switch {
		case status.DHCP != nil && status.DHCP.GloballyDisabled:
			return h.Name() + " does not answer clients yet", nil
		case len(status.HA) > 0 && !m.settled(string(status.HA[0].Local.State), m.p.Servers[i].State):
			return fmt.Sprintf("%s is %s, was %s", h.Name(), status.HA[0].Local.State, m.p.Servers[i].State), nil
		}
	}
	health, err := m.to.db.Health(ctx)
	if err != nil {
		return "", err
	}
	if absent := m.crew.absent(health.Sessions); absent != "" || m.from == nil {
		return absent, nil
	}
	left, err := m.from.db.EndSessions(ctx)
	if err == nil && left > 0 {
		return countOf(left, "session") + " left in " + m.p.From, nil
	}
	return "", err
}

// settled reports whether a server's state is what it was. One whose partner was down already may have taken over meanwhile;
// where the database was gone, nothing is as it was.
func (m *move) settled(now, before string) bool {
	alone := slices.ContainsFunc(m.p.Servers, func(s MoveServer) bool { return !s.Reached })
	return now == before || alone && now == string(kea.StatePartnerDown) || !m.p.Readable
}

// archiveEnd has the log of the cluster that is left archived to its end: every moment up to the cutover can be restored to
// then. What cannot be archived now waits in its volume.
func (m *move) archiveEnd(ctx context.Context, note func(string)) (string, error) {
	if method := cnpg.ArchiveOf(m.p.from).Method; method == cnpg.MethodNone || method == cnpg.MethodSnapshot {
		return "", &operation.Skipped{Reason: "it has no archive"}
	}
	segment, err := archiveToEnd(ctx, m.from.super, note)
	if ctx.Err() != nil {
		return "", err
	}
	if err != nil {
		return "", &operation.Skipped{Reason: err.Error() + "; moments shortly before the cutover cannot be restored to until it is"}
	}
	return segment, nil
}

// fence shuts PostgreSQL down in the cluster that is left: nobody writes there by mistake. Its volumes stay. Clients are served
// from the other one already, so that there is time for instances that are just joining.
func (m *move) fence(ctx context.Context, note func(string)) (string, error) {
	m.from.close(ctx)
	m.from = nil
	if err := m.letJoin(ctx, note); err != nil {
		return "", err
	}
	if err := fence(ctx, m.Client, m.p.Namespace, m.p.From); err != nil {
		return "", err
	}
	m.fenced = true
	return "its data stays; kubectl kea restore cleanup removes it", nil
}

// joinTime is how long instances that are not ready are waited for. One that stays away longer is not just joining.
const joinTime = time.Minute

// letJoin waits until all instances of the cluster that is left are ready. One that was the primary until a failover is rewound
// first, and a rewind that is broken off, since the primary that it reads from is shut down, leaves a directory that can neither
// be started nor rewound again: after the way back the cluster would have an instance less.
func (m *move) letJoin(ctx context.Context, note func(string)) error {
	limit, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	for {
		pods, err := cnpg.ListInstances(ctx, m.Client, m.p.Namespace, m.p.From)
		if err != nil {
			return err
		}
		ready := 0
		for i := range pods {
			if cnpg.PodReady(&pods[i]) {
				ready++
			}
		}
		if ready >= m.p.from.Spec.Instances {
			return nil
		}
		note(fmt.Sprintf("%d of %d instances ready; one that is just joining must not be interrupted", ready, m.p.from.Spec.Instances))
		if operation.Pause(limit, 500*time.Millisecond) != nil {
			return ctx.Err()
		}
	}
}

// fenceFirst fences a cluster that nobody can log in to, before the servers are sent to the other one: sessions that they may
// still have there end with it.
func (m *move) fenceFirst(ctx context.Context, note func(string)) (string, error) {
	m.fenced = true
	if err := fence(ctx, m.Client, m.p.Namespace, m.p.From); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, fenceTime)
	defer cancel()
	for {
		pods, err := cnpg.ListInstances(ctx, m.Client, m.p.Namespace, m.p.From)
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return cnpg.PodReady(&pod) }) {
			return "", nil
		}
		note("PostgreSQL shuts down")
		if operation.Pause(ctx, 250*time.Millisecond) != nil {
			return "", fmt.Errorf("cluster %s still runs %v after it was fenced: does its operator work?", m.p.From, fenceTime)
		}
	}
}

// fenceTime is how long a fence may take: readiness is looked at every few seconds.
const fenceTime = 20 * time.Second

// finish takes the note of the move off the Service, last of all and after the lock: a run that is killed between the two is
// gone on with like any other. The other way round a lock would be left of a move that nothing goes on with.
func (m *move) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	var none *moveState
	return none.write(ctx, m.Client, m.service)
}

// finishTime bounds the last write, which an interruption does not stop.
const finishTime = 10 * time.Second
