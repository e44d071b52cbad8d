package backup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Schedules are the scheduled backups of a database. Lists are never nil.
type Schedules struct {
	Time      time.Time   `json:"time"`
	Namespace string      `json:"namespace"`
	Cluster   string      `json:"cluster"`
	Method    cnpg.Method `json:"method"`
	Retention string      `json:"retention,omitempty"`
	Schedules []Planned   `json:"schedules"`
	// Unread says what could not be read; the rest still holds.
	Unread []problem.Unread `json:"unread"`
}

// Planned is one schedule, and what it leads to.
type Planned struct {
	cnpg.Schedule `json:",inline"`
	Words         string      `json:"words"`
	Runs          []time.Time `json:"runs"` // the next ones, in UTC; none while it is suspended
	// Remark says what is strange about it; "" for nothing.
	Remark string `json:"remark,omitempty"`
}

// shownRuns is how many of the next runs are worked out.
const shownRuns = 3

// GatherSchedules reads the schedules of a database. Errors: the reader's.
// Permission: list scheduledbackups (postgresql.cnpg.io), get objectstores (barmancloud.cnpg.io) for the retention.
func GatherSchedules(ctx context.Context, r client.Reader, s Subject, now time.Time) (Schedules, error) {
	archive := cnpg.ArchiveOf(s.Cluster)
	result := Schedules{
		Time: now, Namespace: s.Cluster.Namespace, Cluster: s.Cluster.Name, Method: archive.Method, Schedules: []Planned{}, Unread: []problem.Unread{},
	}
	all, err := cnpg.ListSchedules(ctx, r, s.Cluster.Namespace, s.Cluster.Name)
	if err != nil {
		return result, fmt.Errorf("list scheduled backups in namespace %s: %w", s.Cluster.Namespace, err)
	}
	for _, schedule := range all {
		result.Schedules = append(result.Schedules, planned(schedule, now))
	}
	f := &facts{cluster: s.Cluster, stores: map[string]cnpg.RecoveryWindow{}}
	unread := &gathered{list: result.Unread}
	f.readStores(ctx, r, unread)
	result.Retention, result.Unread = f.archived(s.Cluster.Name, archive).Retention, unread.list
	return result, nil
}

// planned works out what a schedule leads to. Pure.
func planned(s cnpg.Schedule, now time.Time) Planned {
	p := Planned{Schedule: s, Words: Words(s.Schedule), Runs: []time.Time{}}
	if !s.Suspended {
		p.Runs = Runs(s.Schedule, now, shownRuns)
	}
	if len(strings.Fields(s.Schedule)) == fiveFields {
		p.Remark = "it has five fields: CloudNativePG takes the first for the seconds, and runs it " + p.Words
	}
	return p
}

// Missed reports whether a run came while it was suspended: the operator makes up for it when it is resumed.
func (p Planned) Missed(now time.Time) bool {
	if !p.Suspended || p.Last == nil {
		return false
	}
	due := Runs(p.Schedule.Schedule, *p.Last, 1)
	return len(due) > 0 && due[0].Before(now)
}

// ScheduleRequest is what a new schedule is asked for.
type ScheduleRequest struct {
	Name      string // "" is the cluster's
	Schedule  string // six fields; see ParseSchedule
	Immediate bool   // begin with a backup at once
}

// ScheduleCreation is a schedule that can be made, and what stands against it.
type ScheduleCreation struct {
	Namespace string                  `json:"namespace"`
	Cluster   string                  `json:"cluster"`
	Planned   Planned                 `json:"planned"`
	Retention string                  `json:"retention,omitempty"`
	Manifest  *cnpgv1.ScheduledBackup `json:"manifest"`
	Problems  []problem.Problem       `json:"problems"`
}

// Blocked reports whether something stands against the schedule.
func (c ScheduleCreation) Blocked() bool { return problem.Worst(c.Problems) == problem.Critical }

// PlanSchedule works out a schedule. existing are those that the database has. A cluster that is stopped for now does not
// stand against it. Permission: create selfsubjectaccessreviews, which everybody has.
func PlanSchedule(ctx context.Context, c client.Client, s Subject, existing Schedules, r ScheduleRequest, now time.Time) (ScheduleCreation, error) {
	archive := cnpg.ArchiveOf(s.Cluster)
	plan := ScheduleCreation{Namespace: s.Cluster.Namespace, Cluster: s.Cluster.Name, Retention: existing.Retention, Problems: unproven(archive.Method)}
	plan.Manifest = scheduleManifest(s, r, archive)
	name := plan.Manifest.Name
	if archive.Method == cnpg.MethodNone {
		plan.Problems = append(plan.Problems, noBackups(s.Cluster))
	}
	if faults := validation.IsDNS1123Label(name); len(faults) > 0 || len(name) > longestSchedule {
		plan.Problems = append(plan.Problems, problem.NewCritical("bad-name", "name "+name,
			fmt.Sprintf("a schedule's name has at most %d lower-case letters, digits and -, so that its backups' names have 63", longestSchedule), "give another one"))
	}
	if slices.ContainsFunc(existing.Schedules, func(p Planned) bool { return p.Name == name }) {
		plan.Problems = append(plan.Problems, problem.NewCritical("name-taken", "schedule "+name, "it exists already", "give another --name, or delete it: kubectl -n "+plan.Namespace+" delete "+ScheduleResource+" "+name))
	}
	denied, err := permitted(ctx, c, plan.Namespace, []kube.Permission{of("create", "scheduledbackups", plan.Namespace)})
	if err != nil {
		return plan, err
	}
	plan.Problems = append(plan.Problems, denied...)
	problem.Sort(plan.Problems)
	plan.Planned = planned(cnpg.Schedule{Name: name, Schedule: r.Schedule, Method: string(archive.Method)}, now)
	return plan, nil
}

