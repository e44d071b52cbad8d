package inventory

import (
	"context"
	"errors"
	"net"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// Dialer opens streams into pods; *kube.Client has it.
type Dialer interface {
	DialPod(ctx context.Context, namespace, pod string, port int) (net.Conn, error)
}

// Logins finds the way into databases: as whom, through which pod, verified by which authority.
type Logins struct {
	Reader client.Reader
	Pods   Dialer
	// Observe, when set, is told of every statement sent to a database.
	Observe func(keadb.Call)
}

// As is whose login is wanted.
type As int

// The choices.
const (
	// AsKea is Kea's own login, which tells whether DHCP works; the read-only one where that may not be read.
	AsKea As = iota
	// AsViewer is the read-only login; Kea's own where there is none, or it may not be read.
	AsViewer
	// AsOwner is Kea's own login and no other: it owns the tables.
	AsOwner
)

// Login is a way into a database.
type Login struct {
	User   string
	Viewer bool // it is the read-only login
	Pod    string
	Target keadb.Target
	// Owner is the Secret of the cluster that Kea's own password was read from; nil when it was known from elsewhere.
	Owner *corev1.Secret
}

// NoLoginError says why nobody can log in. Why is for people.
type NoLoginError struct{ Why string }

// Error implements error.
func (e *NoLoginError) Error() string { return e.Why }

// What keeps us from logging in as Kea does, or at all.
const (
	NoPassword  = "Kea's password could not be read"
	NoViewer    = "neither Kea's password nor the read-only login could be read"
	NoAuthority = "the authority of the server's certificate could not be read"
)

var (
	errOtherRole  = errors.New("it holds the password of another role")
	errNoPassword = errors.New("it holds no password")
)

// Find finds the way into a database. miss is told of each source that could not be read, also when another took its
// place. Error: *NoLoginError.
func (l Logins) Find(ctx context.Context, in *Inventory, d Database, as As, miss func(source string, err error)) (Login, error) {
	if d.Cluster == nil {
		return Login{}, &NoLoginError{"no CNPG cluster of this namespace is behind it"}
	}
	pods := in.Backends(d)
	slices.SortStableFunc(pods, func(a, b corev1.Pod) int { return readiness(b) - readiness(a) })
	switch {
	case len(pods) == 0:
		return Login{}, &NoLoginError{"the Service selects no pod"}
	case readiness(pods[0]) == 0:
		return Login{}, &NoLoginError{"no pod that the Service selects is ready"}
	}
	s := search{Logins: l, namespace: d.Cluster.Namespace, from: d, miss: miss}
	who, err := s.who(ctx, as)
	if err != nil {
		return Login{}, err
	}
	verify, err := keadb.VerifyFull(who.authority, d.Cluster.Name+"-rw")
	if err != nil {
		miss(who.authoritySource, err)
		return Login{}, &NoLoginError{"the authority of the server's certificate is not readable"}
	}
	pod := pods[0]
	return Login{
		User: who.user, Viewer: who.viewer, Pod: pod.Name, Owner: s.owner,
		Target: keadb.Target{
			Host: d.Host, Port: d.Port, Database: d.Name, User: who.user, Password: who.password.Reveal, TLS: verify, Observe: l.Observe,
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return l.Pods.DialPod(ctx, pod.Namespace, pod.Name, 5432)
			},
		},
	}, nil
}

// identity is who logs in, and the authority that the server is verified with.
type identity struct {
	user     string
	password kea.Secret
	viewer   bool
	// authority is the certificate, and where it stands.
	authority       []byte
	authoritySource string
}

// search is one look for a login.
type search struct {
	Logins
	namespace string
	from      Database
	miss      func(string, error)

	owner, viewer *corev1.Secret
	askedViewer   bool
}

// who chooses the login and finds the authority.
func (s *search) who(ctx context.Context, as As) (identity, error) {
	who := identity{user: s.from.User, password: s.from.Password}
	if as == AsViewer && s.useViewer(ctx, &who) {
		return s.verified(ctx, who)
	}
	if who.password.IsZero() {
		var err error
		if who.password, err = s.ownerPassword(ctx); err != nil {
			s.miss("secret "+cnpg.ConnectionSecret(s.from.Cluster), err)
			if as != AsKea || !s.useViewer(ctx, &who) {
				return who, &NoLoginError{s.why(as)}
			}
		}
	}
	return s.verified(ctx, who)
}

func (s *search) why(as As) string {
	if as == AsOwner || s.viewerName() == "" {
		return NoPassword
	}
	return NoViewer
}

// viewerName is the Secret of the read-only login, as the database's Service names it; "" for none.
func (s *search) viewerName() string { return s.from.Service.Annotations[marks.AnnotationViewerSecret] }

// readViewer reads the read-only login's Secret, once.
func (s *search) readViewer(ctx context.Context) {
	if s.askedViewer || s.viewerName() == "" {
		return
	}
	s.askedViewer = true
	var err error
	if s.viewer, err = s.secret(ctx, s.viewerName()); err != nil {
		s.miss("secret "+s.viewerName(), err)
	}
}

// useViewer turns the identity into the read-only login, where there is one.
func (s *search) useViewer(ctx context.Context, who *identity) bool {
	s.readViewer(ctx)
	if s.viewer == nil || len(s.viewer.Data["username"]) == 0 || len(s.viewer.Data["password"]) == 0 {
		return false
	}
	who.user, who.password, who.viewer = string(s.viewer.Data["username"]), kea.NewSecret(string(s.viewer.Data["password"])), true
	return true
}

// verified adds the authority. Its Secret holds its key too: who may only look finds the certificate beside the read-only
// login.
func (s *search) verified(ctx context.Context, who identity) (identity, error) {
	if s.viewer != nil && len(s.viewer.Data["ca.crt"]) > 0 {
		who.authority, who.authoritySource = s.viewer.Data["ca.crt"], "secret "+s.viewerName()
		return who, nil
	}
	name := cnpg.ServerCASecret(s.from.Cluster)
	who.authoritySource = "secret " + name
	authority, err := s.secret(ctx, name)
	if err == nil {
		who.authority = authority.Data["ca.crt"]
		return who, nil
	}
	if s.readViewer(ctx); s.viewer == nil || len(s.viewer.Data["ca.crt"]) == 0 {
		s.miss(who.authoritySource, err)
		return who, &NoLoginError{NoAuthority}
	}
	who.authority, who.authoritySource = s.viewer.Data["ca.crt"], "secret "+s.viewerName()
	return who, nil
}

// ownerPassword is the password in the Secret that CNPG takes it from, when that is of Kea's own role.
func (s *search) ownerPassword(ctx context.Context) (kea.Secret, error) {
	secret, err := s.secret(ctx, cnpg.ConnectionSecret(s.from.Cluster))
	switch {
	case err != nil:
		return kea.Secret{}, err
	case string(secret.Data["username"]) != s.from.User:
		return kea.Secret{}, errOtherRole
	case len(secret.Data["password"]) == 0:
		return kea.Secret{}, errNoPassword
	}
	s.owner = secret
	return kea.NewSecret(string(secret.Data["password"])), nil
}

func (s *search) secret(ctx context.Context, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := s.Reader.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: name}, secret)
	if err != nil {
		return nil, err
	}
	return secret, nil
}

// readiness puts pods that are ready before others.
func readiness(pod corev1.Pod) int {
	if cnpg.PodReady(&pod) {
		return 1
	}
	return 0
}
