package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// Phase is how far a restored cluster has come.
type Phase string

// The phases.
const (
	Recovering  Phase = "recovering" // being made, or not verified yet
	Recovered   Phase = "recovered"  // verified, not in service
	CuttingOver Phase = "cutting over"
	InService   Phase = "in service"
	Former      Phase = "former" // it was in service, and another cluster has taken its place
)

// Record is what a cluster knows of the restore that made it: an annotation on the cluster, so that any machine can go on.
type Record struct {
	Source string `json:"source"` // the cluster it was restored from
	Target Wanted `json:"target"`
	// Since is a moment after which the restored database may not know what happened; zero: not known.
	Since time.Time `json:"since,omitzero"`
	Phase Phase     `json:"phase"`
	By    string    `json:"by,omitempty"`

	Started   time.Time `json:"started"`
	Recovered time.Time `json:"recovered,omitzero"` // and verified
	// ReplayedToEnd: nothing was committed after the target, and all of the archive was replayed.
	ReplayedToEnd bool `json:"replayedToEnd,omitempty"`
	// Leases are the valid ones that were found in it.
	Leases int64 `json:"leases,omitempty"`
	// CutOver is when the service came to it.
	CutOver time.Time `json:"cutOver,omitzero"`
	// PauseSeconds is how long the servers did not answer then.
	PauseSeconds float64 `json:"pauseSeconds,omitempty"`
}

// RecordOf reads the record of a cluster; false for a cluster that no restore made.
func RecordOf(cluster metav1.Object) (Record, bool, error) {
	text, ok := cluster.GetAnnotations()[marks.AnnotationRestore]
	if !ok {
		return Record{}, false, nil
	}
	var r Record
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return Record{}, true, fmt.Errorf("read annotation %s of cluster %s: %w", marks.AnnotationRestore, cluster.GetName(), err)
	}
	return r, true, nil
}

// text is the annotation.
func (r Record) text() (string, error) {
	text, err := json.Marshal(r)
	return string(text), err
}

// note writes the record of a cluster.
func (r Record) note(ctx context.Context, c client.Client, namespace, name string) error {
	text, err := r.text()
	if err != nil {
		return err
	}
	return annotate(ctx, c, namespace, name, map[string]string{marks.AnnotationRestore: text})
}
