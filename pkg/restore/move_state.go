package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// moveState stands on the database's Service while a move is unfinished: what a run on any machine needs to go on.
type moveState struct {
	operation.State
	From  string    `json:"from"`
	To    string    `json:"to"`
	Since time.Time `json:"since,omitzero"`
	// Paused is when the servers paused for the run that turned the Service: the last moment of From.
	Paused time.Time `json:"paused,omitzero"`
}

// moveOf is the unfinished move of a Service; nil for none.
func moveOf(service *corev1.Service) (*moveState, error) {
	text, ok := service.Annotations[marks.AnnotationOperation]
	if !ok {
		return nil, nil
	}
	var m moveState
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, fmt.Errorf("read annotation %s of service %s: %w", marks.AnnotationOperation, service.Name, err)
	}
	if m.From == "" || m.To == "" {
		return nil, nil // somebody else's
	}
	return &m, nil
}

// text is the annotation; "" for no move.
func (m *moveState) text() (string, error) {
	if m == nil {
		return "", nil
	}
	text, err := json.Marshal(m)
	return string(text), err
}

// write notes the move on the Service; nil removes it.
func (m *moveState) write(ctx context.Context, c client.Client, service client.ObjectKey) error {
	text, err := m.text()
	if err != nil {
		return err
	}
	s := &corev1.Service{}
	s.Namespace, s.Name = service.Namespace, service.Name
	if err := kube.Annotate(ctx, c, s, map[string]string{marks.AnnotationOperation: text}); err != nil {
		return fmt.Errorf("note the operation on service %s: %w", service.Name, err)
	}
	return nil
}

// formerOf is the cluster that another one took the place of.
func formerOf(current *cnpgv1.Cluster, clusters []cnpgv1.Cluster) (string, error) {
	found := ""
	for i := range clusters {
		if clusters[i].Annotations[marks.AnnotationSuperseded] != current.Name {
			continue
		}
		if found != "" {
			return "", &NoRestoreError{Why: fmt.Sprintf("cluster %s took the place of both %s and %s: name the one to go back to", current.Name, found, clusters[i].Name)}
		}
		found = clusters[i].Name
	}
	if found == "" {
		return "", &NoRestoreError{Cluster: current.Name, Why: "there is no cluster that it took the place of"}
	}
	return found, nil
}

// cameAt is when the service came to a cluster: when it left the last one that it was at. Zero: it was there from the
// beginning.
func cameAt(cluster *cnpgv1.Cluster) (time.Time, error) {
	lineage, err := cnpg.Lineage(cluster)
	if err != nil || len(lineage) == 0 {
		return time.Time{}, err
	}
	return lineage[len(lineage)-1].Until, nil
}

// errNoCurrent: the Service leads to no cluster that is known.
var errNoCurrent = errors.New("the database's Service leads to no cluster of this namespace")
