package cnpg

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// GatherBackups reads the backups, schedules and recovery window of a cluster at once. What could not be read is in
// Unread; the error is for a context that ended only.
// Permission: list backups and scheduledbackups (postgresql.cnpg.io), get objectstores (barmancloud.cnpg.io).
func GatherBackups(ctx context.Context, r client.Reader, cluster *cnpgv1.Cluster) (BackupState, error) {
	var (
		backups   cnpgv1.BackupList
		schedules cnpgv1.ScheduledBackupList
		window    RecoveryWindow
		errs      [3]error
		all       sync.WaitGroup
	)
	in := client.InNamespace(cluster.Namespace) // a backup made by hand need not carry the cluster's label
	all.Go(func() { errs[0] = r.List(ctx, &backups, in) })
	all.Go(func() { errs[1] = r.List(ctx, &schedules, in) })
	all.Go(func() { window, errs[2] = recoveryWindow(ctx, r, cluster) })
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return newBackupState(cluster, nil, nil, window), err
	}
	state := newBackupState(cluster, backups.Items, schedules.Items, window)
	for i, source := range []string{"backups", "schedules", "ObjectStore " + window.Store} {
		if errs[i] != nil {
			state.Unread = append(state.Unread, Unread{Source: source, Error: errs[i].Error(), Err: errs[i]})
		}
	}
	return state, nil
}

// newBackupState sorts what was read. Objects of other clusters are left out. Pure.
func newBackupState(cluster *cnpgv1.Cluster, backups []cnpgv1.Backup, schedules []cnpgv1.ScheduledBackup, window RecoveryWindow) BackupState {
	s := BackupState{
		Namespace: cluster.Namespace, Cluster: cluster.Name, Window: window,
		Running: []Backup{}, Backups: []Backup{}, Unread: []Unread{},
	}
	for i := range backups {
		if backups[i].Spec.Cluster.Name == cluster.Name {
			s.Backups = append(s.Backups, BackupOf(&backups[i]))
		}
	}
	slices.SortFunc(s.Backups, newestFirst)
	for i := range s.Backups {
		b := s.Backups[i]
		switch {
		case b.Succeeded() && (s.LastSuccessful == nil || b.ended().After(s.LastSuccessful.ended())):
			s.LastSuccessful = &b
		case b.Failed() && (s.LastFailed == nil || b.ended().After(s.LastFailed.ended())):
			s.LastFailed = &b
		case !b.Done():
			s.Running = append([]Backup{b}, s.Running...)
		}
	}
	s.Schedules = schedulesOf(schedules, cluster.Name)
	return s
}

// ListBackups reads the backups of a namespace, newest first, those of clusters that are gone too.
// Errors: the reader's. Permission: list backups (postgresql.cnpg.io).
func ListBackups(ctx context.Context, r client.Reader, namespace string) ([]Backup, error) {
	var list cnpgv1.BackupList
	if err := r.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	found := []Backup{}
	for i := range list.Items {
		found = append(found, BackupOf(&list.Items[i]))
	}
	slices.SortFunc(found, newestFirst)
	return found, nil
}

// ListSchedules reads the scheduled backups of a cluster, sorted by name.
// Errors: the reader's. Permission: list scheduledbackups (postgresql.cnpg.io).
func ListSchedules(ctx context.Context, r client.Reader, namespace, cluster string) ([]Schedule, error) {
	var list cnpgv1.ScheduledBackupList
	if err := r.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	return schedulesOf(list.Items, cluster), nil
}

func schedulesOf(all []cnpgv1.ScheduledBackup, cluster string) []Schedule {
	found := []Schedule{}
	for i := range all {
		if all[i].Spec.Cluster.Name == cluster {
			found = append(found, newSchedule(&all[i]))
		}
	}
	slices.SortFunc(found, func(a, b Schedule) int { return cmp.Compare(a.Name, b.Name) })
	return found
}

func newestFirst(a, b Backup) int {
	return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.Name, a.Name))
}

// ended is when a backup ended, or was asked for where nobody said.
func (b Backup) ended() time.Time {
	if b.Stopped != nil {
		return *b.Stopped
	}
	return b.Created
}

// BackupOf is what counts of a Backup object. Pure.
func BackupOf(b *cnpgv1.Backup) Backup {
	status := &b.Status
	result := Backup{
		Name: b.Name, Cluster: b.Spec.Cluster.Name, ClusterUID: status.PluginMetadata["clusterUID"], Created: b.CreationTimestamp.UTC(),
		Method:   cmp.Or(string(status.Method), string(b.Spec.Method), string(cnpgv1.BackupMethodBarmanObjectStore)),
		Phase:    cmp.Or(string(status.Phase), cnpgv1.BackupPhasePending),
		Started:  firstTime(status.StartedAt, status.ReconciliationStartedAt),
		Stopped:  firstTime(status.StoppedAt, status.ReconciliationTerminatedAt),
		ID:       status.BackupID,
		Error:    status.Error,
		Schedule: b.Labels[LabelScheduledBackup], ServerName: status.ServerName,
		BeginWAL: status.BeginWal, EndWAL: status.EndWal, BeginLSN: parseLSN(status.BeginLSN), EndLSN: parseLSN(status.EndLSN),
		Major: status.MajorVersion, Verified: b.Annotations[marks.AnnotationVerified],
	}
	if id := status.InstanceID; id != nil {
		result.Instance = id.PodName
	}
	return result
}

func newSchedule(s *cnpgv1.ScheduledBackup) Schedule {
	return Schedule{
		Name: s.Name, Schedule: s.Spec.Schedule, Suspended: s.Spec.Suspend != nil && *s.Spec.Suspend,
		Method: cmp.Or(string(s.Spec.Method), string(cnpgv1.BackupMethodBarmanObjectStore)),
		Last:   firstTime(s.Status.LastScheduleTime), Next: firstTime(s.Status.NextScheduleTime), Error: s.Status.Error,
	}
}

// firstTime is the first time that is set, in UTC, or nil.
func firstTime(times ...*metav1.Time) *time.Time {
	for _, t := range times {
		if t != nil && !t.IsZero() {
			utc := t.UTC()
			return &utc
		}
	}
	return nil
}
