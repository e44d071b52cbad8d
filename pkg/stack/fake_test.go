package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// cluster is an API server with what a test says of it.
type cluster struct {
	client.WithWatch
	store  client.WithWatch // what is behind it, for the test to look and to change
	scheme *runtime.Scheme

	denied  []string // permissions that the user does not have: "create roles.rbac.authorization.k8s.io"
	lacks   []string // kinds that are not installed
	refuses map[string]error
	before  func(verb, object string) error // called before each write; an error refuses it

	noBalancer bool // Services of type LoadBalancer get no address from outside
	addresses  int

	mu     sync.Mutex
	writes []string // "create Secret kea-db-ca", in their order
}

// newCluster is a cluster with the operators, a default storage class and the namespace network.
func newCluster(t *testing.T, objects ...client.Object) *cluster {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, policyv1.AddToScheme, networkingv1.AddToScheme, rbacv1.AddToScheme,
		storagev1.AddToScheme, coordinationv1.AddToScheme, authorizationv1.AddToScheme, cnpgv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	store := schema.GroupVersion{Group: "barmancloud.cnpg.io", Version: "v1"}
	scheme.AddKnownTypeWithName(store.WithKind("ObjectStore"), &unstructured.Unstructured{})
	scheme.AddKnownTypeWithName(store.WithKind("ObjectStoreList"), &unstructured.UnstructuredList{})
	f := &cluster{scheme: scheme, refuses: map[string]error{}}
	f.store = builder(scheme).WithObjects(append(world(), objects...)...).Build()
	f.WithWatch = interceptor.NewClient(f.store, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
			if err := f.absent(o); err != nil {
				return err
			}
			if err := f.refused("get", o, key.Name); err != nil {
				return err
			}
			return c.Get(ctx, key, o, options...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
			if err := f.absent(list); err != nil {
				return err
			}
			if err := f.refused("list", list, ""); err != nil {
				return err
			}
			return c.List(ctx, list, options...)
		},
		Create: f.create,
		Apply:  f.apply,
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, options ...client.PatchOption) error {
			if err := f.write(ctx, "patch", o); err != nil {
				return err
			}
			return c.Patch(ctx, o, patch, options...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.DeleteOption) error {
			if err := f.write(ctx, "delete", o); err != nil {
				return err
			}
			return c.Delete(ctx, o, options...)
		},
	})
	return f
}

// builder makes API servers that take lists as a whole: that is enough here, and the schemas in client-go do not know CNPG.
func builder(scheme *runtime.Scheme) *fake.ClientBuilder {
	return fake.NewClientBuilder().WithScheme(scheme).WithReturnManagedFields().WithTypeConverters(managedfields.NewDeducedTypeConverter())
}

// world is what is there before any install.
func world() []client.Object {
	operator := func(namespace, name, image string, labels map[string]string) client.Object {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels}}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "manager", Image: image}}
		return d
	}
	return []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "network"}},
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "standard", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}}},
		operator("cnpg-system", "cnpg-controller-manager", "ghcr.io/cloudnative-pg/cloudnative-pg:1.27.0", map[string]string{"app.kubernetes.io/name": "cloudnative-pg"}),
		operator("cnpg-system", "barman-cloud", "ghcr.io/cloudnative-pg/plugin-barman-cloud:v0.6.0", map[string]string{"app": "barman-cloud"}),
	}
}

func (f *cluster) source() Source { return Source{Client: f, Now: today} }

// absent is the answer about a kind that is not installed.
func (f *cluster) absent(o runtime.Object) error {
	kind, err := apiutil.GVKForObject(o, f.scheme)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(kind.Kind, "List")
	if slices.Contains(f.lacks, name) {
		return &meta.NoKindMatchError{GroupKind: schema.GroupKind{Group: kind.Group, Kind: name}, SearchedVersions: []string{kind.Version}}
	}
	return nil
}

// refused is the answer to a request that the test refuses: "list StorageClass", "apply Service kea-database".
func (f *cluster) refused(verb string, o runtime.Object, name string) error {
	kind, err := apiutil.GVKForObject(o, f.scheme)
	if err != nil {
		return err
	}
	return f.refuses[strings.TrimSpace(verb+" "+strings.TrimSuffix(kind.Kind, "List")+" "+name)]
}

func (f *cluster) write(ctx context.Context, verb string, o client.Object) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := f.absent(o); err != nil {
		return err
	}
	if err := f.refused(verb, o, o.GetName()); err != nil {
		return err
	}
	kind, err := apiutil.GVKForObject(o, f.scheme)
	if err != nil {
		return err
	}
	object := kind.Kind + " " + o.GetName()
	if f.before != nil {
		if err := f.before(verb, object); err != nil {
			return err
		}
	}
	if kind.Kind != "Lease" && kind.Kind != "SelfSubjectAccessReview" {
		f.mu.Lock()
		f.writes = append(f.writes, verb+" "+object)
		f.mu.Unlock()
	}
	return nil
}

// written gives the writes since the last call.
func (f *cluster) written() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := append([]string{}, f.writes...)
	f.writes = nil
	return found
}

