package restore

import (
	"context"
	"errors"
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
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
	login, err := inventory.Logins{Reader: src.Client, Pods: src.Pods, Observe: src.Observe}.Into(ctx, cluster, primary, database)
	if err != nil {
		return nil, err
	}
	db, err := keadb.Connect(ctx, login.Target)
	if err != nil {
		return nil, err
	}
	return &end{cluster: cluster, primary: primary, role: login.User, db: db}, nil
}

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
