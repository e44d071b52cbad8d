package stack

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/manifest"
)

// Options are the choices of an install.
type Options struct {
	CreateNamespace bool
	ForceConflicts  bool // take fields over that another field manager set
}

// Make compares a stack with the cluster. What stands against it is in the plan's problems, all of it at once; an error
// means that the cluster could not be asked. Nothing is changed.
// Permission: those of the admin role, see Permissions.
func Make(ctx context.Context, src Source, s *v1alpha1.Stack, o Options) (Plan, error) {
	p := Plan{Deployment: s.Metadata.Name, Namespace: s.Metadata.Namespace, Changes: []Change{}, Problems: []problem.Problem{}, Lagging: []Lag{}, stack: s}
	exists, err := namespaceExists(ctx, src.Client, s.Metadata.Namespace)
	if err != nil {
		return p, err
	}
	switch {
	case exists:
	case o.CreateNamespace:
		p.CreateNamespace = true
		p.Changes = append(p.Changes, Change{Action: Create, Kind: "Namespace", Name: s.Metadata.Namespace, Group: "namespace"})
	default:
		p.Problems = append(p.Problems, problem.NewCritical("no-namespace", "namespace "+s.Metadata.Namespace, "the namespace does not exist", "add --create-namespace"))
	}
	var (
		wait    sync.WaitGroup
		found   []problem.Problem
		items   []*item
		history *Change
		errAsk  error
		errObj  error
	)
	wait.Go(func() { found, errAsk = preflight(ctx, src, s, exists, p.CreateNamespace) })
	wait.Go(func() { items, errObj = src.look(ctx, s, exists) })
	wait.Go(func() { history = src.planHistory(ctx, s, exists) })
	wait.Wait()
	p.Problems = append(p.Problems, found...)
	if denied(p.Problems) {
		return p, nil // what else could not be read follows from that
	}
	if err := cmp.Or(errAsk, errObj); err != nil {
		return p, err
	}
	p.Problems = append(p.Problems, refusals(s, items)...)
	p.Problems = append(p.Problems, losses(s, items)...)
	p.Problems = append(p.Problems, otherCluster(s, items)...)
	adapt(s, items)
	if err := p.compare(ctx, src, items, o, exists); err != nil {
		return p, err
	}
	if history != nil {
		p.Changes = append(p.Changes, *history)
	}
	problem.Sort(p.Problems)
	return p, nil
}

func denied(all []problem.Problem) bool {
	return slices.ContainsFunc(all, func(p problem.Problem) bool { return p.Code == "missing-permission" })
}

// namespaceExists asks for the namespace. Who may not see namespaces is believed to have one.
func namespaceExists(ctx context.Context, r client.Reader, name string) (bool, error) {
	err := r.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{})
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err == nil, kube.IsForbidden(err):
		return true, nil
	}
	return false, fmt.Errorf("read namespace %s: %w", name, err)
}

// look reads what the cluster has of the stack's objects, all at the same time.
func (src Source) look(ctx context.Context, s *v1alpha1.Stack, exists bool) ([]*item, error) {
	items, err := src.wanted(ctx, s, exists)
	if err != nil || !exists {
		return items, err
	}
	return items, each(items, func(i *item) error { return i.read(ctx, src.Client) })
}

// wanted are the stack's objects, with the addresses that the cluster gave its Services so far.
func (src Source) wanted(ctx context.Context, s *v1alpha1.Stack, exists bool) ([]*item, error) {
	services := corev1.ServiceList{}
	if exists {
		if err := src.Client.List(ctx, &services, client.InNamespace(s.Metadata.Namespace)); err != nil {
			return nil, fmt.Errorf("list services in namespace %s: %w", s.Metadata.Namespace, err)
		}
	}
	addresses, _ := Addresses(s, services.Items)
	groups, err := manifest.Groups(s, addresses)
	if err != nil {
		return nil, err
	}
	return itemsOf(groups)
}

// each does something with all items at the same time. The error is the first in the items' order: an API server that is
// away says the same about all of them.
func each(items []*item, do func(*item) error) error {
	failed := make([]error, len(items))
	var wait sync.WaitGroup
	for n, i := range items {
		wait.Go(func() { failed[n] = do(i) })
	}
	wait.Wait()
	return cmp.Or(failed...)
}

// otherCluster says that a part of the file does not count, which nobody would expect who knows nothing of the cutover.
func otherCluster(s *v1alpha1.Stack, items []*item) []problem.Problem {
	current, stated := currentCluster(s, items), s.Spec.Database.Cluster.Name
	if current == stated || !s.UsesPostgreSQL() {
		return nil
	}
	return []problem.Problem{{
		Severity: problem.Info, Code: "another-cluster", Subject: "cluster " + current,
		Text: "it is the current database cluster since a cutover; what the file says of cluster " + stated + " and its backups is not applied",
	}}
}

