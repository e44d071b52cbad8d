package cnpg

import (
	"cmp"
	"context"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ObjectStoreKind is the Barman Cloud plugin's kind, handled as unstructured: its Go types are no API module.
func ObjectStoreKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "barmancloud.cnpg.io", Version: "v1", Kind: "ObjectStore"}
}

// recoveryWindow reads the window of the archive the cluster writes to. On an error the window still says which store
// could not be read.
func recoveryWindow(ctx context.Context, r client.Reader, cluster *cnpgv1.Cluster) (RecoveryWindow, error) {
	archive := ArchiveOf(cluster)
	if archive.Method != MethodPlugin {
		return StatusWindow(cluster), nil
	}
	if archive.Store == "" {
		return RecoveryWindow{ServerName: archive.ServerName}, nil
	}
	return StoreWindow(ctx, r, cluster.Namespace, archive)
}

// StoreWindow reads the window of a folder in an ObjectStore, also of a cluster that is gone. On an error it still says
// which store could not be read. Permission: get objectstores (barmancloud.cnpg.io).
func StoreWindow(ctx context.Context, r client.Reader, namespace string, archive Archive) (RecoveryWindow, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(ObjectStoreKind())
	if err := r.Get(ctx, client.ObjectKey{Namespace: namespace, Name: archive.Store}, object); err != nil {
		return RecoveryWindow{Store: archive.Store, ServerName: archive.ServerName}, err
	}
	return storeWindow(object.Object, archive.Store, archive.ServerName)
}

// barmanPlugin is the Barman Cloud plugin of a cluster, the one that archives before one that only takes backups.
func barmanPlugin(cluster *cnpgv1.Cluster) *cnpgv1.PluginConfiguration {
	if p := archiverPlugin(cluster); p != nil && p.Name == BarmanPlugin {
		return p
	}
	for i := range cluster.Spec.Plugins {
		if p := &cluster.Spec.Plugins[i]; enabled(p) && p.Name == BarmanPlugin {
			return p
		}
	}
	return nil
}

// objectStore is the part of an ObjectStore that is read.
type objectStore struct {
	Spec struct {
		Configuration struct {
			DestinationPath string `json:"destinationPath"`
		} `json:"configuration"`
		RetentionPolicy string `json:"retentionPolicy"`
	} `json:"spec"`
	Status struct {
		Windows map[string]struct {
			First       *metav1.Time `json:"firstRecoverabilityPoint"`
			LastBackup  *metav1.Time `json:"lastSuccessfulBackupTime"`
			LastFailure *metav1.Time `json:"lastFailedBackupTime"`
		} `json:"serverRecoveryWindow"`
	} `json:"status"`
}

// storeWindow reads the window of one server from an ObjectStore. One without any backup yet has no window.
func storeWindow(object map[string]any, name, server string) (RecoveryWindow, error) {
	window := RecoveryWindow{Store: name, ServerName: server, Source: "ObjectStore " + name}
	var store objectStore
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object, &store); err != nil {
		return window, err
	}
	window.Destination, window.Retention = store.Spec.Configuration.DestinationPath, store.Spec.RetentionPolicy
	w := store.Status.Windows[server]
	window.First, window.LastBackup, window.LastFailure = firstTime(w.First), firstTime(w.LastBackup), firstTime(w.LastFailure)
	return window, nil
}

// StatusWindow reads the fields of a Cluster that CNPG keeps for in-tree backups and volume snapshots.
//
//nolint:staticcheck // deprecated for plugins; for the others there is nothing else
func StatusWindow(cluster *cnpgv1.Cluster) RecoveryWindow {
	status := &cluster.Status
	window := RecoveryWindow{
		First: parseTime(status.FirstRecoverabilityPoint), LastBackup: parseTime(status.LastSuccessfulBackup),
		LastFailure: parseTime(status.LastFailedBackup),
	}
	if window.First == nil {
		for _, t := range status.FirstRecoverabilityPointByMethod {
			if window.First == nil || t.Time.Before(*window.First) {
				window.First = firstTime(&t)
			}
		}
	}
	if window.LastBackup == nil {
		for _, t := range status.LastSuccessfulBackupByMethod {
			if window.LastBackup == nil || t.Time.After(*window.LastBackup) {
				window.LastBackup = firstTime(&t)
			}
		}
	}
	if backup := cluster.Spec.Backup; backup != nil {
		window.Source, window.Retention = "cluster status", backup.RetentionPolicy
		if store := backup.BarmanObjectStore; store != nil {
			window.Destination, window.ServerName = store.DestinationPath, cmp.Or(store.ServerName, cluster.Name)
		}
	}
	return window
}
