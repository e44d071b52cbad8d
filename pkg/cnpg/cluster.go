package cnpg

import (
	"context"
	"errors"
	"time"

	apiv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var errNotYet = errors.New("not implemented yet")

// Names that CNPG gives.
const (
	// LabelCluster holds the cluster's name on pods, Secrets, Services and backups.
	LabelCluster = "cnpg.io/cluster"
	// LabelInstanceRole is primary or replica on instance pods.
	LabelInstanceRole = "cnpg.io/instanceRole"
	// LabelInstanceName is the pod's name on instance pods.
	LabelInstanceName = "cnpg.io/instanceName"
	// LabelPodRole is instance or pooler.
	LabelPodRole = "cnpg.io/podRole"
	// LabelPooler holds the pooler's name on pooler pods and their Service.
	LabelPooler = "cnpg.io/poolerName"
	// LabelReload set to "true" on a Secret or ConfigMap makes the operator act on its changes at once.
	LabelReload = "cnpg.io/reload"
	// AnnotationFenced holds a JSON list of fenced instances; "*" is all of them.
	AnnotationFenced = "cnpg.io/fencedInstances"
	// AnnotationHibernation is "on" for a hibernated cluster.
	AnnotationHibernation = "cnpg.io/hibernation"
	// BarmanPlugin is the name of the Barman Cloud plugin.
	BarmanPlugin = "barman-cloud.cloudnative-pg.io"
	// PostgresContainer is the container of an instance pod that runs PostgreSQL.
	PostgresContainer = "postgres"
	// StatusPort is the instance manager's HTTPS port.
	StatusPort = 8000
	// StatusPath answers with the instance's state as JSON, without authentication.
	StatusPath = "/pg/status"
)

// Role is what an instance is, or which instances a Service picks.
type Role string

const (
	RolePrimary Role = "primary"
	RoleReplica Role = "replica"
	// RoleAny picks every instance of the cluster.
	RoleAny Role = "any"
	// RolePooler is PgBouncer in front of a cluster.
	RolePooler Role = "pooler"
)

// ListClusters reads the clusters of a namespace, of all when it is empty, sorted by namespace and name.
// Errors: the reader's; kube.IsNotInstalled tells a Kubernetes without CNPG.
func ListClusters(ctx context.Context, r client.Reader, namespace string) ([]apiv1.Cluster, error) {
	return nil, errNotYet
}

// ListInstances reads the instance pods of one cluster, sorted by name.
func ListInstances(ctx context.Context, r client.Reader, namespace, cluster string) ([]corev1.Pod, error) {
	return nil, errNotYet
}

// Transition is a change of the primary that is going on.
type Transition string

const (
	TransitionNone       Transition = ""
	TransitionFailover   Transition = "failover"
	TransitionSwitchover Transition = "switchover"
)

// Summary is one cluster, judged. Times are nil where unknown; lists are never nil.
type Summary struct {
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	Phase       string `json:"phase"`
	PhaseReason string `json:"phaseReason,omitempty"`
	// Healthy is our judgement: the operator's phase, the ready instances, the instances' states, fencing, hibernation
	// and archiving of the write-ahead log taken together. Reasons says why not, most important first.
	Healthy bool     `json:"healthy"`
	Reasons []string `json:"reasons"`
	// Serving: a primary is ready and nothing fences or stops it.
	Serving bool `json:"serving"`

	Instances      int      `json:"instances"` // wanted
	ReadyInstances int      `json:"readyInstances"`
	Members        []Member `json:"members"`

	Primary             string     `json:"primary"`
	TargetPrimary       string     `json:"targetPrimary"`
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
	// LastBackup is the operator's condition about the newest backup, of either generation.
	LastBackup Condition `json:"lastBackup"`

	// SmartShutdownTimeout, in seconds, is how long a stopping primary waits for open sessions before it ends them.
	SmartShutdownTimeout int           `json:"smartShutdownTimeoutSeconds"`
	Certificates         []Certificate `json:"certificates"` // earliest expiry first

	Bootstrap        string   `json:"bootstrap"`        // initdb, recovery, pg_basebackup
	ConnectionSecret string   `json:"connectionSecret"` // of the database's owner
	ServerCASecret   string   `json:"serverCASecret"`
	Database         string   `json:"database"`
	OwnerRole        string   `json:"ownerRole"`
	ServerDNSNames   []string `json:"serverDNSNames"` // extra names in the server certificate
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
	Phase    string `json:"phase"`           // the pod's phase, or Terminating
	Node     string `json:"node,omitempty"`
	Restarts int    `json:"restarts"`
}

// Condition is one of CNPG's conditions. Working is nil when the operator has not said anything.
type Condition struct {
	Working *bool      `json:"working"`
	Reason  string     `json:"reason,omitempty"`
	Message string     `json:"message,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
}

// ArchiveMethod is the way the write-ahead log leaves the cluster.
type ArchiveMethod string

const (
	ArchiveNone   ArchiveMethod = "none"
	ArchivePlugin ArchiveMethod = "plugin"
	ArchiveInTree ArchiveMethod = "in-tree"
)

// Archiving of the write-ahead log.
type Archiving struct {
	Configured bool          `json:"configured"`
	Method     ArchiveMethod `json:"method"`
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

// Summarize judges a cluster from its object and its instance pods (nil when they could not be read). Pure.
func Summarize(cluster *apiv1.Cluster, pods []corev1.Pod, now time.Time) Summary {
	return Summary{}
}
