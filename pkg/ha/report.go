package ha

import (
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Report is the state of all servers of one deployment.
type Report struct {
	Relationships []Relationship `json:"relationships"`
	// Standalone are servers without high availability.
	Standalone []Peer `json:"standalone"`
}

// Relationship is a pair (or more) of servers that share the work for one address family.
type Relationship struct {
	Name    string      `json:"name"` // "kea-dhcp-0 + kea-dhcp-1 dhcp4"
	Service kea.Service `json:"service"`
	Mode    kea.HAMode  `json:"mode"`
	Peers   []Peer      `json:"peers"` // primary first

	// SharedDatabase: all peers keep their leases in the same database. Nil: not known.
	SharedDatabase *bool `json:"sharedDatabase,omitempty"`
	// ConfigurationAlike: the peers run the same configuration, but for what must differ. Nil: not known.
	ConfigurationAlike *bool            `json:"configurationAlike,omitempty"`
	Differences        []kea.Difference `json:"differences"`
	// ClockSkewSeconds is how far the peers' clocks are apart. Nil: not known.
	ClockSkewSeconds *int `json:"clockSkewSeconds,omitempty"`
	// Unserved are scopes that nobody serves, Doubled those that more than one server serves.
	Unserved []string `json:"unserved"`
	Doubled  []string `json:"doubled"`
	// Serving is the summary: every scope is served by somebody. Nil: not known.
	Serving *bool `json:"serving,omitempty"`
}

// Peer is one server: in a relationship, or alone.
type Peer struct {
	Name      string     `json:"name"`   // in the relationship: "kea-dhcp-0"
	Server    string     `json:"server"` // "kea-dhcp-0/dhcp4"
	Namespace string     `json:"namespace"`
	Pod       string     `json:"pod"`
	Container string     `json:"container"`
	Role      kea.HARole `json:"role,omitempty"`
	// State is the server's own word; "" when it was not reached.
	State  kea.HAState `json:"state,omitempty"`
	Scopes []string    `json:"scopes"`
	// Reached: the server answered. When it did not, Why says why.
	Reached bool   `json:"reached"`
	Why     string `json:"why,omitempty"`
	Via     string `json:"via,omitempty"`

	// Serves: it answers DHCP clients now. Nil: not known.
	Serves *bool `json:"serves,omitempty"`
	// Disabled says why the DHCP service is disabled: "by a user", "by the HA state machine", "no database connection".
	Disabled []string `json:"disabled"`
	// LeaseQuery is the outcome of a lease query: works, broken, or unknown.
	LeaseQuery Outcome `json:"leaseQuery,omitempty"`
	// Sockets are what is wrong with the sockets for DHCP packets.
	Sockets []string `json:"socketErrors"`

	// What its partner says of it: the state it last heard, and how long ago. Nil: the partner was not asked.
	SeenState *kea.HAState `json:"seenState,omitempty"`
	SeenAge   *Seconds     `json:"heartbeatAgeSeconds,omitempty"`
	// Unacked clients of its partner that it counts, and how many it allows before it takes over. Nil: nothing to count,
	// communication is fine.
	Unacked        *int `json:"unackedClients,omitempty"`
	UnackedAllowed int  `json:"unackedClientsAllowed"`
	UnsentUpdates  int  `json:"unsentUpdates"`

	Version  string    `json:"version,omitempty"`
	Uptime   *Seconds  `json:"uptimeSeconds,omitempty"`
	Restarts int       `json:"restarts"`
	Started  time.Time `json:"containerStarted,omitzero"`
	// File says where its configuration file comes from: "secret kea-dhcp-config, key kea-dhcp-0-dhcp4.conf".
	File string `json:"file,omitempty"`
	// LeaseBackend is what keeps its leases: postgresql, memfile, mysql; "" when its configuration is not known.
	LeaseBackend string `json:"leaseBackend,omitempty"`
	// FileDiffers: what the daemon runs is not what its file says. Nil: not known.
	FileDiffers     *bool            `json:"fileDiffers,omitempty"`
	FileDifferences []kea.Difference `json:"fileDifferences"`
}

// Seconds is a length of time in whole seconds.
type Seconds int

// Duration converts.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }
