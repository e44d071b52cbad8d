package cnpg

import "time"

// Transition is a change of the primary that is going on.
type Transition string

const (
	// TransitionNone is a primary that stays.
	TransitionNone Transition = ""
	// TransitionFailover replaces a primary that failed or went away.
	TransitionFailover Transition = "failover"
	// TransitionSwitchover replaces a primary that is well.
	TransitionSwitchover Transition = "switchover"
)

// Summary is one cluster, judged. Times are nil where unknown; lists are never nil.
type Summary struct {
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	Phase       string `json:"phase"`
	PhaseReason string `json:"phaseReason,omitempty"`

	// Healthy is our judgement, not the operator's phase, which calls a fenced cluster healthy: every wanted instance is
	// ready and nothing stops or changes the cluster. Archiving and backups have their own fields and do not count.
	Healthy bool `json:"healthy"`
	// Reasons says why the cluster is not healthy, most important first. Empty when it is.
	Reasons []string `json:"reasons"`
	// Serving: a primary is ready and nothing fences or stops it. A degraded cluster may serve.
	Serving bool `json:"serving"`

	Instances      int      `json:"instances"` // wanted
	ReadyInstances int      `json:"readyInstances"`
	Members        []Member `json:"members"` // the primary first, then by name

	Primary             string     `json:"primary"`
	TargetPrimary       string     `json:"targetPrimary"` // "pending" while CNPG has not chosen yet
	PrimarySince        *time.Time `json:"primarySince,omitempty"`
	PrimaryFailingSince *time.Time `json:"primaryFailingSince,omitempty"`
	Transition          Transition `json:"transition,omitempty"`

	Fenced     []string `json:"fenced"` // instance names, or "*" for all
	Hibernated bool     `json:"hibernated"`
	// ReplicaCluster follows another cluster and takes no writes.
	ReplicaCluster bool `json:"replicaCluster"`

	TimelineID    int    `json:"timelineID"`
	SystemID      string `json:"systemID,omitempty"`
	Image         string `json:"image"`
	PostgresMajor int    `json:"postgresMajor"` // 0: unknown

	Archiving Archiving `json:"archiving"`
	// Lineage are the clusters that the database lived in before, oldest first: earlier moments are restored from their
	// archives.
	Lineage []Ancestor `json:"lineage,omitempty"`
	// LastBackup is the operator's condition about the newest backup, of either generation.
	LastBackup Condition `json:"lastBackup"`

	// SmartShutdownTimeout, in seconds, is how long a stopping primary waits for open sessions before it ends them. All
	// that time, new logins are refused.
	SmartShutdownTimeout int           `json:"smartShutdownTimeoutSeconds"`
	Certificates         []Certificate `json:"certificates"` // earliest expiry first

	Bootstrap        string   `json:"bootstrap"`        // initdb, recovery, pg_basebackup
	ConnectionSecret string   `json:"connectionSecret"` // of the database's owner
	ServerCASecret   string   `json:"serverCASecret"`
	Database         string   `json:"database"`
	OwnerRole        string   `json:"ownerRole"`
	ServerDNSNames   []string `json:"serverDNSNames"` // the names the server certificate is made for
	Plugins          []Plugin `json:"plugins"`

	Created time.Time `json:"created"`
}

// Member is one instance as Kubernetes and the operator see it.
type Member struct {
	Pod      string `json:"pod"`
	Role     Role   `json:"role,omitempty"`
	Ready    bool   `json:"ready"`
	Fenced   bool   `json:"fenced"`
	State    string `json:"state,omitempty"` // CNPG's word: healthy, replicating, failed
	Phase    string `json:"phase"`           // the pod's phase, Terminating, Missing, or Unknown when pods were not read
	Node     string `json:"node,omitempty"`
	Restarts int    `json:"restarts"`
}

// Condition is one of CNPG's conditions. Working is nil when the operator has not said anything that counts.
type Condition struct {
	Working *bool      `json:"working"`
	Reason  string     `json:"reason,omitempty"`
	Message string     `json:"message,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
}

// ArchiveMethod is the way the write-ahead log leaves the cluster.
type ArchiveMethod string

const (
	// ArchiveNone keeps no write-ahead log: no point in time can be restored.
	ArchiveNone ArchiveMethod = "none"
	// ArchivePlugin is a CNPG-I plugin, usually Barman Cloud.
	ArchivePlugin ArchiveMethod = "plugin"
	// ArchiveInTree is barmanObjectStore in the Cluster itself, gone in CNPG 1.31.
	ArchiveInTree ArchiveMethod = "in-tree"
)

// Archiving of the write-ahead log. Where nothing is configured CNPG still reports the condition as good; Working is
// nil then.
type Archiving struct {
	Configured bool          `json:"configured"`
	Method     ArchiveMethod `json:"method"`
	// Plugin is the plugin's name.
	Plugin string `json:"plugin,omitempty"`
	// Target is the ObjectStore's name (plugin) or the destination path (in-tree).
	Target string `json:"target,omitempty"`
	// ServerName is the folder in the archive.
	ServerName string `json:"serverName,omitempty"`
	Condition
}

// Certificate is a Secret of the cluster with a certificate in it.
type Certificate struct {
	Secret  string    `json:"secret"`
	Expires time.Time `json:"expires"`
}

// Plugin is one CNPG-I plugin of the cluster.
type Plugin struct {
	Name        string            `json:"name"`
	Enabled     bool              `json:"enabled"`
	WALArchiver bool              `json:"walArchiver"`
	Version     string            `json:"version,omitempty"` // empty: the operator has not loaded it
	Parameters  map[string]string `json:"parameters,omitempty"`
}