// ScheduleResource is what kubectl calls a scheduled backup.
const ScheduleResource = "scheduledbackup.postgresql.cnpg.io"

// longestSchedule leaves room for the stamp that the operator puts behind the name of each backup.
const longestSchedule = longestName - len("-20060102150405")

func scheduleManifest(s Subject, r ScheduleRequest, archive cnpg.Archive) *cnpgv1.ScheduledBackup {
	b := &cnpgv1.ScheduledBackup{ObjectMeta: metav1.ObjectMeta{
		Namespace: s.Cluster.Namespace, Name: cmp.Or(r.Name, s.Cluster.Name),
		Labels: map[string]string{marks.LabelManagedBy: marks.FieldManager, marks.LabelComponent: "backup", marks.LabelDeployment: s.Deployment},
	}}
	b.SetGroupVersionKind(cnpgv1.SchemeGroupVersion.WithKind("ScheduledBackup"))
	b.Spec.Cluster.Name, b.Spec.Schedule = s.Cluster.Name, r.Schedule
	b.Spec.BackupOwnerReference = "none" // a schedule that is deleted must not take its backups along
	b.Spec.Method, b.Spec.PluginConfiguration = method(archive.Method)
	if r.Immediate {
		b.Spec.Immediate = &r.Immediate
	}
	return b
}

// CreateSchedule makes a planned schedule; dryRun has the API server check it only.
// Permission: create scheduledbackups (postgresql.cnpg.io).
func CreateSchedule(ctx context.Context, c client.Client, plan *ScheduleCreation, dryRun bool) error {
	options := []client.CreateOption{}
	if dryRun {
		options = append(options, client.DryRunAll)
	}
	if err := c.Create(ctx, plan.Manifest, options...); err != nil {
		return fmt.Errorf("create scheduled backup %s: %w", plan.Manifest.Name, err)
	}
	plan.Manifest.SetGroupVersionKind(cnpgv1.SchemeGroupVersion.WithKind("ScheduledBackup")) // the client drops it
	return nil
}

// Choose finds a schedule by its name; "" is the only one. ok is false when there is none or more than one.
func (s Schedules) Choose(name string) (Planned, bool) {
	if name == "" && len(s.Schedules) == 1 {
		return s.Schedules[0], true
	}
	i := slices.IndexFunc(s.Schedules, func(p Planned) bool { return name != "" && p.Name == name })
	if i < 0 {
		return Planned{}, false
	}
	return s.Schedules[i], true
}

// Suspend suspends a schedule, or resumes it; dryRun has the API server check it only.
// Permission: patch scheduledbackups (postgresql.cnpg.io).
func Suspend(ctx context.Context, c client.Client, namespace, name string, suspend, dryRun bool) error {
	options := []client.PatchOption{}
	if dryRun {
		options = append(options, client.DryRunAll)
	}
	b := &cnpgv1.ScheduledBackup{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"suspend":%t}}`, suspend))
	if err := c.Patch(ctx, b, patch, options...); err != nil {
		return fmt.Errorf("patch scheduled backup %s: %w", name, err)
	}
	return nil
}

// PlanRun works out the backup that a schedule would make now. Permission: what Plan needs, and get scheduledbackups.
func PlanRun(ctx context.Context, c client.Client, get cnpg.Get, s Subject, name string, r Request, now time.Time) (Creation, error) {
	schedule := &cnpgv1.ScheduledBackup{}
	if err := c.Get(ctx, client.ObjectKey{Namespace: s.Cluster.Namespace, Name: name}, schedule); err != nil {
		return Creation{}, fmt.Errorf("read scheduled backup %s: %w", name, err)
	}
	plan, err := Plan(ctx, c, get, s, r, now)
	spec := &plan.Manifest.Spec
	spec.Method = cmp.Or(schedule.Spec.Method, spec.Method)
	spec.Target, spec.Online, spec.OnlineConfiguration = schedule.Spec.Target, schedule.Spec.Online, schedule.Spec.OnlineConfiguration
	if schedule.Spec.PluginConfiguration != nil {
		spec.PluginConfiguration = schedule.Spec.PluginConfiguration
	}
	if spec.Method != cnpgv1.BackupMethodPlugin {
		spec.PluginConfiguration = nil
	}
	return plan, err
}
