package stack

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// Part is a part of a deployment that uninstall keeps unless it is named.
type Part string

// The parts.
const (
	PartServers  Part = "servers"  // always removed
	PartDatabase Part = "database" // the CNPG cluster with its volumes, its Service, the Secrets
	PartVolumes  Part = "volumes"  // of servers that keep their leases in files
	PartBackups  Part = "backups"  // the Backup objects and the ObjectStore; files in the bucket stay
)

// Removal is what uninstall would do.
type Removal struct {
	Deployment string   `json:"deployment"`
	Namespace  string   `json:"namespace"`
	Changes    []Change `json:"changes"` // delete and keep, in the order of deletion

	objects []*unstructured.Unstructured // to delete, in that order
	backups []*unstructured.Unstructured // those that only their cluster tells to be the deployment's
}

// part says what an object is part of, and how late it is deleted.
func part(o *unstructured.Unstructured) (Part, int) {
	switch o.GetKind() {
	case "StatefulSet":
		return PartServers, 0
	case "CronJob":
		return PartServers, 1
	case "ScheduledBackup":
		return PartDatabase, 3
	case "Cluster":
		return PartDatabase, 4
	case "Secret":
		return PartDatabase, 6
	case "Service":
		if o.GetLabels()[marks.LabelComponent] == "database" {
			return PartDatabase, 5
		}
	case "PersistentVolumeClaim":
		return PartVolumes, 7
	case "Backup":
		return PartBackups, 8
	case "ObjectStore":
		return PartBackups, 9
	}
	return PartServers, 2
}

