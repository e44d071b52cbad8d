// Package status is the one-screen report: servers and their high availability, databases, backups, leases per VLAN, the
// credentials' state, and what is wrong with any of them, worst first.
package status

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Report is the state of one namespace's deployment.
type Report struct {
	Namespace string    `json:"namespace"`
	Time      time.Time `json:"time"`
	// Worst is the severity of the worst problem; "" when there is none.
	Worst problem.Severity `json:"worst,omitempty"`
	// Complete: nothing was left unread. A report that is not complete may be unhealthy without saying so.
	Complete bool `json:"complete"`

	Operations []inventory.Operation `json:"operations"`
	ha.Report  `json:",inline"`
	Databases  []Database        `json:"databases"`
	VLANs      []VLAN            `json:"vlans"`
	Problems   []problem.Problem `json:"problems"`
	Unread     []problem.Unread  `json:"unread"`
}

// Source is what a report is gathered from.
type Source struct {
	Reader  client.Reader
	Connect ha.Connect
	Pods    PodAccess
	// Observe, when set, is told of every statement sent to a database.
	Observe func(keadb.Call)
	Now     func() time.Time
}

// Gather looks at everything of a namespace at the same time, as far as one source does not need another. The error is
// for a namespace that cannot be looked at, or that has no Kea (inventory.ErrNone).
func Gather(ctx context.Context, s Source, namespace string, o inventory.Options) (Report, error) {
	in, err := inventory.Discover(ctx, s.Reader, namespace, o)
	if err != nil {
		return Report{}, err
	}
	r := Report{Namespace: namespace, Time: s.Now(), Operations: in.Operations, Unread: in.Unread, Databases: []Database{}}

	// The databases that the files name are looked at while the servers are asked; the running configurations may name others.
	early := in.Databases(inventory.FileConfig)
	var (
		observations []ha.Observation
		databases    = make([]Database, len(early))
		rules        inventory.VLANRules
		unread       []problem.Unread
		wait         sync.WaitGroup
	)
	wait.Go(func() { rules.Services, unread = in.DHCPServices(ctx, s.Reader) })
	asking, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	wait.Go(func() { observations = ha.Gather(asking, in.Servers, s.Connect, s.Now) })
	for i, d := range early {
		wait.Go(func() {
			if databases[i] = s.database(ctx, in, d); databases[i].Look.Error != "" {
				time.AfterFunc(busyTime, func() { stop(errBusy) })
			}
		})
	}
	wait.Wait()
	r.Unread = append(r.Unread, unread...)

	live := map[string]*kea.Config{}
	for _, o := range observations {
		live[o.Server.Name()] = o.EffectiveConfig()
	}
	final := in.Databases(func(s inventory.Server) *kea.Config { return live[s.Name()] })
	for _, d := range final {
		i := slices.IndexFunc(databases, func(have Database) bool { return have.is(d) })
		if i < 0 {
			r.Databases = append(r.Databases, s.database(ctx, in, d))
			continue
		}
		databases[i].Servers = d.Servers
		r.Databases = append(r.Databases, databases[i])
	}

	var found []problem.Problem
	r.Report, found = ha.Judge(observations)
	r.Problems = append(r.Problems, found...)
	for _, o := range observations {
		r.Unread = append(r.Unread, o.Unread...)
	}
	for _, d := range r.Databases {
		r.Unread = append(r.Unread, d.unread...)
		r.Problems = append(r.Problems, d.problems(namespace, observations, r.Time)...)
	}
	r.dropCovered()
	r.VLANs = vlans(observations, r.Databases, rules)
	r.Problems = append(r.Problems, vlanProblems(r.VLANs, namespace)...)
	r.finish()
	return r, nil
}

// busyTime is how long servers may still take for their answers when their database is known not to answer. Their main threads
// are busy with it then, for up to ten seconds each time, and what they would say is known.
const busyTime = time.Second

var errBusy = errors.New("no answer in time, as of a server that tries to reach its lost database")

// explainPause says of servers that do not answer whose doing that is, where an operation that pauses them is unfinished.
func (r *Report) explainPause() {
	i := slices.IndexFunc(r.Operations, func(o inventory.Operation) bool { return o.Kind == "cutover" || o.Kind == "rollback" })
	if i < 0 {
		return
	}
	for j := range r.Problems {
		if found := &r.Problems[j]; found.Code == ha.CodeDisabled {
			found.Text += fmt.Sprintf("; the unfinished %s does that, and it ends by itself within seconds when nobody works on it any more", r.Operations[i].Kind)
			found.Next = r.Operations[i].Continue
		}
	}
}

// dropCovered forgets that Kea's password may not be read where the read-only login answered in its place: that is how a
// viewer is meant to look. Whether Kea itself can log in shows in its lease queries.
func (r *Report) dropCovered() {
	for _, d := range r.Databases {
		if d.Look.Viewer == "" || d.Look.Error != "" || d.Cluster == nil {
			continue
		}
		covered := "secret " + d.Cluster.ConnectionSecret
		r.Unread = slices.DeleteFunc(r.Unread, func(u problem.Unread) bool { return u.Source == covered && kube.IsForbidden(u.Err) })
	}
}

// finish sorts and sums up.
func (r *Report) finish() {
	r.Problems = append([]problem.Problem{}, r.Problems...)
	r.explainPause()
	problem.Sort(r.Problems)
	r.Worst = problem.Worst(r.Problems)
	seen := map[string]bool{}
	unread := []problem.Unread{}
	for _, u := range r.Unread {
		if !seen[u.Source] {
			seen[u.Source] = true
			u.Error = strings.TrimSpace(u.Error)
			unread = append(unread, u)
		}
	}
	slices.SortStableFunc(unread, func(a, b problem.Unread) int { return strings.Compare(a.Source, b.Source) })
	r.Unread = unread
	r.Complete = len(unread) == 0 && !slices.ContainsFunc(r.Problems, func(p problem.Problem) bool { return p.Code == "not-reached" })
	if r.Operations == nil {
		r.Operations = []inventory.Operation{}
	}
}
