package restore

import (
	"context"
	"fmt"
	"slices"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// AbortPlan is what ending an unfinished restore does: one of the two.
type AbortPlan struct {
	Namespace  string `json:"namespace"`
	Deployment string `json:"deployment"`
	// Delete is the unfinished cluster that is deleted.
	Delete string `json:"delete,omitempty"`
	// Move is the broken-off move that is taken back.
	Move *Unfinished `json:"move,omitempty"`
	// Refused says why the move cannot be taken back any more; Next what to do instead.
	Refused string `json:"refused,omitempty"`
	Next    string `json:"next,omitempty"`

	move MovePlan
}

// PlanAbort finds what there is to abort: the broken-off cutover or rollback of the namespace, else the unfinished restore
// into the cluster named; "" for the only one. Nothing is changed.
// Errors: *NoRestoreError, *backup.ChoiceError, inventory.ErrNone, the client's.
func PlanAbort(ctx context.Context, src Source, namespace, name string) (AbortPlan, error) {
	p := AbortPlan{Namespace: namespace}
	subject, err := subjectOf(ctx, src.Client, namespace, name)
	if err != nil {
		return p, err
	}
	p.Deployment = subject.Deployment
	if subject.Database.Service != nil {
		state, err := moveOf(subject.Database.Service)
		if err != nil {
			return p, err
		}
		if state != nil && (name == "" || name == state.To) {
			p.Move = &Unfinished{Direction(state.Kind), state.From, state.To, state.Started, state.By}
			p.move, err = PlanMove(ctx, src, MoveRequest{Namespace: namespace, Direction: Direction(state.Kind), To: state.To, Carry: Carrying{None: true}})
			if err == nil && p.move.forward() {
				p.look(ctx, src)
			}
			return p, err
		}
	}
	all, err := List(ctx, src.Client, namespace, src.Now())
	if err != nil {
		return p, err
	}
	unfinished := []string{}
	for _, r := range all {
		if r.Record != nil && r.Record.Phase == Recovering {
			unfinished = append(unfinished, r.Name)
		}
	}
	switch i := slices.IndexFunc(all, func(r Restored) bool { return r.Name == name }); {
	case name != "" && !slices.ContainsFunc(subject.In.Clusters, func(c cnpgv1.Cluster) bool { return c.Name == name }):
		return p, noCluster(name)
	case name != "" && i < 0:
		return p, &NoRestoreError{Cluster: name, Why: "no restore made it"}
	case name != "" && !slices.Contains(unfinished, name):
		return p, &NoRestoreError{Cluster: name, Why: "its restore is finished; kubectl kea restore cleanup removes a cluster that is not in service"}
	case name == "" && len(unfinished) == 0:
		return p, &NoRestoreError{Why: "there is no unfinished restore in namespace " + namespace}
	case name == "" && len(unfinished) > 1:
		return p, &NoRestoreError{Why: fmt.Sprintf("there are %d unfinished restores: name one of %v", len(unfinished), unfinished)}
	case name == "":
		name = unfinished[0]
	}
	p.Delete = name
	return p, nil
}

// look finds out whether servers write to the new cluster already.
func (p *AbortPlan) look(ctx context.Context, src Source) {
	to, err := openEnd(ctx, src, p.move.to, p.move.database.Name)
	if err != nil {
		return // then no server does either
	}
	defer to.close(ctx)
	health, err := to.db.Health(ctx)
	if err != nil {
		return
	}
	if all := p.move.servers(); all.anyIn(health.Sessions) {
		p.Refused = fmt.Sprintf("servers write to %s already, and clients may have leases there", p.move.To)
		p.Next = fmt.Sprintf("kubectl kea restore %s %s -n %s finishes it; restore rollback goes back then, and carries those leases along", p.Move.Direction, p.Move.To, p.Namespace)
	}
}

// Abort ends an unfinished restore as a plan says.
// Errors: *operation.StepError, *operation.HeldError.
func Abort(ctx context.Context, src Source, p AbortPlan, lock operation.Options, progress operation.Progress) error {
	lock.Namespace, lock.Deployment = p.Namespace, p.Deployment
	if p.Move != nil {
		return abortMove(ctx, src, p, lock, progress)
	}
	step := operation.Step{Name: "delete cluster " + p.Delete, Do: func(ctx context.Context, note func(string)) (string, error) {
		note("waiting until its pods are gone")
		ctx, cancel := context.WithTimeout(ctx, removeTime)
		defer cancel()
		return "", removeCluster(ctx, src.Client, client.ObjectKey{Namespace: p.Namespace, Name: p.Delete})
	}}
	return operation.Locked(ctx, src.Client, lock, []operation.Step{step}, progress)
}

// abortMove goes back to the cluster that the servers were to leave, as long as no server writes to the other one.
func abortMove(ctx context.Context, src Source, p AbortPlan, lock operation.Options, progress operation.Progress) error {
	m := &move{
		Source: src, p: p.move, service: client.ObjectKey{Namespace: p.Namespace, Name: p.move.Service},
		counts: newTally(p.move.catalog), lost: make(chan error, 1),
	}
	m.state = p.move.unfinished
	defer m.close(ctx)
	steps := []operation.Step{
		{Name: "log in to both clusters", Do: m.open},
		{Name: "see where the servers are", Do: m.whereServersAre},
		{Name: "go back to " + p.Move.From, Do: func(ctx context.Context, _ func(string)) (string, error) {
			m.barred, m.turned = m.from != nil, true
			m.lifted = p.move.to.Annotations[marks.AnnotationSuperseded] != "" // it was out of service, and stays so
			return "", m.undo(ctx)
		}},
	}
	return operation.Locked(ctx, src.Client, lock, steps, progress)
}

// whereServersAre refuses to go back when a server has begun to write to the new database.
func (m *move) whereServersAre(ctx context.Context, _ func(string)) (string, error) {
	var service corev1.Service
	if err := m.Client.Get(ctx, m.service, &service); err != nil {
		return "", fmt.Errorf("read service %s: %w", m.service.Name, err)
	}
	if service.Spec.Selector[cnpg.LabelCluster] != m.p.To {
		return "still with " + m.p.From, nil
	}
	health, err := m.to.db.Health(ctx)
	if err != nil {
		return "", err
	}
	if m.crew.anyIn(health.Sessions) {
		return "", fmt.Errorf("servers write to %s already, and clients may have leases there: finish the %s, and go back with restore rollback, which carries them along", m.p.To, m.p.Direction)
	}
	return "none with " + m.p.To + " yet", nil
}

// Subject is the cluster that it is about.
func (p AbortPlan) Subject() string {
	if p.Move != nil {
		return p.Move.To
	}
	return p.Delete
}
