package cnpg

// Names that CNPG gives.
const (
	// LabelCluster holds the cluster's name on pods, Secrets and Services, and on most backups.
	LabelCluster = "cnpg.io/cluster"
	// LabelInstanceRole is primary or replica on instance pods.
	LabelInstanceRole = "cnpg.io/instanceRole"
	// LabelInstanceName is the pod's name on instance pods.
	LabelInstanceName = "cnpg.io/instanceName"
	// LabelPodRole is instance or pooler.
	LabelPodRole = "cnpg.io/podRole"
	// LabelPooler holds the pooler's name on pooler pods and in their Service's selector.
	LabelPooler = "cnpg.io/poolerName"
	// LabelScheduledBackup holds, on a Backup, the name of the ScheduledBackup that made it.
	LabelScheduledBackup = "cnpg.io/scheduled-backup"
	// LabelReload set to "true" on a Secret or ConfigMap makes the operator act on its changes at once.
	LabelReload = "cnpg.io/reload"
	// AnnotationFenced holds a JSON list of fenced instances; "*" is all of them.
	AnnotationFenced = "cnpg.io/fencedInstances"
	// AnnotationHibernation is "on" for a hibernated cluster.
	AnnotationHibernation = "cnpg.io/hibernation"
	// AnnotationSkipArchiving is "enabled" on a cluster whose write-ahead log is thrown away instead of archived.
	AnnotationSkipArchiving = "cnpg.io/skipWalArchiving"
	// AnnotationOperatorVersion holds, on an instance pod, the version of the operator that made it.
	AnnotationOperatorVersion = "cnpg.io/operatorVersion"
	// BarmanPlugin is the name of the Barman Cloud plugin.
	BarmanPlugin = "barman-cloud.cloudnative-pg.io"
	// PostgresContainer is the container of an instance pod that runs PostgreSQL.
	PostgresContainer = "postgres"
	// BarmanContainer is the plugin's container in an instance pod.
	BarmanContainer = "plugin-barman-cloud"
	// StatusPort is the instance manager's HTTPS port.
	StatusPort = 8000
	// StatusPath answers with the instance's state as JSON, without authentication.
	StatusPath = "/pg/status"

	// labelOldRole is what LabelInstanceRole was called before CNPG 1.18; pods still carry both.
	labelOldRole = "role"
	// allInstances in the fencing annotation means every instance.
	allInstances = "*"
)

// Role is what an instance is, or which instances a Service picks.
type Role string

const (
	// RolePrimary takes writes.
	RolePrimary Role = "primary"
	// RoleReplica follows the primary.
	RoleReplica Role = "replica"
	// RoleAny picks every instance of the cluster.
	RoleAny Role = "any"
	// RoleInstance picks one instance by its name, whatever that is at the time.
	RoleInstance Role = "instance"
	// RolePooler is PgBouncer in front of a cluster.
	RolePooler Role = "pooler"
)
