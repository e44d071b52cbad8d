package rollout

import (
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Request is a change of configuration as it was asked for.
type Request struct {
	Namespace string
	// Servers that are meant, by name ("kea-dhcp-0/dhcp4") or by pod; empty: those whose files Texts name, and with Edits
	// all of the namespace.
	Servers []string
	// Edits are made in the file of every server that is meant.
	Edits []kea.Edit
	// Texts are whole new files, by the objects that hold them.
	Texts map[Object]kea.Secret
	// Reload are servers, by name, that reload although their file says what it should already: they do not run it.
	Reload []string
	// Outage accepts that clients wait for long where nobody can cover; without it, that stands against the plan.
	Outage bool
	// LoginLater: what the new configuration logs in with comes to work after the plan and before the steps.
	LoginLater bool
}

// Plan is what a rollout will do, and what stands against it. It shows no secret.
type Plan struct {
	Namespace  string `json:"namespace"`
	Deployment string `json:"deployment"`
	// Continues: an earlier rollout of the same change was broken off, and this one ends it.
	Continues bool `json:"continues,omitempty"`
	// Backwards: that run was taking its change back, and this one ends that; the change has to be asked for again.
	Backwards bool         `json:"backwards,omitempty"`
	Files     []FileChange `json:"files"`
	// Moves are the reloads in their order.
	Moves    []Move            `json:"moves"`
	Problems []problem.Problem `json:"problems"`

	changes []Change
	facts   facts
	logins  []login
	kept    *kept
}

// FileChange is a server's file that changes.
type FileChange struct {
	File
	// Differences are between the file and the new one, as Kea reads them; none where only comments or spacing differ.
	Differences []kea.Difference `json:"differences"`
	// Behind: the file stays, and the server does not run it yet: the differences are between the two.
	Behind bool `json:"behind,omitempty"`
	// Later: the server does not run, and takes the new file with its next start.
	Later bool `json:"later,omitempty"`
}

// Way is how clients are served while a server reloads.
type Way string

// The ways, the cheapest first.
const (
	// WayCovered: the partner answers the server's clients too, meanwhile.
	WayCovered Way = "covered"
	// WayMaintenance: the partner takes over, and gives back afterwards.
	WayMaintenance Way = "maintenance"
	// WayAlone: nobody covers, and the server's clients wait.
	WayAlone Way = "alone"
)

// Move is the reload of servers of one pod.
type Move struct {
	Turn
	Way Way `json:"way"`
	// Cost is what clients notice of it, for people.
	Cost string `json:"cost"`
}

// Blocked reports whether something stands against the plan.
func (p Plan) Blocked() bool { return problem.Worst(p.Problems).AtLeast(problem.Critical) }

// Idle reports whether there is nothing to do: no file changes, and no earlier run was broken off.
func (p Plan) Idle() bool { return len(p.changes) == 0 && !p.Continues }

// Report is what a rollout did.
type Report struct {
	Namespace  string     `json:"namespace"`
	Deployment string     `json:"deployment"`
	Objects    []string   `json:"objects"` // that were written
	Servers    []Reloaded `json:"servers"` // in the order of their turns
	Seconds    float64    `json:"seconds"`
	// Remarks are worth knowing and no fault.
	Remarks []string `json:"remarks"`
}

// Reloaded is a server that runs the new configuration.
type Reloaded struct {
	Server string `json:"server"`
	Way    Way    `json:"way"`
	// Seconds from its reload until it served again, or stood by, and had proven it.
	Seconds float64 `json:"seconds"`
}
