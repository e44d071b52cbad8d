package restore

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Request is what a restore is asked for.
type Request struct {
	Namespace string
	Cluster   string // the current cluster; "" finds it
	Name      string // of the new cluster; "" makes one up
	Target    Wanted
	// Clamp consents to the nearest moment that can be restored to where the target itself cannot.
	Clamp bool
}

// Wanted is a target as the user gave it: one of the four.
type Wanted struct {
	Time   time.Time `json:"time,omitzero"`
	LSN    cnpg.LSN  `json:"lsn,omitzero"`
	Backup string    `json:"backup,omitempty"` // the Backup object's name: the state at its end
	Latest bool      `json:"latest,omitempty"` // all that is archived
}

// Plan is what a restore will do, and what stands against it.
type Plan struct {
	Namespace  string `json:"namespace"`
	Deployment string `json:"deployment"`
	Source     string `json:"source"` // the cluster in service
	Name       string `json:"name"`   // the new cluster
	Target     Wanted `json:"target"` // after clamping
	// Clamped says from what; nil when the target is as it was asked for.
	Clamped *time.Time    `json:"clamped,omitempty"`
	Window  backup.Window `json:"window"`
	Chosen  backup.Chosen `json:"chosen"`
	// Recovery and Manifest are the new cluster.
	Recovery cnpg.Recovery              `json:"-"`
	Manifest *unstructured.Unstructured `json:"manifest"`
	// SourceAnswers: the database in service could be asked; without it Lost is not known.
	SourceAnswers bool   `json:"sourceAnswers"`
	Lost          []Loss `json:"lost"`
	// Stable: the servers reach the database by a Service of their own that a cutover can turn. Service is its name.
	Stable  bool   `json:"stable"`
	Service string `json:"service"`

	Problems []problem.Problem `json:"problems"`

	Subject backup.Subject `json:"-"`
}

// Loss is how many valid leases of a subnet were granted or renewed after the target: what the restored database does not
// know, and a cutover carries forward.
type Loss struct {
	Service  string `json:"service"` // dhcp4, dhcp6
	VLAN     int    `json:"vlan,omitempty"`
	VLANName string `json:"vlanName,omitempty"`
	Subnet   string `json:"subnet"`
	SubnetID uint32 `json:"subnetID"`
	Leases   int64  `json:"leases"`
}

// Blocked reports whether something stands against the restore.
func (p *Plan) Blocked() bool {
	for _, found := range p.Problems {
		if found.Severity == problem.Critical {
			return true
		}
	}
	return false
}

// Make works out a plan. What stands against it is in its problems, all of it at once; an error means that the cluster
// could not be asked. Nothing is changed.
// Errors: *backup.ChoiceError, inventory.ErrNone, the client's.
func Make(ctx context.Context, src Source, r Request) (Plan, error) {
	return Plan{}, errors.ErrUnsupported
}