// kinds are those that a deployment's objects are of.
func kinds() []schema.GroupVersionKind {
	cnpgVersion := schema.GroupVersion{Group: "postgresql.cnpg.io", Version: "v1"}
	return []schema.GroupVersionKind{
		{Group: "apps", Version: "v1", Kind: "StatefulSet"},
		{Group: "batch", Version: "v1", Kind: "CronJob"},
		{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"},
		{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"},
		{Version: "v1", Kind: "ServiceAccount"},
		{Version: "v1", Kind: "ConfigMap"},
		{Version: "v1", Kind: "Service"},
		{Version: "v1", Kind: "Secret"},
		{Version: "v1", Kind: "PersistentVolumeClaim"},
		cnpgVersion.WithKind("Cluster"), cnpgVersion.WithKind("ScheduledBackup"), cnpgVersion.WithKind("Backup"),
		cnpg.ObjectStoreKind(),
	}
}

// MakeRemoval finds what belongs to a deployment and says what would be deleted: the servers, and the parts that are
// named. Nothing is changed. Permission: list each kind.
func MakeRemoval(ctx context.Context, src Source, namespace, deployment string, parts []Part) (Removal, error) {
	r := Removal{Deployment: deployment, Namespace: namespace, Changes: []Change{}}
	all, err := owned(ctx, src.Client, namespace, deployment)
	if err != nil {
		return r, err
	}
	for _, o := range all {
		p, _ := part(o)
		c := Change{Action: Keep, Kind: o.GetKind(), Name: o.GetName(), Group: string(p)}
		if p == PartServers || slices.Contains(parts, p) {
			c.Action = Delete
			r.objects = append(r.objects, o)
		} else {
			c.Note = "unless --delete " + string(p)
		}
		r.Changes = append(r.Changes, c)
		if p == PartBackups && o.GetLabels()[marks.LabelDeployment] != deployment {
			r.backups = append(r.backups, o)
		}
	}
	return r, nil
}

// owned lists all objects of a deployment in the order of their deletion.
func owned(ctx context.Context, r client.Reader, namespace, deployment string) ([]*unstructured.Unstructured, error) {
	all := kinds()
	lists := make([]unstructured.UnstructuredList, len(all))
	failed := make([]error, len(all))
	var wait sync.WaitGroup
	for i, kind := range all {
		wait.Go(func() {
			lists[i].SetGroupVersionKind(kind)
			options := []client.ListOption{client.InNamespace(namespace)}
			if kind.Kind != "Backup" { // a ScheduledBackup's Backups carry CNPG's labels only
				options = append(options, client.MatchingLabels{marks.LabelDeployment: deployment})
			}
			if err := r.List(ctx, &lists[i], options...); err != nil && !kube.IsNotInstalled(err) {
				failed[i] = fmt.Errorf("list %s: %w", kind.Kind, err)
			}
		})
	}
	wait.Wait()
	clusters := map[string]bool{}
	found := []*unstructured.Unstructured{}
	for i := range lists {
		if failed[i] != nil {
			return nil, failed[i]
		}
		for n := range lists[i].Items {
			o := &lists[i].Items[n]
			if o.GetKind() == "Cluster" {
				clusters[o.GetName()] = true
			}
			// The operator copies a cluster's labels to what it makes; that goes with its cluster.
			if metav1.GetControllerOf(o) == nil || o.GetKind() == "Backup" {
				found = append(found, o)
			}
		}
	}
	found = slices.DeleteFunc(found, func(o *unstructured.Unstructured) bool {
		cluster, _, _ := unstructured.NestedString(o.Object, "spec", "cluster", "name")
		return o.GetKind() == "Backup" && !clusters[cluster] && o.GetLabels()[marks.LabelDeployment] != deployment
	})
	slices.SortStableFunc(found, func(a, b *unstructured.Unstructured) int {
		_, orderA := part(a)
		_, orderB := part(b)
		return cmp.Or(cmp.Compare(orderA, orderB), strings.Compare(a.GetKind(), b.GetKind()), strings.Compare(a.GetName(), b.GetName()))
	})
	return found, nil
}

// Deployments are the names of the deployments in a namespace that install made, or that uninstall left a database,
// volumes or backups of. Permission: list configmaps, services, persistentvolumeclaims, objectstores.
func Deployments(ctx context.Context, r client.Reader, namespace string) ([]string, error) {
	names := []string{}
	for _, kind := range []schema.GroupVersionKind{
		{Version: "v1", Kind: "ConfigMap"}, {Version: "v1", Kind: "Service"}, {Version: "v1", Kind: "PersistentVolumeClaim"}, cnpg.ObjectStoreKind(),
	} {
		list := unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind)
		err := r.List(ctx, &list, client.InNamespace(namespace), client.HasLabels{marks.LabelDeployment}, client.MatchingLabels{marks.LabelManagedBy: marks.FieldManager})
		if err != nil && !kube.IsNotInstalled(err) {
			return nil, fmt.Errorf("look for deployments in namespace %s: %w", namespace, err)
		}
		for _, o := range list.Items {
			names = append(names, o.GetLabels()[marks.LabelDeployment])
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Remove deletes what a removal says, in named steps, and waits until the servers' pods are gone. Killed anywhere and run
// again, it goes on. Errors: *operation.StepError, *operation.HeldError.
func Remove(ctx context.Context, src Source, r Removal, lock operation.Options, progress operation.Progress) error {
	steps := []operation.Step{}
	for _, p := range []Part{PartServers, PartDatabase, PartVolumes, PartBackups} {
		objects := []*unstructured.Unstructured{}
		for _, o := range r.objects {
			if of, _ := part(o); of == p {
				objects = append(objects, o)
			}
		}
		if len(objects) > 0 {
			steps = append(steps, operation.Step{Name: "delete the " + string(p), Do: func(ctx context.Context, note func(string)) (string, error) {
				if p == PartDatabase {
					if err := src.mark(ctx, r.backups, r.Deployment); err != nil {
						return "", err
					}
				}
				return src.remove(ctx, objects, note)
			}})
		}
	}
	lock.Namespace, lock.Deployment = r.Namespace, r.Deployment
	return operation.Locked(ctx, src.Client, lock, steps, progress)
}

// mark labels the Backups of a cluster that is about to go: a later run could not tell any more whose they are. CNPG
// makes them without our labels. Who may not do that still may delete the rest.
func (src Source) mark(ctx context.Context, backups []*unstructured.Unstructured, deployment string) error {
	for _, o := range backups {
		patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, marks.LabelDeployment, deployment)
		err := src.Client.Patch(ctx, o.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner(marks.FieldManager))
		if err != nil && !apierrors.IsNotFound(err) && !kube.IsForbidden(err) {
			return fmt.Errorf("label backup %s: %w", o.GetName(), err)
		}
	}
	return nil
}

// Finish ends an uninstall that was interrupted when nothing was left to delete but its own lock. It reports whether there
// was one. Errors: *operation.HeldError.
func Finish(ctx context.Context, src Source, r Removal, lock operation.Options) (bool, error) {
	err := src.Client.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: operation.LockName(r.Deployment)}, &coordinationv1.Lease{})
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read the lock of %s: %w", r.Deployment, err)
	}
	return true, Remove(ctx, src, r, lock, nil)
}

// remove deletes objects and waits until they, and what they own, are gone.
func (src Source) remove(ctx context.Context, objects []*unstructured.Unstructured, note func(string)) (string, error) {
	for _, o := range objects {
		note(o.GetKind() + " " + o.GetName())
		uid := o.GetUID()
		err := src.Client.Delete(ctx, o, client.PropagationPolicy(metav1.DeletePropagationForeground), client.Preconditions{UID: &uid})
		if err != nil && !apierrors.IsNotFound(err) {
			return "", fmt.Errorf("delete %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	err := poll(ctx, note, func(ctx context.Context) (string, error) {
		left := []string{}
		for _, o := range objects {
			now := &unstructured.Unstructured{}
			now.SetGroupVersionKind(o.GroupVersionKind())
			err := src.Client.Get(ctx, client.ObjectKeyFromObject(o), now)
			switch {
			case apierrors.IsNotFound(err), kube.IsNotInstalled(err): // its definition went too
			case err != nil:
				return "", err
			case now.GetUID() == o.GetUID():
				left = append(left, o.GetKind()+" "+o.GetName())
			}
		}
		return strings.Join(left, ", "), nil
	})
	return fmt.Sprintf("%d deleted", len(objects)), err
}

// Empty reports whether there is nothing to delete.
func (r Removal) Empty() bool { return len(r.objects) == 0 }
