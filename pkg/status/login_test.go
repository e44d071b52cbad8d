package status

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// forbidding refuses to read these Secrets, and remembers which were asked for.
func forbidding(asked *[]string, names ...string) interceptor.Funcs {
	return interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
		if _, ok := o.(*corev1.Secret); ok {
			*asked = append(*asked, key.Name)
			if slices.Contains(names, key.Name) {
				return apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, key.Name, errors.New("no"))
			}
		}
		return c.Get(ctx, key, o, opts...)
	}}
}

func secret(name string, pairs ...string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name}, Data: map[string][]byte{}}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		s.Data[key] = []byte(value)
	}
	return s
}

// Somebody who may read the read-only login only: it is the one that is tried, and the report says so.
func TestGatherAsViewer(t *testing.T) {
	open := newBarrier()
	close(open.open)
	for _, annotated := range []bool{true, false} {
		t.Run(fmt.Sprintf("annotated %v", annotated), func(t *testing.T) {
			objects := []client.Object{secret("kea-db-viewer", "username=kea-viewer", "password="+password, "ca.crt="+string(authority(t)))}
			for _, o := range network(t) {
				if annotated && o.GetObjectKind().GroupVersionKind().Kind == "Service" && o.GetName() == "kea-database" {
					o.SetAnnotations(map[string]string{marks.AnnotationViewerSecret: "kea-db-viewer"})
				}
				objects = append(objects, o)
			}
			s := world{barrier: open}.source(t)
			asked := []string{}
			s.Reader = fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(objects...).WithInterceptorFuncs(forbidding(&asked, "kea-db-credentials", "kea-database-ca")).Build()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			r, err := Gather(ctx, s, "network", inventory.Options{})
			if err != nil {
				t.Fatal(err)
			}
			look := r.Databases[0].Look
			problems := []string{}
			if annotated {
				problems = append(problems, "critical no-login")
				if !look.Tried || look.Viewer != "kea-viewer" || look.Why != inventory.NoPassword || !strings.Contains(look.Error, "kea-viewer@kea-database:5432/kea") {
					t.Errorf("%+v", look)
				}
			} else if look.Tried || look.Viewer != "" || look.Why != inventory.NoPassword || look.Error != "" {
				t.Errorf("%+v", look)
			}
			if diff := cmp.Diff(problems, codes(r)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"secret kea-db-credentials"}, unreadOf(r)); diff != "" || r.Complete {
				t.Errorf("complete %v, unread (-want +got):\n%s", r.Complete, diff)
			}
			if got := r.Databases[0].Credential; got.Secret != "kea-db-credentials" || got.Changed != nil {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A viewer whose login answered is not told again and again that Kea's password is not for them.
func TestDropCovered(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "kea-db-credentials",
		errors.New(`User "ann" cannot get resource "secrets" in API group "" in the namespace "network"`))
	unread := []problem.Unread{{Source: "secret kea-db-credentials", Err: forbidden}, {Source: "secret kea-db-credentials", Err: errors.New("timeout")}, {Source: "pods", Err: forbidden}}
	for name, tt := range map[string]struct {
		look Look
		left int
	}{
		"Kea's own login":    {Look{}, 3},
		"the viewer's":       {Look{Viewer: "kea_viewer"}, 2},
		"the viewer's fails": {Look{Viewer: "kea_viewer", Error: "refused"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := Report{Unread: slices.Clone(unread), Databases: []Database{{Cluster: &cnpg.Summary{ConnectionSecret: "kea-db-credentials"}, Look: tt.look}}}
			if r.dropCovered(); len(r.Unread) != tt.left {
				t.Errorf("left: %+v", r.Unread)
			}
		})
	}
}
