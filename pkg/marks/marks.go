// Package marks names what the tool leaves on the objects of a cluster: labels, annotations, its field manager. Every other
// package may know them, and it knows none.
package marks

// Names the tool leaves in a cluster.
const (
	// FieldManager owns every field the tool applies.
	FieldManager = "kubectl-kea"
	// Domain prefixes the labels and annotations of the tool.
	Domain = "kea.fos1.io"

	// LabelManagedBy is Kubernetes' own label; FieldManager is its value on what the tool makes.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// LabelDeployment holds the name of the Kea deployment an object belongs to.
	LabelDeployment = Domain + "/deployment"
	// LabelComponent says what the object is in its deployment: server, database, service, backup, credentials.
	LabelComponent = Domain + "/component"
	// LabelRole says whose credentials a Secret holds; with RoleViewer they are the read-only login for people who look.
	LabelRole  = Domain + "/role"
	RoleViewer = "viewer"
	// AnnotationViewerSecret, on the Service that Kea reaches its database by, names the Secret with the read-only login:
	// who may get that one Secret by its name may not list Secrets. Its keys are username, password and, since the
	// authority's own Secret holds a key that is not for everybody, ca.crt.
	AnnotationViewerSecret = Domain + "/viewer-secret"
	// LabelOperation holds the identity of the operation that made an object.
	LabelOperation = Domain + "/operation"
	// AnnotationOperation holds the state of an unfinished operation, as JSON.
	AnnotationOperation = Domain + "/operation-state"
	// AnnotationNudge holds an RFC 3339 time. Any change of a pod's annotations makes the kubelet refresh the pod's
	// mounted Secrets and ConfigMaps at once, instead of within its sync period.
	AnnotationNudge = Domain + "/nudged-at"
	// AnnotationCurrentCluster, on the database's Service, names the CNPG cluster that is current.
	AnnotationCurrentCluster = Domain + "/current-cluster"
	// AnnotationLineage, on a CNPG cluster, holds the clusters that the database lived in before, as JSON; see cnpg.Lineage.
	AnnotationLineage = Domain + "/lineage"
	// AnnotationRestore, on a CNPG cluster, holds the record of the restore that made it, as JSON; see restore.Record.
	AnnotationRestore = Domain + "/restore"
	// AnnotationSuperseded, on a CNPG cluster, names the cluster that took its place in a cutover.
	AnnotationSuperseded = Domain + "/superseded-by"
	// AnnotationVerified, on a Backup, holds the verdict of its last verification, as JSON; see backup.Verdict.
	AnnotationVerified = Domain + "/verified"
)
