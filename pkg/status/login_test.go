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
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
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

func TestLogin(t *testing.T) {
	const owner, viewer, authority = "kea-db-credentials", "kea-db-viewer", "kea-ca"
	known := kea.NewSecret("lab-only-known")
	full := secret(viewer, "username=kea-viewer", "password=lab-only-viewer", "ca.crt=beside")
	for _, test := range []struct {
		name      string
		known     kea.Secret // Kea's password, as the inventory found it
		annotated bool
		viewer    *corev1.Secret
		forbidden []string
		want      string // user password authority, or why not
		asked     []string
		unread    []string
	}{
		{"Kea's own, known already", known, true, full, nil, "kea lab-only-known the authority's", []string{authority}, nil},
		{"Kea's own, from the cluster's Secret", kea.Secret{}, true, full, nil, "kea lab-only-owner the authority's", []string{owner, authority}, nil},
		{"Kea's own, and the certificate from beside the read-only login", known, true, full, []string{authority}, "kea lab-only-known beside", []string{authority, viewer}, nil},
		{"Kea's own, and no certificate", known, false, full, []string{authority}, noAuthority, []string{authority}, []string{authority}},

		{"the read-only login", kea.Secret{}, true, full, []string{owner, authority}, "viewer kea-viewer lab-only-viewer beside", []string{owner, viewer}, []string{owner}},
		{"the read-only login without a certificate", kea.Secret{}, true, secret(viewer, "username=kea-viewer", "password=lab-only-viewer"), []string{owner}, "viewer kea-viewer lab-only-viewer the authority's", []string{owner, viewer, authority}, []string{owner}},
		{"the read-only login without a certificate anywhere", kea.Secret{}, true, secret(viewer, "username=kea-viewer", "password=lab-only-viewer"), []string{owner, authority}, noAuthority, []string{owner, viewer, authority}, []string{owner, authority}},
		{"the Service names no read-only login", kea.Secret{}, false, full, []string{owner}, noPassword, []string{owner}, []string{owner}},
		{"it may not be read either", kea.Secret{}, true, full, []string{owner, viewer}, noLogin, []string{owner, viewer}, []string{owner, viewer}},
		{"it does not exist", kea.Secret{}, true, secret("other"), []string{owner}, noLogin, []string{owner, viewer}, []string{owner, viewer}},
		{"it holds no password", kea.Secret{}, true, secret(viewer, "username=kea-viewer"), []string{owner}, noLogin, []string{owner, viewer}, []string{owner}},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked, unread := []string{}, []string{}
			s := Source{Reader: fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(
				secret(owner, "username=kea", "password=lab-only-owner"), secret(authority, "ca.crt=the authority's"), test.viewer,
			).WithInterceptorFuncs(forbidding(&asked, test.forbidden...)).Build()}
			from := inventory.Database{Service: &corev1.Service{}, Password: test.known}
			if test.annotated {
				from.Service.Annotations = map[string]string{kube.AnnotationViewerSecret: viewer}
			}
			d := Database{User: "kea", Cluster: &cnpg.Summary{Namespace: "network", ConnectionSecret: owner, ServerCASecret: authority}}
			l, missing := s.login(t.Context(), &d, from, func(source string, err error) {
				unread = append(unread, strings.TrimPrefix(source, "secret "))
				if err == nil {
					t.Errorf("%s: no error", source)
				}
			})
			got := missing
			if missing == "" {
				got = fmt.Sprintf("%s %s %s", l.user, l.password.Reveal(), l.authority)
				if l.viewer {
					got = "viewer " + got
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if diff := cmp.Diff(test.asked, asked); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(append([]string{}, test.unread...), unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
			if text := fmt.Sprintf("%v %+v %#v", l, l, l); strings.Contains(text, "lab-only") {
				t.Errorf("a password shows: %s", text)
			}
		})
	}
}

// The cluster's Secret may be another role's.
func TestOwnerPassword(t *testing.T) {
	for _, test := range []struct {
		name string
		from *corev1.Secret
		want error
	}{
		{"Kea's", secret("s", "username=kea", "password=lab-only"), nil},
		{"another role's", secret("s", "username=app", "password=lab-only"), errOtherRole},
		{"no password", secret("s", "username=kea"), errNoPassword},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := Source{Reader: fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(test.from).Build()}
			d := Database{User: "kea", Cluster: &cnpg.Summary{Namespace: "network", ConnectionSecret: "s"}}
			password, err := s.ownerPassword(t.Context(), &d)
			if !errors.Is(err, test.want) || password.IsZero() != (test.want != nil) || (d.Credential.Secret == "s") != (test.want == nil) {
				t.Errorf("%v, zero %v, %+v", err, password.IsZero(), d.Credential)
			}
		})
	}
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
					o.SetAnnotations(map[string]string{kube.AnnotationViewerSecret: "kea-db-viewer"})
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
				if !look.Tried || look.Viewer != "kea-viewer" || look.Why != noPassword || !strings.Contains(look.Error, "kea-viewer@kea-database:5432/kea") {
					t.Errorf("%+v", look)
				}
			} else if look.Tried || look.Viewer != "" || look.Why != noPassword || look.Error != "" {
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