func (f *cluster) create(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
	if review, ok := o.(*authorizationv1.SelfSubjectAccessReview); ok {
		a := review.Spec.ResourceAttributes
		text := a.Verb + " " + a.Resource
		if a.Subresource != "" {
			text += "/" + a.Subresource
		}
		if a.Group != "" {
			text += "." + a.Group
		}
		review.Status.Allowed = !slices.Contains(f.denied, text)
		return f.refuses["create SelfSubjectAccessReview"]
	}
	if err := f.write(ctx, "create", o); err != nil {
		return err
	}
	return c.Create(ctx, o, options...)
}

// apply gives Services their addresses and does dry runs on a copy, which the fake client does not do.
func (f *cluster) apply(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, options ...client.ApplyOption) error {
	object, ok := o.(interface {
		client.Object
		runtime.Unstructured
	})
	if !ok {
		return fmt.Errorf("%T is not unstructured", o)
	}
	all := &client.ApplyOptions{}
	all.ApplyOptions(options)
	if len(all.DryRun) > 0 {
		if err := f.absent(object); err != nil {
			return err
		}
		if err := f.refused("dry-run", object, object.GetName()); err != nil {
			return err
		}
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(object.GetObjectKind().GroupVersionKind())
		scratch := builder(f.scheme)
		if err := c.Get(ctx, client.ObjectKeyFromObject(object), live); err == nil {
			scratch = scratch.WithObjects(live)
		}
		all.DryRun = nil
		return scratch.Build().Apply(ctx, o, all)
	}
	if err := f.write(ctx, "apply", object); err != nil {
		return err
	}
	if err := c.Apply(ctx, o, options...); err != nil {
		return err
	}
	if object.GetObjectKind().GroupVersionKind().Kind != "Service" {
		return nil
	}
	return f.address(ctx, object.GetName())
}

// address gives a Service its addresses, the next ones that are free, as the API server and a load balancer do.
func (f *cluster) address(ctx context.Context, name string) error {
	var s corev1.Service
	if err := f.store.Get(ctx, client.ObjectKey{Namespace: "network", Name: name}, &s); err != nil || s.Spec.ClusterIP != "" {
		return err
	}
	f.addresses++
	s.Spec.ClusterIP = fmt.Sprintf("10.90.0.%d", f.addresses)
	s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
	if err := f.store.Update(ctx, &s, client.FieldOwner("apiserver")); err != nil || s.Spec.Type != corev1.ServiceTypeLoadBalancer || f.noBalancer {
		return err
	}
	s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: fmt.Sprintf("192.0.2.%d", f.addresses)}}
	return f.store.Status().Update(ctx, &s, client.FieldOwner("apiserver"))
}

func forbidden(verb, resource string) error {
	group, kind := "", resource
	if name, rest, ok := strings.Cut(resource, "."); ok {
		kind, group = name, rest
	}
	return apierrors.NewForbidden(schema.GroupResource{Group: group, Resource: kind}, "",
		fmt.Errorf(`User "ann" cannot %s resource %q in API group %q in the namespace "network"`, verb, kind, group))
}

// recorder is a Progress that writes down what it is told.
type recorder struct{ lines []string }

func (r *recorder) Start(name string)  { r.lines = append(r.lines, "start "+name) }
func (r *recorder) Note(what string)   { r.lines = append(r.lines, "note "+what) }
func (r *recorder) Done(result string) { r.lines = append(r.lines, "done "+result) }
func (r *recorder) Skip(reason string) { r.lines = append(r.lines, "skip "+reason) }
func (r *recorder) Fail(string)        { r.lines = append(r.lines, "fail") }

// started are the steps that began.
func (r *recorder) started() []string {
	found := []string{}
	for _, l := range r.lines {
		if name, ok := strings.CutPrefix(l, "start "); ok {
			found = append(found, name)
		}
	}
	return found
}

func lock() operation.Options {
	return operation.Options{Now: time.Now, State: operation.State{Kind: "install", By: "ann@desk", Process: 7}}
}

// plan makes a plan that must come about.
func (f *cluster) plan(t *testing.T, text string, o Options) Plan {
	t.Helper()
	p, err := Make(t.Context(), f.source(), load(t, text), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// install applies a stack without waiting.
func (f *cluster) install(t *testing.T, text string) *recorder {
	t.Helper()
	p := f.plan(t, text, Options{})
	if p.Blocked() {
		t.Fatalf("blocked: %+v", p.Problems)
	}
	var r recorder
	if _, err := Apply(t.Context(), f.source(), p, Options{}, false, lock(), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// said are problems as people read them.
func said(p Plan) []string {
	found := []string{}
	for _, x := range p.Problems {
		line := string(x.Severity) + " " + x.Code + " " + x.Subject + ": " + x.Text
		if x.Next != "" {
			line += " -> " + x.Next
		}
		found = append(found, line)
	}
	return found
}

// done are changes as "action kind name: note".
func done(changes []Change) []string {
	found := []string{}
	for _, c := range changes {
		line := string(c.Action) + " " + c.Kind + " " + c.Name
		if c.Note != "" {
			line += ": " + c.Note
		}
		found = append(found, line)
	}
	return found
}
