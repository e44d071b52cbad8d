package ha

import (
	"context"
	"slices"
	"sync"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// DiffSource is how a deployment is reached.
type DiffSource struct {
	Reader  client.Reader
	Connect Connect
	Now     func() time.Time
}

// GatherDiff compares what should be the same in a deployment: its peers' configurations, files and what runs, logins and
// the Secrets behind them, and where the peers have a database each, up to maxLeases leases of each; 0 compares none.
// Errors: inventory.ErrNone, *inventory.UnfinishedError. Permission: inventory.Discover's, the Secret of the database's
// role, create pods/portforward.
func GatherDiff(ctx context.Context, s DiffSource, namespace string, o inventory.Options, maxLeases int) (DiffReport, error) {
	in, err := inventory.Discover(ctx, s.Reader, namespace, o)
	if err != nil {
		return DiffReport{}, err
	}
	observations := Gather(ctx, in.Servers, s.Connect, s.Now)
	r := DiffReport{Namespace: namespace, Time: s.Now(), Comparisons: DiffConfigurations(observations), Unread: append([]problem.Unread{}, in.Unread...)}
	for _, l := range logins(ctx, s.Reader, in, observations) {
		r.Comparisons = append(r.Comparisons, DiffLogin(l))
	}
	if maxLeases > 0 {
		r.Comparisons = append(r.Comparisons, s.leases(ctx, pairs(observations), maxLeases)...)
	}
	r.sum()
	return r, nil
}

// leases compares the leases of pairs, side by side.
func (s DiffSource) leases(ctx context.Context, pairs [][2]Observation, most int) []Comparison {
	found := make([]Comparison, len(pairs))
	var wait sync.WaitGroup
	for i, pair := range pairs {
		wait.Go(func() { found[i] = s.leasesOf(ctx, pair, most) })
	}
	wait.Wait()
	return found
}

func (s DiffSource) leasesOf(ctx context.Context, pair [2]Observation, most int) Comparison {
	var ask [2]LeaseAsker
	for i, o := range pair {
		none := Comparison{
			Aspect: AspectLeases, Server: pair[0].Server.Name(), A: pair[0].Server.Name(), B: pair[1].Server.Name(), Differences: []kea.Difference{},
		}
		if !o.Reached {
			none.Why = o.Server.Name() + " " + unanswered(o)
			return none
		}
		asker, _, err := s.Connect(ctx, o.Server)
		if err != nil {
			none.Why = o.Server.Name() + ": " + err.Error()
			return none
		}
		leases, ok := asker.(LeaseAsker)
		if !ok {
			none.Why = o.Server.Name() + " tells no leases"
			return none
		}
		ask[i] = leases
	}
	return DiffLeases(ctx, pair[0].Server, pair[1].Server, ask[0], ask[1], most)
}

// logins are those of servers whose database is run by CNPG here, each Secret read once.
func logins(ctx context.Context, r client.Reader, in *inventory.Inventory, observations []Observation) []Login {
	found := []Login{}
	read := map[string]Login{}
	for _, o := range observations {
		config := o.EffectiveConfig()
		only := func(s inventory.Server) *kea.Config {
			if s.Name() != o.Server.Name() {
				return nil // each server by itself: two of them may log in to one database with two passwords
			}
			return config
		}
		for _, d := range in.Databases(only) {
			if d.Cluster == nil {
				continue
			}
			name := roleSecret(d.Cluster, d.User)
			set, ok := read[name]
			if !ok {
				set = readRole(ctx, r, client.ObjectKey{Namespace: in.Namespace, Name: name})
				read[name] = set
			}
			set.Server, set.User, set.Password, set.Source, set.Lacking = o.Server.Name(), d.User, d.Password, d.PasswordSource, d.NoPassword
			found = append(found, set)
		}
	}
	return found
}

// readRole reads the Secret that a role's password is set from.
func readRole(ctx context.Context, r client.Reader, key client.ObjectKey) Login {
	l := Login{Secret: "secret " + key.Name}
	var secret corev1.Secret
	if l.Err = r.Get(ctx, key, &secret); l.Err == nil {
		l.Role, l.Set = string(secret.Data["username"]), kea.NewSecret(string(secret.Data["password"]))
	}
	return l
}

// roleSecret is the Secret that CNPG sets a role's password from.
func roleSecret(cluster *cnpgv1.Cluster, role string) string {
	if m := cluster.Spec.Managed; m != nil {
		i := slices.IndexFunc(m.Roles, func(r cnpgv1.RoleConfiguration) bool { return r.Name == role && r.PasswordSecret != nil })
		if i >= 0 {
			return m.Roles[i].PasswordSecret.Name
		}
	}
	return cnpg.ConnectionSecret(cluster)
}
