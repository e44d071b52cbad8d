package restore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Direction says which way a move goes.
type Direction string

// The directions.
const (
	Cutover  Direction = "cutover"  // to a restored cluster
	Rollback Direction = "rollback" // back to the one that it took the place of
)

// MoveRequest is what a cutover or a rollback is asked for.
type MoveRequest struct {
	Namespace string
	Direction Direction
	// To is the cluster to go to; a rollback may leave it empty.
	To    string
	Carry Carrying
}

// MovePlan is what taking the servers to another cluster will do, and what stands against it.
type MovePlan struct {
	Direction  Direction `json:"direction"`
	Namespace  string    `json:"namespace"`
	Deployment string    `json:"deployment"`
	Service    string    `json:"service"`
	User       string    `json:"user"` // that the servers log in as
	From       string    `json:"from"`
	To         string    `json:"to"`
	// Since is the moment from which the new cluster does not know what happened; zero: not known, all is carried.
	Since time.Time `json:"since,omitzero"`
	Carry Carrying  `json:"carry"`
	// Readable: the leases of From can be read. Otherwise nothing can be carried.
	Readable bool `json:"readable"`
	// Continues: an earlier run began it and was broken off.
	Continues bool         `json:"continues,omitempty"`
	Servers   []MoveServer `json:"servers"`
	// Newer are the leases that would be forgotten without carrying; Extend those that would be extended.
	Newer  []Loss `json:"newer"`
	Extend []Loss `json:"extend"`
	// Fence: From is fenced in the end. It is not when somebody else uses it; Others says who.
	Fence    bool              `json:"fence"`
	Others   []string          `json:"others"`
	Problems []problem.Problem `json:"problems"`

	in         *inventory.Inventory
	unfinished *moveState
	database   inventory.Database
	from, to   *cnpgv1.Cluster
	record     Record
	restored   bool // To was made by a restore: record is its
	catalog    *leases.Catalog
}

// MoveServer is a server that uses the database.
type MoveServer struct {
	Name string `json:"name"`
	// Reached: it answers, and will pause. One whose container does not run has nothing to pause.
	Reached bool   `json:"reached"`
	Why     string `json:"why,omitempty"`
	State   string `json:"state,omitempty"`
}

// Blocked reports whether something stands against the move.
func (p *MovePlan) Blocked() bool { return blocked(p.Problems) }

// blocked reports whether one of the problems is critical.
func blocked(all []problem.Problem) bool { return problem.Worst(all) == problem.Critical }

// PlanMove works out a cutover or a rollback. What stands against it is in its problems; nothing is changed.
// Errors: *backup.ChoiceError, inventory.ErrNone, *NoRestoreError, the client's.
func PlanMove(ctx context.Context, src Source, r MoveRequest) (MovePlan, error) {
	subject, err := subjectOf(ctx, src.Client, r.Namespace, r.To)
	if err != nil {
		return MovePlan{}, err
	}
	p := MovePlan{
		Direction: r.Direction, Namespace: r.Namespace, Deployment: subject.Deployment, To: r.To, Carry: r.Carry, Fence: true,
		Servers: []MoveServer{}, Newer: []Loss{}, Extend: []Loss{}, Others: []string{}, Problems: []problem.Problem{},
		in: subject.In, database: subject.Database,
	}
	if err := p.choose(subject); err != nil {
		return p, err
	}
	p.checkService()
	if p.Blocked() {
		return p, nil
	}
	var wait sync.WaitGroup
	var servers []problem.Problem
	var databases []problem.Problem
	wait.Go(func() { servers = p.lookAtServers(ctx, src) })
	wait.Go(func() { databases = p.lookAtDatabases(ctx, src) })
	wait.Wait()
	if !p.Readable && !p.closed() {
		p.forgive(servers)
	}
	p.Problems = append(append(p.Problems, servers...), databases...)
	problem.Sort(p.Problems)
	return p, nil
}

// NoRestoreError says that a cluster cannot be gone to.
type NoRestoreError struct {
	Cluster string
	Why     string
	Missing bool // there is no such cluster
}

// noCluster says that a cluster is not there.
func noCluster(name string) error {
	return &NoRestoreError{name, "there is no such cluster", true}
}

// Error implements error.
func (e *NoRestoreError) Error() string {
	if e.Cluster == "" {
		return e.Why
	}
	return fmt.Sprintf("cluster %s: %s", e.Cluster, e.Why)
}

// choose finds the two clusters.
func (p *MovePlan) choose(subject backup.Subject) error {
	if subject.Cluster == nil || subject.Database.Service == nil {
		return errNoCurrent
	}
	var err error
	if p.unfinished, err = moveOf(subject.Database.Service); err != nil {
		return err
	}
	p.Service, p.User = subject.Database.Service.Name, subject.Database.User
	p.from = subject.Cluster
	if m := p.unfinished; m != nil && (p.To == "" || p.To == m.To) {
		// An earlier run began this; the Service may be turned already.
		p.Continues, p.To, p.Direction, p.Since = true, m.To, Direction(m.Kind), m.Since
		if p.from = p.cluster(m.From); p.from == nil {
			return &NoRestoreError{Cluster: m.From, Why: "the cluster that the service was being taken from is gone"}
		}
	}
	if p.Direction == Rollback && p.To == "" {
		if p.To, err = formerOf(p.from, p.in.Clusters); err != nil {
			return err
		}
	}
	p.From = p.from.Name
	if p.to = p.cluster(p.To); p.to == nil {
		return noCluster(p.To)
	}
	if p.record, p.restored, err = RecordOf(p.to); err != nil {
		return err
	}
	switch {
	case p.From == p.To:
		return &NoRestoreError{Cluster: p.To, Why: "it is in service already"}
	case p.Continues:
		return nil
	case p.unfinished != nil:
		return &NoRestoreError{Cluster: p.To, Why: fmt.Sprintf("the %s from %s to %s is not finished", p.unfinished.Kind, p.unfinished.From, p.unfinished.To)}
	case p.Direction == Cutover && !p.restored:
		return &NoRestoreError{Cluster: p.To, Why: "no restore of kubectl kea made it"}
	case p.Direction == Cutover && p.record.Phase == Recovering:
		return &NoRestoreError{Cluster: p.To, Why: "its restore has not ended well: it is not verified"}
	case p.Direction == Rollback && p.to.Annotations[marks.AnnotationSuperseded] != p.From:
		return &NoRestoreError{Cluster: p.To, Why: fmt.Sprintf("%s did not take its place: there is nothing to go back to", p.From)}
	case p.Direction == Rollback:
		p.Since, err = cameAt(p.from)
		return err
	}
	p.Since = p.record.Since
	return nil
}

