package stack

import (
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Source is where a stack is looked at and applied.
type Source struct {
	Client  client.Client
	Connect ha.Connect
	Now     func() time.Time
	// Pods is the way into the database, for its history of leases. Observe, when set, is told of every statement.
	Pods    inventory.Dialer
	Observe func(keadb.Call)
}

// Action is what happens to an object.
type Action string

// The actions.
const (
	Create    Action = "create"
	Update    Action = "update"
	Unchanged Action = "unchanged"
	Keep      Action = "keep" // it exists, and install does not touch it
	Delete    Action = "delete"
)

// Change is what happens to one object.
type Change struct {
	Action Action `json:"action"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Group  string `json:"group"` // the step that it belongs to
	Note   string `json:"note,omitempty"`
	// Diff is the difference as a unified diff of YAML; of a Secret only the names of its keys.
	Diff string `json:"diff,omitempty"`
}

// Plan is what install would do.
type Plan struct {
	Deployment      string   `json:"deployment"`
	Namespace       string   `json:"namespace"`
	CreateNamespace bool     `json:"createNamespace"`
	Changes         []Change `json:"changes"`
	// Problems: with a critical one, nothing is applied.
	Problems []problem.Problem `json:"problems"`
	// Lagging are the servers whose Kea does not run what its file says, or whose pod is older than the StatefulSet. They
	// are known after an apply.
	Lagging []Lag `json:"lagging"`

	stack *v1alpha1.Stack
}

// Pending counts the objects that an apply would write.
func (p Plan) Pending() int {
	n := 0
	for _, c := range p.Changes {
		if c.Action == Create || c.Action == Update {
			n++
		}
	}
	return n
}

// Blocked reports whether something stands against the plan.
func (p Plan) Blocked() bool { return problem.Worst(p.Problems) == problem.Critical }
