package manifest

import (
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// cnpgVersion is the API version of CNPG's kinds.
const cnpgVersion = "postgresql.cnpg.io/v1"

// databaseObjects are the CNPG cluster and its backups. The store comes first: the cluster archives from its start.
func databaseObjects(s *v1alpha1.Stack) ([]Object, error) {
	cluster, err := databaseCluster(s)
	if err != nil {
		return nil, err
	}
	objects := []Object{}
	if s.Spec.Database.Backup.Method == v1alpha1.BackupPlugin {
		objects = append(objects, each(objectStore(s))...)
	}
	objects = append(objects, each(cluster)...)
	if s.Spec.Database.Backup.Method != v1alpha1.NoBackup {
		objects = append(objects, each(scheduledBackup(s))...)
	}
	return objects, nil
}

// databaseCluster is PostgreSQL. Its server certificate comes from our own CA and is good for our own Service's names: both
// stay when another cluster takes over.
func databaseCluster(s *v1alpha1.Stack) (*unstructured.Unstructured, error) {
	db := s.Spec.Database
	c := &cnpgv1.Cluster{TypeMeta: objectKind(cnpgVersion, "Cluster"), ObjectMeta: meta(s, db.Cluster.Name, componentDatabase)}
	c.Spec = cnpgv1.ClusterSpec{
		Instances:            db.Cluster.Instances,
		ImageName:            db.Cluster.Image,
		StorageConfiguration: volume(db.Cluster.Storage),
		Resources:            db.Cluster.Resources,
		SmartShutdownTimeout: db.Cluster.SmartShutdownTimeout,
		// A new minor version of PostgreSQL is rolled out without waiting for somebody to move the primary by hand.
		PrimaryUpdateStrategy: cnpgv1.PrimaryUpdateStrategyUnsupervised,
		EnableSuperuserAccess: new(false),
		Affinity: cnpgv1.AffinityConfiguration{
			EnablePodAntiAffinity: new(true), TopologyKey: corev1.LabelHostname, PodAntiAffinityType: "preferred",
		},
		PostgresConfiguration: cnpgv1.PostgresConfiguration{Parameters: db.Cluster.Parameters},
		Certificates: &cnpgv1.CertificatesConfiguration{
			ServerCASecret: db.CASecret, ServerAltDNSNames: dnsNames(db.Service, s.Metadata.Namespace),
		},
		Bootstrap: &cnpgv1.BootstrapConfiguration{InitDB: &cnpgv1.BootstrapInitDB{
			Database: db.Name, Owner: db.Owner, Secret: &cnpgv1.LocalObjectReference{Name: db.CredentialsSecret},
		}},
		Managed: &cnpgv1.ManagedConfiguration{Roles: []cnpgv1.RoleConfiguration{viewerLogin(db)}},
	}
	if db.Cluster.WALStorage.Size.Sign() > 0 {
		c.Spec.WalStorage = new(volume(db.Cluster.WALStorage))
	}
	for _, name := range s.Spec.Kea.PullSecrets { // the same registry, mostly
		c.Spec.ImagePullSecrets = append(c.Spec.ImagePullSecrets, cnpgv1.LocalObjectReference{Name: name})
	}
	if db.Backup.Method == v1alpha1.BackupPlugin {
		c.Spec.Plugins = []cnpgv1.PluginConfiguration{{
			Name: cnpg.BarmanPlugin, IsWALArchiver: new(true), Parameters: map[string]string{"barmanObjectName": db.Backup.ObjectStore},
		}}
		if db.Backup.ServerName != "" {
			c.Spec.Plugins[0].Parameters["serverName"] = db.Backup.ServerName
		}
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(c)
	if err != nil {
		return nil, fmt.Errorf("convert cluster %s: %w", c.Name, err)
	}
	// CNPG's type writes it although it is empty.
	unstructured.RemoveNestedField(fields, "spec", "postgresql", "syncReplicaElectionConstraint")
	if db.Backup.Method == v1alpha1.BackupInTree {
		to := store(db.Backup)
		if db.Backup.ServerName != "" {
			to["serverName"] = db.Backup.ServerName
		}
		if err := unstructured.SetNestedMap(fields, map[string]any{
			"retentionPolicy": db.Backup.Retention, "barmanObjectStore": to,
		}, "spec", "backup"); err != nil {
			return nil, fmt.Errorf("set the backup of cluster %s: %w", c.Name, err)
		}
	}
	return &unstructured.Unstructured{Object: fields}, nil
}

// viewerLogin is for people who look: Kea's own login can write leases.
func viewerLogin(db v1alpha1.Database) cnpgv1.RoleConfiguration {
	return cnpgv1.RoleConfiguration{
		Name: db.ViewerRole, Comment: "reads leases for kubectl kea", Ensure: cnpgv1.EnsurePresent, Login: true,
		InRoles: []string{"pg_read_all_data"}, PasswordSecret: &cnpgv1.LocalObjectReference{Name: db.ViewerSecret},
	}
}

func volume(storage v1alpha1.Storage) cnpgv1.StorageConfiguration {
	out := cnpgv1.StorageConfiguration{Size: storage.Size.String()}
	if storage.StorageClass != "" {
		out.StorageClass = &storage.StorageClass
	}
	return out
}

// dnsNames are the four names of a Service.
func dnsNames(service, namespace string) []string {
	full := service + "." + namespace
	return []string{service, full, full + ".svc", full + ".svc.cluster.local"}
}
