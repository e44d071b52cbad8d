package manifest

import (
	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// objectStore is where the Barman Cloud plugin archives to.
func objectStore(s *v1alpha1.Stack) *unstructured.Unstructured {
	backup := s.Spec.Database.Backup
	o := &unstructured.Unstructured{Object: map[string]any{
		"spec": map[string]any{"retentionPolicy": backup.Retention, "configuration": store(backup)},
	}}
	o.SetAPIVersion("barmancloud.cnpg.io/v1")
	o.SetKind("ObjectStore")
	o.SetName(backup.ObjectStore)
	o.SetNamespace(s.Metadata.Namespace)
	o.SetLabels(labels(s, componentBackup))
	return o
}

// store is the description of an object store, which the plugin and CNPG's own code share.
func store(b v1alpha1.Backup) map[string]any {
	key := func(name string) map[string]any { return map[string]any{"name": b.CredentialsSecret, "key": name} }
	credentials := map[string]any{"accessKeyId": key(b.AccessKeyIDKey), "secretAccessKey": key(b.SecretKeyKey)}
	if b.RegionKey != "" {
		credentials["region"] = key(b.RegionKey)
	}
	wal, data := map[string]any{}, map[string]any{}
	if b.Compression != "" {
		wal["compression"], data["compression"] = b.Compression, b.Compression
	}
	if b.MaxParallel > 0 {
		wal["maxParallel"], data["jobs"] = int64(b.MaxParallel), int64(b.MaxParallel)
	}
	out := map[string]any{"destinationPath": b.DestinationPath, "s3Credentials": credentials, "wal": wal, "data": data}
	if b.EndpointURL != "" {
		out["endpointURL"] = b.EndpointURL
	}
	if b.EndpointCASecret != "" {
		out["endpointCA"] = map[string]any{"name": b.EndpointCASecret, "key": "ca.crt"}
	}
	return out
}

// scheduledBackup takes base backups, the first one at once: without one, archived WAL restores nothing. Its Backups are
// owned by nobody: owned by the schedule or the cluster, the list of what can be restored would vanish with them, just
// when it is needed.
func scheduledBackup(s *v1alpha1.Stack) *cnpgv1.ScheduledBackup {
	db := s.Spec.Database
	o := &cnpgv1.ScheduledBackup{TypeMeta: objectKind(cnpgVersion, "ScheduledBackup"), ObjectMeta: meta(s, db.Cluster.Name, componentBackup)}
	o.Spec = cnpgv1.ScheduledBackupSpec{
		Schedule: db.Backup.Schedule, Immediate: new(true), BackupOwnerReference: "none",
		Cluster: cnpgv1.LocalObjectReference{Name: db.Cluster.Name}, Method: cnpgv1.BackupMethodBarmanObjectStore,
	}
	if db.Backup.Method == v1alpha1.BackupPlugin {
		o.Spec.Method = cnpgv1.BackupMethodPlugin
		o.Spec.PluginConfiguration = &cnpgv1.BackupPluginConfiguration{Name: cnpg.BarmanPlugin}
	}
	return o
}
