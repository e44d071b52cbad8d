package status

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// login is who logs in to look, and the authority that the server is verified with.
type login struct {
	user     string
	password kea.Secret
	viewer   bool // it is the read-only one
	// authority is the certificate, and where it stands.
	authority       []byte
	authoritySource string
}

// What keeps us from logging in as Kea does, or at all.
const (
	noPassword  = "Kea's password could not be read"
	noLogin     = "neither Kea's password nor the read-only login could be read"
	noAuthority = "the authority of the server's certificate could not be read"
)

// login is Kea's own, since that one tells whether DHCP works; where its password may not be read, the read-only one that
// the database's Service names. missing says why there is none at all.
func (s Source) login(ctx context.Context, d *Database, from inventory.Database, miss func(string, error)) (l login, missing string) {
	named := from.Service.Annotations[kube.AnnotationViewerSecret]
	var viewer *corev1.Secret
	readViewer := func() {
		if named == "" || viewer != nil {
			return
		}
		var err error
		if viewer, err = s.secret(ctx, d, named); err != nil {
			miss("secret "+named, err)
		}
	}
	l = login{user: d.User, password: from.Password}
	if l.password.IsZero() {
		var err error
		if l.password, err = s.ownerPassword(ctx, d); err != nil {
			miss("secret "+d.Cluster.ConnectionSecret, err)
			readViewer()
			switch {
			case named == "":
				return l, noPassword
			case viewer == nil || len(viewer.Data["username"]) == 0 || len(viewer.Data["password"]) == 0:
				return l, noLogin
			}
			l.user, l.password, l.viewer = string(viewer.Data["username"]), kea.NewSecret(string(viewer.Data["password"])), true
		}
	}
	// The authority's Secret holds its key too: who may only look finds the certificate beside the read-only login.
	if viewer != nil && len(viewer.Data["ca.crt"]) > 0 {
		l.authority, l.authoritySource = viewer.Data["ca.crt"], "secret "+named
		return l, ""
	}
	l.authoritySource = "secret " + d.Cluster.ServerCASecret
	authority, err := s.secret(ctx, d, d.Cluster.ServerCASecret)
	if err == nil {
		l.authority = authority.Data["ca.crt"]
		return l, ""
	}
	if readViewer(); viewer == nil || len(viewer.Data["ca.crt"]) == 0 {
		miss(l.authoritySource, err)
		return l, noAuthority
	}
	l.authority, l.authoritySource = viewer.Data["ca.crt"], "secret "+named
	return l, ""
}

func (s Source) secret(ctx context.Context, d *Database, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := s.Reader.Get(ctx, client.ObjectKey{Namespace: d.Cluster.Namespace, Name: name}, secret)
	if err != nil {
		return nil, err
	}
	return secret, nil
}

// ownerPassword is the password in the Secret that CNPG takes it from, when that is of Kea's own role.
func (s Source) ownerPassword(ctx context.Context, d *Database) (kea.Secret, error) {
	secret, err := s.secret(ctx, d, d.Cluster.ConnectionSecret)
	if err != nil {
		return kea.Secret{}, err
	}
	if string(secret.Data["username"]) != d.User {
		return kea.Secret{}, errOtherRole
	}
	if len(secret.Data["password"]) == 0 {
		return kea.Secret{}, errNoPassword
	}
	d.Credential = Credential{Source: "secret " + secret.Name + " (the cluster's)", Secret: secret.Name, Changed: lastWritten(secret)}
	return kea.NewSecret(string(secret.Data["password"])), nil
}

var (
	errOtherRole  = errors.New("it holds the password of another role")
	errNoPassword = errors.New("it holds no password")
)
