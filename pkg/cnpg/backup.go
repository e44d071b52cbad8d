package cnpg

import (
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
)

// BackupState is everything about the backups of one cluster, both generations alike. Lists are never nil.
type BackupState struct {
	Namespace string `json:"namespace"`
	Cluster   string `json:"cluster"`

	LastSuccessful *Backup `json:"lastSuccessful,omitempty"`
	LastFailed     *Backup `json:"lastFailed,omitempty"`
	// Running are those queued, started, running or waiting for the archive, oldest first.
	Running   []Backup   `json:"running"`
	Backups   []Backup   `json:"backups"` // all, newest first
	Schedules []Schedule `json:"schedules"`

	Window RecoveryWindow `json:"window"`
	// Unread says, source by source, what could not be read. The rest is still good.
	Unread []Unread `json:"unread"`
}

// Unread is a source that could not be read.
type Unread struct {
	Source string `json:"source"` // "backups", "schedules", "ObjectStore NAME"
	Error  string `json:"error"`
	Err    error  `json:"-"`
}

// Backup is one Backup object.
type Backup struct {
	Name string `json:"name"`
	// Cluster is the one that it was taken of, which may be gone; ClusterUID is known of the plugin's only.
	Cluster    string `json:"cluster"`
	ClusterUID string `json:"-"`
	Method     string `json:"method"` // plugin, barmanObjectStore, volumeSnapshot
	Phase      string `json:"phase"`  // CNPG's word; "pending" when the operator has not spoken
	// Started and Stopped are the backup tool's times, or the operator's where the tool gave none.
	Started *time.Time `json:"started,omitempty"`
	Stopped *time.Time `json:"stopped,omitempty"`
	Created time.Time  `json:"created"`
	// ID is the tool's identity of the backup, as recoveryTarget.backupID takes it.
	ID         string `json:"id,omitempty"`
	Error      string `json:"error,omitempty"`
	Schedule   string `json:"schedule,omitempty"`   // the ScheduledBackup that made it
	Instance   string `json:"instance,omitempty"`   // the pod it was taken from
	ServerName string `json:"serverName,omitempty"` // the folder in the archive, in-tree only
	BeginWAL   string `json:"beginWAL,omitempty"`
	EndWAL     string `json:"endWAL,omitempty"`
	BeginLSN   LSN    `json:"beginLSN,omitempty"`
	EndLSN     LSN    `json:"endLSN,omitempty"`
	// Major is PostgreSQL's major version at the time; 0: unknown.
	Major int `json:"postgresMajor,omitempty"`
	// Verified is the verdict of its last verification, as marks.AnnotationVerified holds it.
	Verified string `json:"-"`
}

// Done reports a backup that will not change any more.
func (b Backup) Done() bool { return b.Succeeded() || b.Failed() }

// Succeeded reports a backup that can be restored from.
func (b Backup) Succeeded() bool { return b.Phase == cnpgv1.BackupPhaseCompleted }

// Failed reports a backup that ended badly. One that waits for a failing archive has not ended.
func (b Backup) Failed() bool {
	return b.Phase == cnpgv1.BackupPhaseFailed || b.Phase == cnpgv1.BackupPhaseDefinitionInvalid
}

// Schedule is one ScheduledBackup object.
type Schedule struct {
	Name      string     `json:"name"`
	Schedule  string     `json:"schedule"` // six-field cron, seconds first
	Method    string     `json:"method"`
	Suspended bool       `json:"suspended"`
	Last      *time.Time `json:"last,omitempty"`
	Next      *time.Time `json:"next,omitempty"` // nil: the operator has not scheduled it, or it is suspended
	Error     string     `json:"error,omitempty"`
}

// RecoveryWindow is the time span the archive can be restored to. Its end is open: the newest archived commit.
type RecoveryWindow struct {
	// First is the end of the oldest backup. A recovery target must lie after it.
	First *time.Time `json:"first,omitempty"`
	// LastBackup and LastFailure are the newest successful and failed backup the archive knows.
	LastBackup  *time.Time `json:"lastBackup,omitempty"`
	LastFailure *time.Time `json:"lastFailure,omitempty"`
	// Source says where this was read: "ObjectStore NAME", "cluster status", or empty when nothing was found.
	Source string `json:"source,omitempty"`
	// Store, ServerName, Destination and Retention describe the archive, as far as known.
	Store       string `json:"store,omitempty"`
	ServerName  string `json:"serverName,omitempty"`
	Destination string `json:"destination,omitempty"`
	Retention   string `json:"retention,omitempty"` // as written: 30d
}
