package inventory

import (
	"context"
	"fmt"
	"net"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// Into is the way into one instance of a cluster as the owner of its tables, whatever Service leads there: with the
// password that the cluster's Secret holds now. For clusters that no server uses.
// Permission: get secrets, create pods/portforward.
func (l Logins) Into(ctx context.Context, cluster *cnpgv1.Cluster, instance *corev1.Pod, database string) (Login, error) {
	var owner, authority corev1.Secret
	for _, secret := range []struct {
		name string
		into *corev1.Secret
	}{{cnpg.ConnectionSecret(cluster), &owner}, {cnpg.ServerCASecret(cluster), &authority}} {
		if err := l.Reader.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: secret.name}, secret.into); err != nil {
			return Login{}, fmt.Errorf("log in to cluster %s: read secret %s: %w", cluster.Name, secret.name, err)
		}
	}
	host, user := cluster.Name+"-rw", string(owner.Data["username"])
	verify, err := keadb.VerifyFull(authority.Data["ca.crt"], host)
	if err != nil {
		return Login{}, fmt.Errorf("log in to cluster %s: secret %s: %w", cluster.Name, authority.Name, err)
	}
	namespace, pod := instance.Namespace, instance.Name
	return Login{
		User: user, Pod: pod, Owner: &owner,
		Target: keadb.Target{
			Host: host, Database: database, User: user, TLS: verify, Observe: l.Observe,
			Password: func() string { return string(owner.Data["password"]) },
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return l.Pods.DialPod(ctx, namespace, pod, 5432)
			},
		},
	}, nil
}
