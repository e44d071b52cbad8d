package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/manifest"
)

// groupBackups comes after the others: a schedule begins with a backup, which would hold up the making of replicas.
const groupBackups = "backups"

// item is one object of the stack beside what the cluster has of it.
type item struct {
	group string
	once  bool // created when absent, never changed afterwards
	want  *unstructured.Unstructured
	live  *unstructured.Unstructured // nil: absent
	keep  string                     // why it is left alone although it differs; "" when it is not
	taken bool                       // it is somebody else's
	// refused: something in it cannot be changed, as we said ourselves; the cluster need not say it again.
	refused bool
}

// itemsOf lists the objects of all groups in the order in which they are applied.
func itemsOf(groups []manifest.Group) ([]*item, error) {
	items := []*item{}
	for _, g := range groups {
		for _, o := range g.Objects {
			fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o.Object)
			if err != nil {
				return nil, fmt.Errorf("convert %s %s: %w", o.GetObjectKind().GroupVersionKind().Kind, o.GetName(), err)
			}
			i := &item{group: g.Name, once: o.Once, want: &unstructured.Unstructured{Object: fields}}
			if i.want.GetKind() == "ScheduledBackup" {
				i.group = groupBackups
			}
			items = append(items, i)
		}
	}
	return items, nil
}

// isAddress reports whether the object is the Service by which Kea knows its database.
func (i *item) isAddress(s *v1alpha1.Stack) bool {
	return i.want.GetKind() == "Service" && i.want.GetName() == s.Spec.Database.Service
}

func (i *item) isSecret() bool { return i.want.GetKind() == "Secret" }

// String names the object for people: "Service kea-database".
func (i *item) String() string { return i.want.GetKind() + " " + i.want.GetName() }

// resource is what kubectl takes to name the object's kind and nothing else: "cluster.postgresql.cnpg.io".
func (i *item) resource() string {
	kind, group := strings.ToLower(i.want.GetKind()), i.want.GroupVersionKind().Group
	if strings.Contains(group, ".") {
		return kind + "." + group
	}
	return kind
}

// read gets the object from the cluster. A kind that the cluster does not know has no objects.
func (i *item) read(ctx context.Context, r client.Reader) error {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(i.want.GroupVersionKind())
	err := r.Get(ctx, client.ObjectKeyFromObject(i.want), live)
	switch {
	case apierrors.IsNotFound(err), kube.IsNotInstalled(err):
		return nil
	case err != nil:
		return fmt.Errorf("read %s: %w", i, err)
	}
	i.live = live
	return nil
}

// ours reports whether the object in the cluster belongs to this deployment.
func (i *item) ours(deployment string) bool {
	labels := i.live.GetLabels()
	return labels[marks.LabelDeployment] == deployment && labels[marks.LabelManagedBy] == marks.FieldManager
}

// apply sends the object by server-side apply and returns what the cluster then has.
func (i *item) apply(ctx context.Context, c client.Client, force, dryRun bool) (*unstructured.Unstructured, error) {
	object := i.want.DeepCopy()
	options := []client.ApplyOption{client.FieldOwner(marks.FieldManager)}
	if force {
		options = append(options, client.ForceOwnership)
	}
	if dryRun {
		options = append(options, client.DryRunAll)
	}
	err := client.WithFieldValidation(c, metav1.FieldValidationStrict).Apply(ctx, client.ApplyConfigurationFromUnstructured(object), options...)
	if err != nil {
		return nil, fmt.Errorf("apply %s: %w", i, err)
	}
	return object, nil
}

// difference compares what the cluster has with what it would have, as a unified diff of YAML. It is empty when an apply
// would change nothing that people see.
func difference(live, result *unstructured.Unstructured, name string) (string, error) {
	if alike(live, result) {
		return "", nil
	}
	before, err := yaml.Marshal(visible(live))
	if err != nil {
		return "", fmt.Errorf("write %s as it is: %w", name, err)
	}
	after, err := yaml.Marshal(visible(result))
	if err != nil {
		return "", fmt.Errorf("write %s as it would be: %w", name, err)
	}
	return udiff.Unified(name+" (now)", name+" (new)", string(before), string(after)), nil
}

// alike reports whether two versions of an object say the same to people. Their resource versions do not tell: a
// controller may have written the status in between.
func alike(a, b *unstructured.Unstructured) bool {
	return equality.Semantic.DeepEqual(visible(a), visible(b))
}

// visible is an object without what the server keeps about it.
func visible(o *unstructured.Unstructured) map[string]any {
	fields := o.DeepCopy().Object
	delete(fields, "status")
	for _, f := range []string{"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"} {
		unstructured.RemoveNestedField(fields, "metadata", f)
	}
	return fields
}
