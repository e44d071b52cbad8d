package restore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// Restored is a cluster that a restore made, or that one took the place of.
type Restored struct {
	Namespace string  `json:"namespace"`
	Name      string  `json:"name"`
	Record    *Record `json:"record,omitempty"` // nil: no restore made it
	// Current: the servers' Service leads to it.
	Current bool `json:"current"`
	// SupersededBy is the cluster that took its place.
	SupersededBy   string          `json:"supersededBy,omitempty"`
	Fenced         bool            `json:"fenced"`
	Healthy        bool            `json:"healthy"`
	Reasons        []string        `json:"reasons"`
	Instances      int             `json:"instances"`
	ReadyInstances int             `json:"readyInstances"`
	Timeline       int             `json:"timeline"`
	Lineage        []cnpg.Ancestor `json:"lineage"`
	Created        time.Time       `json:"created"`
	// Running: somebody works on it at this moment; By says who.
	Running bool   `json:"running"`
	By      string `json:"by,omitempty"`
	Process int    `json:"process,omitempty"` // on By's machine
	// Unfinished is the move that an earlier run left half done, to or from this cluster.
	Unfinished *Unfinished `json:"unfinished,omitempty"`
	// Next is what goes on from here: a command, or "". Abort ends what is unfinished.
	Next  string `json:"next,omitempty"`
	Abort string `json:"abort,omitempty"`
}

// Unfinished is a move that was broken off.
type Unfinished struct {
	Direction Direction `json:"direction"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Started   time.Time `json:"started"`
	By        string    `json:"by,omitempty"`
}

// List finds the clusters of a namespace, of all when it is empty, that restores made or took the place of, sorted by
// namespace, then oldest first. It needs nothing but the objects in the cluster.
// Permission: list clusters.postgresql.cnpg.io and services.
func List(ctx context.Context, r client.Reader, namespace string, now time.Time) ([]Restored, error) {
	clusters, err := cnpg.ListClusters(ctx, r, namespace)
	if err != nil {
		return nil, err
	}
	var services corev1.ServiceList
	if err := r.List(ctx, &services, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list services%s: %w", inNamespace(namespace), err)
	}
	alive, err := working(ctx, r, namespace, now)
	if err != nil {
		return nil, err
	}
	found := []Restored{}
	for i := range clusters {
		one, ok, err := restoredFrom(&clusters[i], services.Items, alive[clusters[i].Namespace], now)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, one)
		}
	}
	slices.SortFunc(found, func(a, b Restored) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), a.Created.Compare(b.Created))
	})
	return found, nil
}

// inNamespace says where, for an error.
func inNamespace(namespace string) string {
	if namespace == "" {
		return " in all namespaces"
	}
	return " in namespace " + namespace
}

// restoredFrom makes the row of one cluster; false for one that no restore has to do with.
func restoredFrom(cluster *cnpgv1.Cluster, services []corev1.Service, alive []operation.State, now time.Time) (Restored, bool, error) {
	record, made, err := RecordOf(cluster)
	if err != nil {
		return Restored{}, false, err
	}
	superseded := cluster.Annotations[marks.AnnotationSuperseded]
	lineage, err := cnpg.Lineage(cluster)
	if err != nil {
		return Restored{}, false, err
	}
	summary := cnpg.Summarize(cluster, nil, now)
	one := Restored{
		Namespace: cluster.Namespace, Name: cluster.Name, SupersededBy: superseded, Fenced: len(summary.Fenced) > 0,
		Healthy: summary.Healthy, Reasons: summary.Reasons, Instances: summary.Instances, ReadyInstances: summary.ReadyInstances,
		Timeline: summary.TimelineID, Lineage: append([]cnpg.Ancestor{}, lineage...), Created: summary.Created,
	}
	if made {
		one.Record = &record
	}
	related := made || superseded != "" || len(lineage) > 0
	for i := range services {
		s := &services[i]
		if s.Namespace != cluster.Namespace {
			continue
		}
		if s.Annotations[marks.AnnotationCurrentCluster] == cluster.Name {
			one.Current = true
		}
		state, err := moveOf(s)
		if err != nil {
			return Restored{}, false, err
		}
		if state != nil && (state.From == cluster.Name || state.To == cluster.Name) {
			related = true
			one.Unfinished = &Unfinished{Direction(state.Kind), state.From, state.To, state.Started, state.By}
		}
	}
	one.attend(alive)
	one.advise()
	return one, related, nil
}

// working are the operations that give signs of life, by namespace. Who may not see the locks is told of none.
func working(ctx context.Context, r client.Reader, namespace string, now time.Time) (map[string][]operation.State, error) {
	var locks coordinationv1.LeaseList
	err := r.List(ctx, &locks, client.InNamespace(namespace), client.HasLabels{marks.LabelDeployment})
	if err != nil && !kube.IsForbidden(err) {
		return nil, fmt.Errorf("list leases%s: %w", inNamespace(namespace), err)
	}
	found := map[string][]operation.State{}
	for i := range locks.Items {
		if state, ok := operation.Alive(&locks.Items[i], now); ok {
			found[locks.Items[i].Namespace] = append(found[locks.Items[i].Namespace], state)
		}
	}
	return found, nil
}

// attend notes who works on what is unfinished.
func (r *Restored) attend(alive []operation.State) {
	recovering := r.Record != nil && r.Record.Phase == Recovering
	for _, state := range alive {
		if r.Unfinished != nil && state.Kind == string(r.Unfinished.Direction) || recovering && state.Kind == kindRestore && state.Started.Unix() >= r.Record.Started.Unix()-1 {
			r.Running, r.By, r.Process = true, state.By, state.Process
		}
	}
}

// Died says that the one who worked on it does so no more, although its last sign of life is fresh.
func (r *Restored) Died() {
	r.Running, r.By, r.Process = false, "", 0
	r.advise()
}

// advise works out the commands that go on, and that end what is unfinished.
func (r *Restored) advise() {
	r.Next, r.Abort = r.next(), ""
	if !r.Running && (r.Unfinished != nil || r.Record != nil && r.Record.Phase == Recovering) {
		r.Abort = fmt.Sprintf("kubectl kea restore abort %s -n %s", r.Name, r.Namespace)
	}
}

// next is the command that goes on from where a cluster is.
func (r *Restored) next() string {
	in := " -n " + r.Namespace
	switch {
	case r.Running:
		return ""
	case r.Unfinished != nil && r.Unfinished.Direction == Rollback:
		return "kubectl kea restore rollback" + in
	case r.Unfinished != nil:
		return "kubectl kea restore cutover " + r.Unfinished.To + in
	case r.Current, r.Record == nil && r.SupersededBy == "":
		return ""
	case r.SupersededBy != "":
		return fmt.Sprintf("kubectl kea restore rollback %s%s", r.Name, in)
	case r.Record.Phase == Recovering:
		return fmt.Sprintf("kubectl kea restore%s --name %s %s", in, r.Name, r.Record.Target.Flag())
	case r.Record.Phase == Recovered:
		return fmt.Sprintf("kubectl kea restore cutover %s%s", r.Name, in)
	}
	return ""
}
