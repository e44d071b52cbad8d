package cnpg

import (
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// RecoverySource is the name that a recovered cluster's spec has for the archive it came from, in externalClusters.
const RecoverySource = "kea-recovery-source"

// RecoveryTarget is where a recovery stops replaying the write-ahead log. The zero value replays all of it.
type RecoveryTarget struct {
	Time time.Time `json:"time,omitzero"`
	LSN  LSN       `json:"lsn,omitzero"`
	// BackupID is the tool's identity of the base backup to begin from; "" lets the operator choose the nearest.
	BackupID string `json:"backupID,omitempty"`
	// Immediate stops as soon as the base backup is consistent. It needs BackupID.
	Immediate bool `json:"immediate,omitempty"`
	// Timeline is "latest" or a number; "" is the operator's choice.
	Timeline string `json:"timeline,omitempty"`
}

// Recovery describes a new cluster that is recovered from an archive.
type Recovery struct {
	Name string
	// From is the archive; Target where to stop.
	From   Archive
	Target RecoveryTarget
	// Instances overrides the source's number; 0 keeps it.
	Instances int
	// Throwaway makes a cluster that writes no archive, has no managed roles to keep and one instance.
	Throwaway bool
	// CASecret is the Secret with the authority that signs the server's certificate; "" keeps the source's, or names the
	// one that the operator made for it.
	CASecret string
	// DNSNames are added to those that the server's certificate is good for.
	DNSNames            []string
	Labels, Annotations map[string]string
	Owner               *metav1.OwnerReference
}

// Cluster is the manifest: the whole source spec but for bootstrap and the archive's folder, whose name becomes the new
// cluster's. source is the object as the API server has it, so that fields that this program does not know are kept too.
func (r Recovery) Cluster(source *unstructured.Unstructured) (*cnpgv1.Cluster, *unstructured.Unstructured, error) {
	cluster := &cnpgv1.Cluster{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(source.Object, cluster); err != nil {
		return nil, nil, fmt.Errorf("read cluster %s: %w", source.GetName(), err)
	}
	spec, err := r.spec(cluster, source)
	if err != nil {
		return nil, nil, fmt.Errorf("make cluster %s like %s: %w", r.Name, source.GetName(), err)
	}
	raw := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	raw.SetGroupVersionKind(cnpgv1.SchemeGroupVersion.WithKind("Cluster"))
	raw.SetNamespace(source.GetNamespace())
	raw.SetName(r.Name)
	raw.SetLabels(r.labels(source.GetLabels()))
	raw.SetAnnotations(r.annotations(source.GetAnnotations()))
	if r.Owner != nil {
		raw.SetOwnerReferences([]metav1.OwnerReference{*r.Owner})
	}
	typed := &cnpgv1.Cluster{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw.Object, typed); err != nil {
		return nil, nil, fmt.Errorf("make cluster %s: %w", r.Name, err)
	}
	return typed, raw, nil
}
