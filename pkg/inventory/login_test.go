package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
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

// cluster names the Secrets of its owner's password and of its authority.
func cluster(owner, authority string) *cnpgv1.Cluster {
	c := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-database"}}
	c.Spec.Bootstrap = &cnpgv1.BootstrapConfiguration{InitDB: &cnpgv1.BootstrapInitDB{Secret: &cnpgv1.LocalObjectReference{Name: owner}}}
	c.Spec.Certificates = &cnpgv1.CertificatesConfiguration{ServerCASecret: authority}
	return c
}

func TestLogin(t *testing.T) {
	const owner, viewer, authority = "kea-db-credentials", "kea-db-viewer", "kea-ca"
	known := kea.NewSecret("lab-only-known")
	full := secret(viewer, "username=kea-viewer", "password=lab-only-viewer", "ca.crt=beside")
	for _, test := range []struct {
		name      string
		known     kea.Secret // Kea's password, as the inventory found it
		as        As
		annotated bool
		viewer    *corev1.Secret
		forbidden []string
		want      string // user password authority, or why not
		asked     []string
		unread    []string
	}{
		{"Kea's own, known already", known, AsKea, true, full, nil, "kea lab-only-known the authority's", []string{authority}, nil},
		{"Kea's own, from the cluster's Secret", kea.Secret{}, AsKea, true, full, nil, "kea lab-only-owner the authority's", []string{owner, authority}, nil},
		{"Kea's own, and the certificate from beside the read-only login", known, AsKea, true, full, []string{authority}, "kea lab-only-known beside", []string{authority, viewer}, nil},
		{"Kea's own, and no certificate", known, AsKea, false, full, []string{authority}, NoAuthority, []string{authority}, []string{authority}},

		{"the read-only login", kea.Secret{}, AsKea, true, full, []string{owner, authority}, "viewer kea-viewer lab-only-viewer beside", []string{owner, viewer}, []string{owner}},
		{"the read-only login without a certificate", kea.Secret{}, AsKea, true, secret(viewer, "username=kea-viewer", "password=lab-only-viewer"), []string{owner}, "viewer kea-viewer lab-only-viewer the authority's", []string{owner, viewer, authority}, []string{owner}},
		{"the read-only login without a certificate anywhere", kea.Secret{}, AsKea, true, secret(viewer, "username=kea-viewer", "password=lab-only-viewer"), []string{owner, authority}, NoAuthority, []string{owner, viewer, authority}, []string{owner, authority}},
		{"the Service names no read-only login", kea.Secret{}, AsKea, false, full, []string{owner}, NoPassword, []string{owner}, []string{owner}},
		{"it may not be read either", kea.Secret{}, AsKea, true, full, []string{owner, viewer}, NoViewer, []string{owner, viewer}, []string{owner, viewer}},
		{"it does not exist", kea.Secret{}, AsKea, true, secret("other"), []string{owner}, NoViewer, []string{owner, viewer}, []string{owner, viewer}},
		{"it holds no password", kea.Secret{}, AsKea, true, secret(viewer, "username=kea-viewer"), []string{owner}, NoViewer, []string{owner, viewer}, []string{owner}},

		{"the read-only login is wanted", known, AsViewer, true, full, nil, "viewer kea-viewer lab-only-viewer beside", []string{viewer}, nil},
		{"the read-only login is wanted and may not be read", known, AsViewer, true, full, []string{viewer}, "kea lab-only-known the authority's", []string{viewer, authority}, []string{viewer}},
		{"the read-only login is wanted and there is none", kea.Secret{}, AsViewer, false, full, nil, "kea lab-only-owner the authority's", []string{owner, authority}, nil},
		{"neither may be read", kea.Secret{}, AsViewer, true, full, []string{owner, viewer}, NoViewer, []string{viewer, owner}, []string{viewer, owner}},
		{"only Kea's own will do", kea.Secret{}, AsOwner, true, full, []string{owner}, NoPassword, []string{owner}, []string{owner}},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked, unread := []string{}, []string{}
			d := Database{User: "kea", Service: &corev1.Service{}, Password: test.known, Cluster: cluster(owner, authority)}
			if test.annotated {
				d.Service.Annotations = map[string]string{marks.AnnotationViewerSecret: viewer}
			}
			s := search{namespace: "network", from: d, miss: func(source string, err error) {
				unread = append(unread, strings.TrimPrefix(source, "secret "))
				if err == nil {
					t.Errorf("%s: no error", source)
				}
			}}
			s.Reader = fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(
				secret(owner, "username=kea", "password=lab-only-owner"), secret(authority, "ca.crt=the authority's"), test.viewer,
			).WithInterceptorFuncs(forbidding(&asked, test.forbidden...)).Build()
			l, err := s.who(t.Context(), test.as)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
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
			s := search{namespace: "network", from: Database{User: "kea", Cluster: cluster("s", "ca")}}
			s.Reader = fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(test.from).Build()
			password, err := s.ownerPassword(t.Context())
			if !errors.Is(err, test.want) || password.IsZero() != (test.want != nil) || (s.owner == nil) != (test.want != nil) {
				t.Errorf("%v, zero %v, owner %v", err, password.IsZero(), s.owner != nil)
			}
		})
	}
}
