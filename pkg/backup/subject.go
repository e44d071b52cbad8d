package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// Subject is a Kea database: the servers that use it, the Service that they reach it by, and the CNPG cluster that is
// current.
type Subject struct {
	In       *inventory.Inventory
	Database inventory.Database // zero when the cluster was named and no server uses it
	Cluster  *cnpgv1.Cluster
	// Raw is the cluster as the API server has it, with the fields that this program does not know.
	Raw *unstructured.Unstructured
	// Deployment is the name of the Kea deployment, as its lock has it.
	Deployment string
}

// ChoiceError says that there is not one database to choose.
type ChoiceError struct {
	Namespace string
	Clusters  []string // those that --cluster can name
	Why       string
	Missing   bool // a cluster was named that is not there
}

// Error implements error.
func (e *ChoiceError) Error() string { return e.Why }

// Find finds the database of a namespace; cluster chooses one where there are several, "" the only one. A database that
// lost its servers, or was never given any, is found too: by the label of the Service that they reach it by, or by name.
// Errors: *ChoiceError; inventory.ErrNone when there are neither Kea servers nor a cluster of that name.
// Permission: what inventory.Discover needs, and get clusters.
func Find(ctx context.Context, r client.Reader, namespace, cluster string) (Subject, error) {
	in, err := inventory.Discover(ctx, r, namespace, inventory.Options{})
	if errors.Is(err, inventory.ErrNone) {
		in, err = withoutServers(ctx, r, namespace, cluster, err)
	}
	if err != nil {
		return Subject{}, err
	}
	database, chosen, err := choose(in, cluster)
	if err != nil {
		return Subject{}, err
	}
	raw := &unstructured.Unstructured{}
	raw.SetGroupVersionKind(cnpgv1.SchemeGroupVersion.WithKind(cnpgv1.ClusterKind))
	if err := r.Get(ctx, client.ObjectKeyFromObject(chosen), raw); err != nil {
		return Subject{}, fmt.Errorf("read cluster %s: %w", chosen.Name, err)
	}
	return Subject{In: in, Database: database, Cluster: chosen, Raw: raw, Deployment: deployment(in, database, chosen)}, nil
}

// withoutServers is a namespace where no Kea is deployed: its Services, pods and clusters are all that there is. none is the
// error that says so, and stays where the clusters do not help either.
func withoutServers(ctx context.Context, r client.Reader, namespace, cluster string, none error) (*inventory.Inventory, error) {
	clusters, err := cnpg.ListClusters(ctx, r, namespace)
	switch {
	case kube.IsNotInstalled(err):
		return nil, none
	case err != nil:
		return nil, fmt.Errorf("list clusters in namespace %s: %w", namespace, err)
	case len(clusters) == 0:
		return nil, none
	case cluster != "" && !slices.ContainsFunc(clusters, func(c cnpgv1.Cluster) bool { return c.Name == cluster }):
		return nil, fmt.Errorf("%w, and no cluster %s", none, cluster)
	}
	var services corev1.ServiceList
	if err := r.List(ctx, &services, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list services in namespace %s: %w", namespace, err)
	}
	var pods corev1.PodList
	if err := r.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list pods in namespace %s: %w", namespace, err)
	}
	return &inventory.Inventory{Namespace: namespace, Pods: pods.Items, Services: services.Items, Clusters: clusters}, nil
}

// choose finds the one database that is meant. Pure.
func choose(in *inventory.Inventory, cluster string) (inventory.Database, *cnpgv1.Cluster, error) {
	names := []string{}
	for i := range in.Clusters {
		names = append(names, in.Clusters[i].Name)
	}
	found := used(in)
	switch {
	case cluster != "":
		i := slices.Index(names, cluster)
		if i < 0 {
			return inventory.Database{}, nil, noCluster(in, ChoiceError{Clusters: names, Missing: true, Why: fmt.Sprintf("there is no cluster %s in namespace %s", cluster, in.Namespace)})
		}
		for _, d := range found {
			if d.Cluster.Name == cluster {
				return d, d.Cluster, nil
			}
		}
		return inventory.Database{}, &in.Clusters[i], nil
	case len(found) == 1:
		return found[0], found[0].Cluster, nil
	case len(found) > 1:
		several := []string{}
		for _, d := range found {
			several = append(several, d.Cluster.Name)
		}
		why := fmt.Sprintf("the Kea servers in namespace %s use several database clusters: %s", in.Namespace, strings.Join(several, ", "))
		return inventory.Database{}, nil, &ChoiceError{Namespace: in.Namespace, Clusters: several, Why: why}
	}
	return inventory.Database{}, nil, noCluster(in, ChoiceError{Clusters: names, Why: notFound(in, names)})
}

// noCluster is why a cluster was not found; where the clusters could not be read, that.
func noCluster(in *inventory.Inventory, choice ChoiceError) error {
	for _, u := range in.Unread {
		if u.Source == "clusters.postgresql.cnpg.io" && u.Err != nil {
			return fmt.Errorf("list clusters in namespace %s: %w", in.Namespace, u.Err)
		}
	}
	choice.Namespace = in.Namespace
	return &choice
}

// notFound says why no server led to a cluster.
func notFound(in *inventory.Inventory, names []string) string {
	where := "in namespace " + in.Namespace
	var why string
	databases := in.Databases(inventory.FileConfig)
	switch unread := slices.ContainsFunc(in.Servers, func(s inventory.Server) bool { return s.File == nil }); {
	case len(in.Servers) == 0:
		why = "no Kea server " + where + " uses a database"
	case len(databases) > 0:
		why = fmt.Sprintf("the database %s of the Kea servers %s is no CloudNativePG cluster of this namespace", databases[0], where)
	case unread:
		why = "which database the Kea servers " + where + " use is not known: their configuration could not be read"
	default:
		why = "the Kea servers " + where + " keep their leases in no PostgreSQL database"
	}
	if len(names) > 0 {
		why += "; clusters: " + strings.Join(names, ", ")
	}
	return why
}

// used are the databases of the servers, a cluster each; where their configuration does not tell, those that a Service
// made for Kea leads to.
func used(in *inventory.Inventory) []inventory.Database {
	found := []inventory.Database{}
	add := func(d inventory.Database) {
		if d.Cluster != nil && !slices.ContainsFunc(found, func(o inventory.Database) bool { return o.Cluster.Name == d.Cluster.Name }) {
			found = append(found, d)
		}
	}
	for _, d := range in.Databases(inventory.FileConfig) {
		add(d)
	}
	if len(found) > 0 {
		return found
	}
	for i := range in.Services {
		service := &in.Services[i]
		if service.Labels[marks.LabelComponent] != "database" || service.Labels[marks.LabelDeployment] == "" {
			continue
		}
		target, ok := cnpg.ServiceTarget(service, in.Clusters)
		for c := range in.Clusters {
			if ok && in.Clusters[c].Name == target.Cluster.Name {
				add(inventory.Database{Host: service.Name, Service: service, Target: &target, Cluster: &in.Clusters[c]})
			}
		}
	}
	return found
}

// deployment is the name that the deployment's lock has: what install labelled, else the servers' StatefulSet, else the
// cluster.
func deployment(in *inventory.Inventory, d inventory.Database, cluster *cnpgv1.Cluster) string {
	pods := []string{}
	for _, server := range d.Servers {
		pod, _, _ := strings.Cut(server, "/")
		pods = append(pods, pod)
	}
	d.Cluster = cluster
	return in.Deployment(pods, d)
}
