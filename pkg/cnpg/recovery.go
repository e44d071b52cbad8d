package cnpg

import (
	"errors"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

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
	return nil, nil, errors.ErrUnsupported
}
