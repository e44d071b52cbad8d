package restore

import (
	"context"
	"errors"
	"fmt"
	"net"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// end is one of the two clusters of a move: the one that the servers leave, or the one that they come to.
type end struct {
	cluster *cnpgv1.Cluster
	primary *corev1.Pod
	role    string // that Kea logs in as; it owns the tables
	db      *keadb.DB
	super   *superuser
}

var errNoPrimary = errors.New("it has no primary that runs")

// openEnd logs in to a cluster's primary as Kea does, with the password that is valid now, whatever Service leads there.
// Permission: get secrets and pods, create pods/portforward.
func openEnd(ctx context.Context, src Source, cluster *cnpgv1.Cluster, database string) (*end, error) {
	primary, err := primaryOf(ctx, src, cluster)
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w", cluster.Name, err)
	}
	return openEndAt(ctx, src, cluster, primary, database)
}

// openEndAt is openEnd for a primary that is known.
func openEndAt(ctx context.Context, src Source, cluster *cnpgv1.Cluster, primary *corev1.Pod, database string) (*end, error) {
	e := &end{cluster: cluster, primary: primary}
	name := cluster.Name
	var owner, authority corev1.Secret
	for key, into := range map[string]*corev1.Secret{cnpg.ConnectionSecret(cluster): &owner, cnpg.ServerCASecret(cluster): &authority} {
		if err := src.Client.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: key}, into); err != nil {
			return nil, fmt.Errorf("log in to cluster %s: read secret %s: %w", name, key, err)
		}
	}
	e.role = string(owner.Data["username"])
	verify, err := keadb.VerifyFull(authority.Data["ca.crt"], name+"-rw")
	if err != nil {
		return nil, fmt.Errorf("log in to cluster %s: %w", name, err)
	}
	e.db, err = keadb.Connect(ctx, keadb.Target{
		Host: name + "-rw", Database: database, User: e.role, TLS: verify, Observe: src.Observe,
		Password: func() string { return string(owner.Data["password"]) },
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return src.Pods.DialPod(ctx, e.primary.Namespace, e.primary.Name, postgresPort)
		},
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

const postgresPort = 5432

// primaryOf is the pod that a cluster's operator calls the primary, when it runs.
func primaryOf(ctx context.Context, src Source, cluster *cnpgv1.Cluster) (*corev1.Pod, error) {
	pods, err := cnpg.ListInstances(ctx, src.Client, cluster.Namespace, cluster.Name)
	if err != nil {
		return nil, err
	}
	for i := range pods {
		if pods[i].Name == cluster.Status.CurrentPrimary && pods[i].Status.Phase == corev1.PodRunning && pods[i].DeletionTimestamp == nil {
			return &pods[i], nil
		}
	}
	return nil, errNoPrimary
}

// withSuperuser opens a superuser's session in the primary's pod.
func (e *end) withSuperuser(ctx context.Context, src Source) *superuser {
	if e.super == nil {
		e.super = openSuperuser(ctx, src.Pods, e.primary.Namespace, e.primary.Name)
	}
	return e.super
}

// close ends the sessions. It is safe on nil.
func (e *end) close(ctx context.Context) {
	if e == nil {
		return
	}
	e.super.close()
	if e.db != nil {
		_ = e.db.Close(context.WithoutCancel(ctx))
	}
}