// cluster finds a cluster of the namespace by name; nil for none.
func (p *MovePlan) cluster(name string) *cnpgv1.Cluster {
	for i := range p.in.Clusters {
		if p.in.Clusters[i].Name == name {
			return &p.in.Clusters[i]
		}
	}
	return nil
}

// checkService says whether the Service can be turned.
func (p *MovePlan) checkService() {
	if why := unstable(p.database); why != "" {
		p.Problems = append(p.Problems, problem.NewCritical("no-stable-service", "service "+p.Service, why,
			prepareNext(p.Namespace)))
	}
}

// lookAtServers finds out which servers there are to pause.
func (p *MovePlan) lookAtServers(ctx context.Context, src Source) []problem.Problem {
	found := make([]MoveServer, 0, len(p.database.Servers))
	asked := make([]*problem.Problem, len(p.in.Servers))
	states := make([]MoveServer, len(p.in.Servers))
	var wait sync.WaitGroup
	for i, s := range p.in.Servers {
		if !slices.Contains(p.database.Servers, s.Name()) {
			continue
		}
		wait.Go(func() { states[i], asked[i] = p.lookAtServer(ctx, src, s) })
	}
	wait.Wait()
	problems := []problem.Problem{}
	for i := range states {
		if states[i].Name != "" {
			found = append(found, states[i])
		}
		if asked[i] != nil {
			problems = append(problems, *asked[i])
		}
	}
	p.Servers = found
	if !slices.ContainsFunc(found, func(s MoveServer) bool { return s.Reached }) {
		problems = append(problems, problem.Problem{
			Severity: problem.Warning, Code: "no-server", Subject: p.Deployment,
			Text: "no server runs: there is nothing to pause, and nobody proves that the new cluster is reached",
		})
	}
	return problems
}

// lookAtServer asks one server. Whatever runs and cannot be asked cannot be paused either.
func (p *MovePlan) lookAtServer(ctx context.Context, src Source, s inventory.Server) (MoveServer, *problem.Problem) {
	state := MoveServer{Name: s.Name()}
	stop := func(code, text, next string) (MoveServer, *problem.Problem) {
		state.Why = text
		found := problem.NewCritical(code, s.Name(), text, next)
		return state, &found
	}
	if !s.State.Running {
		state.Why = cmp.Or(s.State.Reason, "it does not run")
		return state, &problem.Problem{
			Severity: problem.Warning, Code: "server-down", Subject: s.Name(),
			Text: fmt.Sprintf("it does not run (%s): it will find the new cluster when it starts", state.Why),
		}
	}
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	client, _, err := src.Connector.Connect(ctx, s)
	if err == nil {
		var status kea.Status
		if status, err = client.Status(ctx, s.Service); err == nil {
			return p.judgeServer(status, state, stop)
		}
	}
	return stop(codeUnreachable, fmt.Sprintf("it runs and cannot be asked, so it cannot be paused: %v", err),
		"kubectl kea ha status -n "+p.Namespace)
}

// forgive lets servers be that cannot be paused: their database is gone, so that they serve nobody, and the fence of the
// cluster keeps them from it. They find the new one by themselves.
func (p *MovePlan) forgive(servers []problem.Problem) {
	for i := range servers {
		found := &servers[i]
		if found.Code != codeUnreachable && found.Code != codeUnsettled {
			continue
		}
		found.Severity, found.Next = problem.Warning, ""
		found.Text += "; without its database it serves nobody, and it will find the new cluster by itself"
		j := slices.IndexFunc(p.Servers, func(s MoveServer) bool { return s.Name == found.Subject })
		p.Servers[j].Reached = false
	}
}

// Why a server that runs cannot be paused.
const (
	codeUnreachable = "server-unreachable"
	codeUnsettled   = "ha-unsettled"
)

// serverPatience is how long a server may take to say how it is.
const serverPatience = 4 * time.Second

func (p *MovePlan) judgeServer(status kea.Status, state MoveServer, stop func(code, text, next string) (MoveServer, *problem.Problem)) (MoveServer, *problem.Problem) {
	state.Reached = true
	if len(status.HA) > 0 {
		state.State = string(status.HA[0].Local.State)
		switch status.HA[0].Local.State {
		case kea.StateHotStandby, kea.StateLoadBalancing, kea.StatePassiveBackup, kea.StatePartnerDown:
		default:
			return stop(codeUnsettled, "its high availability is "+state.State+": wait until it has settled", "kubectl kea ha status -n "+p.Namespace)
		}
	}
	if status.DHCP != nil && status.DHCP.DisabledByUser && !p.Continues {
		return stop("paused", "somebody has paused it (dhcp-disable); the end of the move would start it again",
			"have it answer again (dhcp-enable), or wait until its period is over")
	}
	return state, nil
}