// adapt keeps what operations may have changed since: the cluster that is current, and how a cluster came to be.
func adapt(s *v1alpha1.Stack, items []*item) {
	current := currentCluster(s, items)
	for _, i := range items {
		if i.group != "database" && i.group != groupBackups {
			continue
		}
		if current != s.Spec.Database.Cluster.Name {
			i.keep = "the current database cluster is " + current
			continue
		}
		if i.want.GetKind() == "Cluster" && i.live != nil {
			copyField(i.live, i.want, "spec", "bootstrap")
		}
	}
}

// currentCluster is the cluster that the database's Service leads to: the file's, until a cutover.
func currentCluster(s *v1alpha1.Stack, items []*item) string {
	for _, i := range items {
		if i.isAddress(s) && i.live != nil {
			return currentOf(s, i.live)
		}
	}
	return s.Spec.Database.Cluster.Name
}

// currentOf is the cluster that the database's Service says is current.
func currentOf(s *v1alpha1.Stack, service metav1.Object) string {
	return cmp.Or(service.GetAnnotations()[marks.AnnotationCurrentCluster], s.Spec.Database.Cluster.Name)
}

// compare works out each object's change, by the API server's own dry run.
func (p *Plan) compare(ctx context.Context, src Source, items []*item, o Options, exists bool) error {
	changes := make([]Change, len(items))
	problems := make([][]problem.Problem, len(items))
	failed := make([]error, len(items))
	var wait sync.WaitGroup
	for n, i := range items {
		wait.Go(func() {
			change := Change{Kind: i.want.GetKind(), Name: i.want.GetName(), Group: i.group, Action: Create}
			var found []problem.Problem
			switch {
			case i.keep != "":
				change.Action, change.Note = Keep, i.keep
			case i.taken:
				change.Action, change.Note = Keep, "it is somebody else's"
			case i.refused:
				change.Action, change.Note = Keep, "it cannot become what the file says"
			case i.once:
				found = once(p.stack, i, &change, src)
			case exists:
				found, failed[n] = p.dryRun(ctx, src, i, &change, o)
			}
			changes[n], problems[n] = change, found
		})
	}
	wait.Wait()
	p.Changes = append(p.Changes, changes...)
	for _, found := range problems {
		p.Problems = append(p.Problems, found...)
	}
	return cmp.Or(failed...)
}

// once plans an object that is created and then left alone.
func once(s *v1alpha1.Stack, i *item, change *Change, src Source) []problem.Problem {
	if i.live == nil {
		if i.isSecret() {
			change.Note = "new password"
			if i.want.GetName() == s.Spec.Database.CASecret {
				change.Note = "new certificate authority"
			}
		}
		return nil
	}
	change.Action = Keep
	if !i.isSecret() {
		change.Note = "created once; operations change it"
		return nil
	}
	added, _, err := secretData(s, i.want.GetName(), dataOf(i.live), "", src.Now())
	switch {
	case err != nil:
		return []problem.Problem{problem.NewCritical("bad-secret", i.String(), err.Error(), "kubectl -n "+i.want.GetNamespace()+" describe secret "+i.want.GetName())}
	case len(added) > 0 && !i.ours(s.Metadata.Name):
		text := "it is not of this deployment, and lacks the keys " + strings.Join(slices.Sorted(maps.Keys(added)), ", ")
		return []problem.Problem{problem.NewCritical("name-taken", i.String(), text, "name another Secret in the stack file, or add the keys")}
	case len(added) > 0:
		change.Action, change.Note = Update, "adds the keys "+strings.Join(slices.Sorted(maps.Keys(added)), ", ")
	default:
		change.Note = "its content stays"
	}
	return nil
}

// dryRun asks the API server what an apply would do. Its no is a problem of the plan; no answer is an error.
func (p *Plan) dryRun(ctx context.Context, src Source, i *item, change *Change, o Options) ([]problem.Problem, error) {
	result, err := i.apply(ctx, src.Client, o.ForceConflicts, true)
	switch {
	case kube.IsNotInstalled(err): // preflight says so
		return nil, nil
	case apierrors.IsConflict(err):
		return []problem.Problem{problem.NewCritical("fields-of-others", i.String(), conflictText(err), "add --force-conflicts to take the fields over, or change the stack file to what they say")}, nil
	case isRefusal(err):
		return []problem.Problem{problem.NewCritical("refused-by-the-cluster", i.String(), refusalText(err), "")}, nil
	case err != nil:
		return nil, err
	case i.live == nil:
		return nil, nil
	}
	change.Diff, err = difference(i.live, result, i.want.GetKind()+"/"+i.want.GetName())
	if err != nil {
		return nil, err
	}
	change.Action = Unchanged
	if change.Diff != "" {
		change.Action = Update
		if i.want.GetName() == p.stack.ScriptsConfigMap() {
			change.Diff, change.Note = "", "the scripts of this version"
		}
	}
	return nil, nil
}
