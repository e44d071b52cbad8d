package inventory

import (
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// findOperations reads the unfinished operations that earlier runs left on the deployment's objects.
func (in *Inventory) findOperations(sets []appsv1.StatefulSet) {
	look := func(kind string, o metav1.Object) {
		state, ok := o.GetAnnotations()[kube.AnnotationOperation]
		if !ok {
			return
		}
		operation := Operation{Object: kind + " " + o.GetName()}
		if err := json.Unmarshal([]byte(state), &operation); err != nil {
			in.Unread = append(in.Unread, problem.Unread{Source: "annotation " + kube.AnnotationOperation + " of " + kind + " " + o.GetName(), Error: err.Error(), Err: err})
			return
		}
		operation.Object = kind + " " + o.GetName()
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
	slices.SortFunc(in.Operations, func(a, b Operation) int { return a.Started.Compare(b.Started) })
}
