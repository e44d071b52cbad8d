package stack

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// balancerTime is how long a first install waits for the load balancers' addresses, which the servers' configurations
// name to clients. Later it takes what is there.
const balancerTime = 20 * time.Second

// Result is what an apply left.
type Result struct {
	Lagging []Lag `json:"lagging"`
	// Relays is where relays send to, a line a server; empty where only the nodes or the VLANs know.
	Relays []string `json:"relays"`
	// Problems are what does not work although all is applied.
	Problems []problem.Problem `json:"problems"`
}

// Apply does what a plan says, in named steps, and waits until the servers can hand out leases. Killed anywhere and run
// again, it goes on. wait: false ends it when all objects are applied.
// Errors: *operation.StepError, *operation.HeldError.
func Apply(ctx context.Context, src Source, p Plan, o Options, wait bool, lock operation.Options, progress operation.Progress) (Result, error) {
	r := &run{Source: src, s: p.stack, o: o, lagging: []Lag{}}
	if p.CreateNamespace {
		err := operation.Run(ctx, []operation.Step{{Name: "create namespace " + p.Namespace, Do: r.namespace}}, nil, progress)
		if err != nil {
			return Result{}, err
		}
	}
	lock.Namespace, lock.Deployment = p.Namespace, p.Deployment
	if err := operation.Locked(ctx, src.Client, lock, r.steps(wait), progress); err != nil {
		return Result{}, err
	}
	relays, problems := r.reach(ctx)
	return Result{Lagging: r.lagging, Relays: relays, Problems: append(r.problems, problems...)}, nil
}

// run is one apply.
type run struct {
	Source
	s        *v1alpha1.Stack
	o        Options
	lagging  []Lag
	problems []problem.Problem
}

func (r *run) steps(wait bool) []operation.Step {
	postgres := r.s.UsesPostgreSQL()
	steps := []operation.Step{}
	add := func(wanted bool, name string, do func(context.Context, func(string)) (string, error)) {
		if wanted {
			steps = append(steps, operation.Step{Name: name, Do: do})
		}
	}
	add(true, "access and network policy", r.apply("access"))
	add(postgres, "credentials", r.apply("credentials"))
	add(true, "services", r.services)
	add(postgres, "database cluster", r.apply("database"))
	add(true, "Kea configuration", r.apply("configuration"))
	add(true, "Kea servers", r.apply("servers"))
	add(postgres && wait, "wait for the database", r.waitDatabase)
	add(postgres && r.s.Spec.Database.Backup.Method != v1alpha1.NoBackup, "backup schedule", r.apply(groupBackups))
	add(wait, "wait for the servers to hand out leases", r.waitServers)
	// Without waiting there may be no schema yet.
	add(postgres && wait && r.s.Spec.Database.AuditEnabled, "history of leases", r.keepHistory)
	return steps
}

func (r *run) namespace(ctx context.Context, _ func(string)) (string, error) {
	err := r.Client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: r.s.Metadata.Namespace}})
	if apierrors.IsAlreadyExists(err) {
		return "", &operation.Skipped{Reason: "it exists"}
	}
	return "", err
}

// apply brings the objects of one group about. What the cluster has of them is read anew: an earlier step may have made
// it.
func (r *run) apply(group string) func(context.Context, func(string)) (string, error) {
	return func(ctx context.Context, _ func(string)) (string, error) {
		items, err := r.wanted(ctx, r.s, true)
		if err != nil {
			return "", err
		}
		items = slices.DeleteFunc(items, func(i *item) bool { return i.group != group && !i.isAddress(r.s) })
		if err := each(items, func(i *item) error { return i.read(ctx, r.Client) }); err != nil {
			return "", err
		}
		adapt(r.s, items)
		counts := map[Action]int{}
		caCert := ""
		for _, i := range ordered(items, group, r.s.Spec.Database.CASecret) {
			action, err := r.one(ctx, i, caCert)
			if err != nil {
				return "", err
			}
			counts[action]++
			if i.isSecret() && i.want.GetName() == r.s.Spec.Database.CASecret {
				caCert = string(dataOf(i.live)[keyCACert])
			}
		}
		return summary(counts), nil
	}
}

