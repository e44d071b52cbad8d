package inventory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// UnfinishedError says that there is no Kea server yet, and that an operation that was to make some stopped. It is an
// ErrNone.
type UnfinishedError struct {
	Namespace string
	Operation Operation
}

// Error implements error.
func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("%v in namespace %s: %s by %s has not got further than the step %q", ErrNone, e.Namespace, e.Operation.Kind, e.Operation.By, e.Operation.Step)
}

// Is implements errors.Is.
func (e *UnfinishedError) Is(target error) bool { return target == ErrNone }

// same reports whether two objects carry the state of one operation: the lock, and what it works on.
func (o Operation) same(other Operation) bool {
	return o.Kind == other.Kind && o.By == other.By && o.Started.Equal(other.Started)
}

// listLocks reads the locks of operations. Who may not read them is not told of unfinished operations: that is no reason
// to call the rest incomplete.
func listLocks(ctx context.Context, r client.Reader, list *coordinationv1.LeaseList, where client.InNamespace) error {
	err := r.List(ctx, list, where, client.HasLabels{marks.LabelDeployment})
	if kube.IsForbidden(err) {
		return nil
	}
	return err
}

// findOperations reads the unfinished operations that earlier runs left on the deployment's objects.
func (in *Inventory) findOperations(sets []appsv1.StatefulSet, locks []coordinationv1.Lease) {
	look := func(kind string, o metav1.Object) {
		state, ok := o.GetAnnotations()[marks.AnnotationOperation]
		if !ok {
			return
		}
		operation := Operation{Object: kind + " " + o.GetName()}
		if err := json.Unmarshal([]byte(state), &operation); err != nil {
			in.Unread = append(in.Unread, problem.Unread{Source: "annotation " + marks.AnnotationOperation + " of " + kind + " " + o.GetName(), Error: err.Error(), Err: err})
			return
		}
		operation.Object = kind + " " + o.GetName()
		if i := slices.IndexFunc(in.Operations, operation.same); i >= 0 {
			in.Operations[i].Step = cmp.Or(in.Operations[i].Step, operation.Step)
			return
		}
		in.Operations = append(in.Operations, operation)
	}
	for i := range in.Services {
		look("service", &in.Services[i])
	}
	for i := range in.Clusters {
		look("cluster", &in.Clusters[i])
	}
	for i := range sets {
		look("statefulset", &sets[i])
	}
	for i := range locks {
		look("lease", &locks[i])
	}
	slices.SortFunc(in.Operations, func(a, b Operation) int { return a.Started.Compare(b.Started) })
}
