package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The kinds of lease databases.
const (
	PostgreSQL = "postgresql"
	Memfile    = "memfile"
)

// Database is where leases and reservations live.
type Database struct {
	Type string `json:"type"`
	// Name of the database inside PostgreSQL, and Owner, the role that Kea logs in with.
	Name  string `json:"name"`
	Owner string `json:"owner"`
	// Service is the address that never changes; Kea knows the database by no other name.
	Service string `json:"service"`
	// CredentialsSecret holds the owner's password, ViewerSecret a read-only login's, CASecret our own CA.
	CredentialsSecret string `json:"credentialsSecret"`
	ViewerSecret      string `json:"viewerSecret"`
	ViewerRole        string `json:"viewerRole"`
	CASecret          string `json:"caSecret"`
	// AuditEnabled has install keep a history of leases, AuditRetention says for how long: days, as in 30d. false leaves a
	// history as it is.
	AuditEnabled   bool   `json:"auditEnabled"`
	AuditRetention string `json:"auditRetention"`

	Cluster     Cluster     `json:"cluster"`
	Backup      Backup      `json:"backup"`
	Reconnect   Reconnect   `json:"reconnect"`
	Maintenance Maintenance `json:"maintenance"`
	Memfile     MemfileDisk `json:"memfile"`
}

// Cluster is the CNPG cluster that install creates.
type Cluster struct {
	Name                 string                      `json:"name"`
	Instances            int                         `json:"instances"`
	Image                string                      `json:"image"`
	Storage              Storage                     `json:"storage"`
	WALStorage           Storage                     `json:"walStorage"` // a volume of its own when it has a size
	Parameters           map[string]string           `json:"parameters"`
	Resources            corev1.ResourceRequirements `json:"resources"`
	SmartShutdownTimeout *int32                      `json:"smartShutdownTimeout"` // seconds
}

// Storage is a volume.
type Storage struct {
	Size         resource.Quantity `json:"size"`
	StorageClass string            `json:"storageClass"` // default: the cluster's default class
}

// The methods of backup.
const (
	BackupPlugin = "plugin"
	BackupInTree = "in-tree"
	NoBackup     = "none"
)

// Backup is WAL archiving and base backups into an object store.
type Backup struct {
	// Method: plugin (Barman Cloud plugin), in-tree, none. Default: plugin with a destination, none without.
	Method          string `json:"method"`
	DestinationPath string `json:"destinationPath"` // s3://BUCKET/FOLDER/
	EndpointURL     string `json:"endpointURL"`
	// EndpointCASecret holds the store's CA in the key ca.crt.
	EndpointCASecret  string `json:"endpointCASecret"`
	CredentialsSecret string `json:"credentialsSecret"`
	AccessKeyIDKey    string `json:"accessKeyIDKey"`
	SecretKeyKey      string `json:"secretAccessKeyKey"`
	RegionKey         string `json:"regionKey"`   // "" for none
	Retention         string `json:"retention"`   // 30d, 4w, 6m
	Schedule          string `json:"schedule"`    // six fields, the first is seconds
	Compression       string `json:"compression"` // gzip, bzip2, lz4, snappy
	MaxParallel       int    `json:"maxParallel"`
	ObjectStore       string `json:"objectStore"` // name of the plugin's ObjectStore
	// ServerName is the folder below DestinationPath; default the cluster's name. A cluster archives into an empty folder
	// only, so a new cluster of an old name needs another one.
	ServerName string `json:"serverName"`
}

// Reconnect is how long Kea tries to get its database back before it exits and is restarted.
type Reconnect struct {
	Tries          int             `json:"tries"`
	Wait           metav1.Duration `json:"wait"`
	ConnectTimeout metav1.Duration `json:"connectTimeout"`
}

// Maintenance is a nightly VACUUM (ANALYZE) and the end of what is too old: the forensic log, and the history of leases.
type Maintenance struct {
	Enabled      *bool  `json:"enabled"`
	Schedule     string `json:"schedule"`     // five fields
	LogRetention string `json:"logRetention"` // days, as in 30d
}

// MemfileDisk is the volume of each server's lease file.
type MemfileDisk struct {
	Storage     Storage         `json:"storage"`
	LFCInterval metav1.Duration `json:"lfcInterval"`
}