// ordered are the items of a group, the CA's Secret first: another Secret holds its certificate.
func ordered(items []*item, group, first string) []*item {
	found := []*item{}
	for _, i := range items {
		switch {
		case i.group != group:
		case i.isSecret() && i.want.GetName() == first:
			found = append([]*item{i}, found...)
		default:
			found = append(found, i)
		}
	}
	return found
}

func summary(counts map[Action]int) string {
	texts := []string{}
	for _, a := range []struct {
		Action
		text string
	}{{Create, "created"}, {Update, "changed"}, {Unchanged, "unchanged"}, {Keep, "kept"}} {
		if n := counts[a.Action]; n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, a.text))
		}
	}
	return strings.Join(texts, ", ")
}

// one brings one object about and says what came of it.
func (r *run) one(ctx context.Context, i *item, caCert string) (Action, error) {
	switch {
	case i.keep != "":
		return Keep, nil
	case i.once && i.live != nil && !i.isSecret():
		return Keep, nil
	case i.isSecret():
		return r.secret(ctx, i, caCert)
	}
	result, err := i.apply(ctx, r.Client, r.o.ForceConflicts, false)
	switch {
	case apierrors.IsConflict(err):
		return "", fmt.Errorf("%s: %s", i, conflictText(err))
	case err != nil:
		return "", err
	case i.live == nil:
		return Create, nil
	case alike(i.live, result):
		return Unchanged, nil
	}
	return Update, nil
}

// secret creates a Secret with new content, or adds the keys that it lacks. What it has is never changed.
func (r *run) secret(ctx context.Context, i *item, caCert string) (Action, error) {
	have := map[string][]byte{}
	if i.live != nil {
		have = dataOf(i.live)
	}
	added, ok, err := secretData(r.s, i.want.GetName(), have, caCert, r.Now())
	if err != nil || !ok {
		return "", fmt.Errorf("make %s: %w", i, err)
	}
	if len(added) == 0 {
		return Keep, nil
	}
	encoded := map[string]any{}
	for key, value := range added {
		encoded[key] = base64.StdEncoding.EncodeToString(value)
	}
	if i.live == nil {
		object := i.want.DeepCopy()
		if err := unstructured.SetNestedMap(object.Object, encoded, "data"); err != nil {
			return "", err
		}
		if err := r.Client.Create(ctx, object, client.FieldOwner(marks.FieldManager)); err != nil {
			return "", fmt.Errorf("create %s: %w", i, discreet(err, added))
		}
		i.live = object
		return Create, nil
	}
	before := i.live.DeepCopy()
	for key, value := range encoded {
		if err := unstructured.SetNestedField(i.live.Object, value, "data", key); err != nil {
			return "", err
		}
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Patch(ctx, i.live, patch, client.FieldOwner(marks.FieldManager)); err != nil {
		return "", fmt.Errorf("add keys to %s: %w", i, discreet(err, added))
	}
	return Update, nil
}

// services applies the Services; at the first install it waits a little for the load balancers' addresses.
func (r *run) services(ctx context.Context, note func(string)) (string, error) {
	text, err := r.apply("services")(ctx, note)
	if err != nil || r.s.Spec.Exposure.Type != v1alpha1.PerPodLoadBalancer || len(r.s.Spec.Exposure.Addresses) > 0 {
		return text, err
	}
	key := client.ObjectKey{Namespace: r.s.Metadata.Namespace, Name: r.s.ConfigMap()}
	if err := r.Client.Get(ctx, key, &corev1.ConfigMap{}); !apierrors.IsNotFound(err) {
		return text, err
	}
	end := r.Now().Add(balancerTime)
	for r.Now().Before(end) {
		_, waiting, err := r.balancers(ctx)
		if err != nil || len(waiting) == 0 {
			return text, err
		}
		note("waiting for the load balancers of " + strings.Join(waiting, ", "))
		if err := operation.Pause(ctx, time.Second); err != nil {
			return "", err
		}
	}
	return text + "; no load balancer gave an address yet, clients get to know the ClusterIPs", nil
}
