package cnpg

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Get reads StatusPath of an instance pod, through the API server's pod proxy or any other way.
type Get func(ctx context.Context, namespace, pod string) ([]byte, error)

// Instance is what one instance manager says of its PostgreSQL. Only Pod is set when Error is.
type Instance struct {
	Pod   string `json:"pod"`
	Error string `json:"error,omitempty"`
	Err   error  `json:"-"`

	Primary    bool   `json:"primary"`
	SystemID   string `json:"systemID,omitempty"`
	Timeline   int    `json:"timeline,omitempty"`
	Current    LSN    `json:"currentLSN,omitempty"` // of a primary: written so far
	CurrentWAL string `json:"currentWAL,omitempty"`
	Received   LSN    `json:"receivedLSN,omitempty"` // of a replica
	Replayed   LSN    `json:"replayedLSN,omitempty"` // of a replica

	// Lag is how far a replica's replay is behind the primary; nil for the primary, and where one of both is unknown.
	Lag *Lag `json:"lag,omitempty"`

	WALReceiver    bool `json:"walReceiverActive"`
	ReplayPaused   bool `json:"replayPaused"`
	PendingRestart bool `json:"pendingRestart"`
	Rewinding      bool `json:"rewinding"`
	// Unavailable: the instance manager answers while PostgreSQL does not (it is fenced, starting or stopping). All the
	// positions are missing then. UnavailableError says what the instance manager saw.
	Unavailable      bool   `json:"unavailable"`
	UnavailableError string `json:"unavailableError,omitempty"`

	ArchivingWAL     bool       `json:"archivingWAL"`
	LastArchivedWAL  string     `json:"lastArchivedWAL,omitempty"`
	LastArchivedTime *time.Time `json:"lastArchivedTime,omitempty"`
	LastFailedWAL    string     `json:"lastFailedWAL,omitempty"`
	LastFailedTime   *time.Time `json:"lastFailedTime,omitempty"`
	// WaitingWAL is the number of files that wait to be archived.
	WaitingWAL int `json:"waitingWAL"`

	Replicas []Replication `json:"replicas"` // of a primary, sorted by name
	Slots    []Slot        `json:"slots"`    // of a primary, sorted by name

	// ManagerVersion is the instance manager's, the same as the operator's unless an upgrade is going on.
	ManagerVersion string `json:"managerVersion,omitempty"`
}

// Lag of a replica behind its primary.
type Lag struct {
	Bytes int64 `json:"bytes"`
	// Seconds is the time PostgreSQL measured at the last traffic; nil where it gave none. Without traffic it is 0.
	Seconds *float64 `json:"seconds,omitempty"`
}

// Replication is a row of pg_stat_replication.
type Replication struct {
	Name      string `json:"name"`
	State     string `json:"state"`     // streaming, catchup, startup, backup
	SyncState string `json:"syncState"` // async, sync, quorum, potential
	Sent      LSN    `json:"sentLSN,omitempty"`
	Written   LSN    `json:"writtenLSN,omitempty"`
	Flushed   LSN    `json:"flushedLSN,omitempty"`
	Replayed  LSN    `json:"replayedLSN,omitempty"`
	Lag       Lag    `json:"lag"`
}

// Slot is a replication slot.
type Slot struct {
	Name      string `json:"name"`
	Active    bool   `json:"active"`
	WALStatus string `json:"walStatus,omitempty"` // reserved, extended, unreserved, lost
	Restart   LSN    `json:"restartLSN,omitempty"`
	// Retained is what the slot keeps from being removed, in bytes; 0 when unknown.
	Retained int64 `json:"retainedBytes"`
}

// GatherInstances asks every pod at once, and works out the lags. An instance that does not answer has Error set.
// The result is in the order of pods. One answer takes PostgreSQL some tens of milliseconds.
// Permission: get pods/proxy.
func GatherInstances(ctx context.Context, get Get, pods []corev1.Pod) []Instance {
	instances := make([]Instance, len(pods))
	var all sync.WaitGroup
	for i := range pods {
		all.Go(func() {
			body, err := get(ctx, pods[i].Namespace, pods[i].Name)
			if err == nil {
				instances[i], err = decodeInstance(body)
			}
			if err != nil {
				instances[i] = Instance{Err: err, Error: err.Error(), Replicas: []Replication{}, Slots: []Slot{}}
			}
			instances[i].Pod = pods[i].Name
		})
	}
	all.Wait()
	measureLags(instances)
	return instances
}

// measureLags sets the lag of every replica from its row on the primary, which is one snapshot; from its own position
// where it has no row.
func measureLags(instances []Instance) {
	var primary *Instance
	for i := range instances {
		if instances[i].Primary && instances[i].Current > 0 {
			if primary != nil {
				return // two primaries: a lag behind either means nothing
			}
			primary = &instances[i]
		}
	}
	if primary == nil {
		return
	}
	for i := range instances {
		replica := &instances[i]
		if replica.Primary || replica.Err != nil {
			continue
		}
		if row := primary.replication(replica.Pod); row != nil {
			lag := row.Lag
			replica.Lag = &lag
		} else if replica.Replayed > 0 {
			replica.Lag = &Lag{Bytes: replica.Replayed.behind(primary.Current)}
		}
	}
}

func (i *Instance) replication(name string) *Replication {
	for r := range i.Replicas {
		if i.Replicas[r].Name == name {
			return &i.Replicas[r]
		}
	}
	return nil
}
