package cmd

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// cluster is an API server for whole command lines, which counts what is written.
type cluster struct {
	client.WithWatch
	namespace string // that of -n; "" for none
	allow     bool   // the user may do everything

	mu     sync.Mutex
	writes []string
}

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
	objects = append(objects,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "branch"}},
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "standard", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}}},
	)
	f := &cluster{allow: true}
	built := fake.NewClientBuilder().WithScheme(scheme).WithTypeConverters(managedfields.NewDeducedTypeConverter()).WithObjects(objects...).Build()
	note := func(verb, name string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.writes = append(f.writes, verb+" "+name)
	}
	f.WithWatch = interceptor.NewClient(built, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
			if review, ok := o.(*authorizationv1.SelfSubjectAccessReview); ok {
				review.Status.Allowed = f.allow
				return nil
			}
			note("create", o.GetName())
			return c.Create(ctx, o, options...)
		},
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, options ...client.ApplyOption) error {
			all := &client.ApplyOptions{}
			all.ApplyOptions(options)
			if len(all.DryRun) > 0 {
				return nil // the fake client would do it
			}
			if object, ok := o.(client.Object); ok {
				note("apply", object.GetName())
			}
			return c.Apply(ctx, o, options...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.UpdateOption) error {
			note("update", o.GetName())
			return c.Update(ctx, o, options...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, options ...client.PatchOption) error {
			note("patch", o.GetName())
			return c.Patch(ctx, o, patch, options...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.DeleteOption) error {
			note("delete", o.GetName())
			return c.Delete(ctx, o, options...)
		},
	})
	return f
}

// use makes it the cluster of a command line.
func (f *cluster) use(e *Env) {
	e.Kube = func() (*kube.Client, error) {
		k, err := kube.NewForConfig(&rest.Config{Host: "http://127.0.0.1:1"}, kube.Options{}) // pods do not answer
		if err != nil {
			return nil, err
		}
		k.WithWatch = f.WithWatch
		if f.namespace != "" {
			k.Namespace, k.NamespaceChosen = f.namespace, true
		}
		return k, nil
	}
}

// answering is a terminal on which somebody types.
func (f *cluster) answering(text string) func(*Env) {
	return func(e *Env) {
		f.use(e)
		e.In, e.InTerminal = strings.NewReader(text), true
	}
}

// untouched: nothing was written, no lock either.
func (f *cluster) untouched(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.writes) > 0 {
		t.Errorf("something was written: %q", slices.Compact(f.writes))
	}
}

func (f *cluster) wrote(write string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.writes, write)
}

// branchStack keeps leases in files, so that no database is needed, and is reached on the node's network.
const branchStack = `apiVersion: kea.fos1.io/v1alpha1
kind: Stack
metadata: {name: kea-dhcp, namespace: branch}
spec:
  kea: {version: "2.6"}
  database: {type: memfile}
  exposure: {type: hostNetwork}
  vlans:
  - id: 10
    name: users
    subnets4: [{subnet: 10.10.0.0/16, pools: [10.10.1.0-10.10.254.255]}]
`

// stackFile writes a stack file and gives its path.
func stackFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stack.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
