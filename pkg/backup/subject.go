package backup

import (
	"context"
	"errors"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
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

// Find finds the database of a namespace; cluster chooses one where there are several, "" the only one.
// Errors: *ChoiceError; inventory.ErrNone when there are neither Kea servers nor a cluster of that name.
func Find(ctx context.Context, r client.Reader, namespace, cluster string) (Subject, error) {
	return Subject{}, errors.ErrUnsupported
}

// ChoiceError says that there is not one database to choose.
type ChoiceError struct {
	Namespace string
	Clusters  []string // those that --cluster can name
	Why       string
}

// Error implements error.
func (e *ChoiceError) Error() string { return e.Why }
