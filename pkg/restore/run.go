package restore

import (
	"context"
	"errors"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// Report is what a restore did.
type Report struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Source    string `json:"source"`
	Target    Wanted `json:"target"`
	// ReplayedToEnd: nothing was committed after the target, so that all of the archive was replayed, which is the same.
	ReplayedToEnd bool    `json:"replayedToEnd,omitempty"`
	Seconds       float64 `json:"seconds"` // from the first step to the last
	Timeline      int     `json:"timeline"`
	// LastCommit is the newest transaction in it, as far as the log of the recovery told.
	LastCommit time.Time `json:"lastCommit,omitzero"`
	Newest4    time.Time `json:"newestLease4,omitzero"` // when a client was last seen
	Newest6    time.Time `json:"newestLease6,omitzero"`
	Leases4    int64     `json:"leases4"` // valid ones
	Leases6    int64     `json:"leases6"`
	Hosts      int64     `json:"reservations"` // in the database
	// Remarks are what is worth knowing and stands against nothing.
	Remarks []string `json:"remarks"`
}

// Run does what a plan says: recovers into the new cluster and verifies it. What is in service is not touched.
// Errors: *operation.StepError, *operation.HeldError, inside of them *cnpg.RecoveryError.
func Run(ctx context.Context, src Source, p Plan, lock operation.Options, progress operation.Progress) (Report, error) {
	r := &recovery{Source: src, p: p, began: src.Now(), report: Report{
		Namespace: p.Namespace, Name: p.Name, Source: p.Source, Target: p.Target, Remarks: []string{},
	}}
	r.record = Record{Source: p.Source, Target: p.Target, Since: p.Since, Phase: Recovering, By: lock.State.By, Started: r.began.UTC()}
	lock.Namespace, lock.Deployment = p.Namespace, p.Deployment
	err := operation.Locked(ctx, src.Client, lock, r.steps(), progress)
	r.report.Seconds = src.Now().Sub(r.began).Seconds()
	return r.report, err
}

// recovery is one run.
type recovery struct {
	Source
	p      Plan
	record Record
	report Report
	began  time.Time
	schema *keadb.Schema // of the database in service; nil: not known
}

func (r *recovery) steps() []operation.Step {
	return []operation.Step{
		{Name: "have a later commit archived", Do: r.archiveCommit},
		{Name: "create cluster " + r.p.Name, Do: r.create},
		{Name: "recover", Do: r.recover},
		{Name: "verify", Do: r.verify},
		{Name: "replicas", Do: r.replicas},
	}
}

// archiveTime is how long the archive may take to have one more segment.
const archiveTime = 2 * time.Minute

// archiveCommit makes sure that a commit after the target is in the archive: recovery to a moment ends in an error when
// there is none, as in a database that nobody writes to.
func (r *recovery) archiveCommit(ctx context.Context, note func(string)) (string, error) {
	switch {
	case r.p.Target.Backup != "":
		return "", &operation.Skipped{Reason: "a backup ends where it ends"}
	case !r.p.Chosen.Span.Current:
		return "", &operation.Skipped{Reason: "the target lies in the archive of " + r.p.Chosen.Span.Cluster}
	}
	source := r.p.Subject.Cluster
	e, err := openEnd(ctx, r.Source, source, r.p.Subject.Database.Name)
	if err != nil {
		note(err.Error())
		return "", &operation.Skipped{Reason: source.Name + " does not answer; what it has archived has to do"}
	}
	defer e.close(ctx)
	if health, err := e.db.Health(ctx); err == nil {
		r.schema = health.Schema
	}
	return archiveToEnd(ctx, e.withSuperuser(ctx, r.Source), note)
}

// archiveToEnd has all of a cluster's log archived, up to a commit that it writes now. It returns the last segment's name.
func archiveToEnd(ctx context.Context, super *superuser, note func(string)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, archiveTime)
	defer cancel()
	segment, err := super.archiveCommit(ctx)
	if err != nil {
		return "", err
	}
	for {
		done, err := super.archived(ctx, segment)
		switch {
		case err != nil:
			return "", err
		case done:
			return segment, nil
		}
		note("waiting for " + segment)
		if operation.Pause(ctx, 200*time.Millisecond) != nil {
			return "", fmt.Errorf("segment %s of the write-ahead log was not archived within %v: does archiving work?", segment, archiveTime)
		}
	}
}

// create creates the cluster. One that an earlier run of the same restore made is taken.
func (r *recovery) create(ctx context.Context, _ func(string)) (string, error) {
	key := client.ObjectKey{Namespace: r.p.Namespace, Name: r.p.Name}
	var there cnpgv1.Cluster
	err := r.Client.Get(ctx, key, &there)
	switch {
	case apierrors.IsNotFound(err):
	case err != nil:
		return "", fmt.Errorf("read cluster %s: %w", key.Name, err)
	default:
		record, made, err := RecordOf(&there)
		if err != nil {
			return "", err
		}
		begun := made && (record.Phase == Recovering || record.Phase == Recovered)
		if !begun || record.Source != r.p.Source || !record.Target.same(r.p.Target) {
			return "", fmt.Errorf("cluster %s exists, and is not of this restore", key.Name)
		}
		r.record.Started, r.record.ReplayedToEnd = record.Started, record.ReplayedToEnd
		r.report.ReplayedToEnd = record.ReplayedToEnd
		return "", &operation.Skipped{Reason: "an earlier run made it"}
	}
	text, err := r.record.text()
	if err != nil {
		return "", err
	}
	object := r.p.Manifest.DeepCopy()
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[marks.AnnotationRestore] = text
	object.SetAnnotations(annotations)
	if err := r.Client.Create(ctx, object, client.FieldOwner(marks.FieldManager)); err != nil {
		return "", fmt.Errorf("create cluster %s: %w", key.Name, err)
	}
	return "", nil
}

// recover waits until the new cluster has a primary that Kea could log in to. A recovery that failed leaves nothing behind: run
// again, it begins anew.
func (r *recovery) recover(ctx context.Context, note func(string)) (string, error) {
	recovered, err := r.wait(ctx, false, note)
	var failed *cnpg.RecoveryError
	if errors.As(err, &failed) {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTime)
		defer cancel()
		if gone := r.remove(ending); gone != nil {
			return "", errors.Join(err, gone)
		}
		if failed.Kind != cnpg.RecoveryTargetNotReached || r.p.Target.Time.IsZero() || r.report.ReplayedToEnd {
			return "", err
		}
		// No commit in the archive is newer than the target: all of it is the state at the target.
		note("nothing newer than the target is archived: replaying to the end, which is the same")
		return r.again(ctx, note)
	}
	if err != nil {
		return "", err
	}
	r.report.Timeline, r.report.LastCommit = recovered.Timeline, recovered.LastCommit
	text := recovered.Primary.Name
	if recovered.Timeline > 0 { // the log of a recovery that has ended already tells no more
		text += fmt.Sprintf(", timeline %d", recovered.Timeline)
	}
	if r.report.ReplayedToEnd {
		text += ", replayed to the end"
	}
	return text, nil
}

// removeTime is how long the removal of a cluster may take: its pods stop one after the other.
const removeTime = 3 * time.Minute

// remove deletes the new cluster and waits until it is gone.
func (r *recovery) remove(ctx context.Context) error {
	return removeCluster(ctx, r.Client, client.ObjectKey{Namespace: r.p.Namespace, Name: r.p.Name})
}

// removeCluster deletes a cluster and waits until it is gone, so that its name is free.
func removeCluster(ctx context.Context, c client.Client, key client.ObjectKey) error {
	cluster := &cnpgv1.Cluster{}
	cluster.Namespace, cluster.Name = key.Namespace, key.Name
	if err := c.Delete(ctx, cluster, client.PropagationPolicy("Foreground")); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete cluster %s: %w", key.Name, err)
	}
	for {
		err := c.Get(ctx, key, &cnpgv1.Cluster{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if operation.Pause(ctx, 250*time.Millisecond) != nil {
			return fmt.Errorf("cluster %s is being deleted and not gone yet", key.Name)
		}
	}
}

// again recovers without a target.
func (r *recovery) again(ctx context.Context, note func(string)) (string, error) {
	plan := r.p.Recovery
	plan.Target = cnpg.RecoveryTarget{}
	_, object, err := plan.Cluster(r.p.Subject.Raw)
	if err != nil {
		return "", err
	}
	r.p.Manifest = object
	r.record.ReplayedToEnd, r.report.ReplayedToEnd = true, true
	r.report.Remarks = append(r.report.Remarks, "nothing was committed after the target as far as is archived: all of the archive was replayed, which is the same")
	if _, err := r.create(ctx, note); err != nil {
		return "", err
	}
	return r.recover(ctx, note)
}

// wait waits for the new cluster.
func (r *recovery) wait(ctx context.Context, replicas bool, note func(string)) (cnpg.Recovered, error) {
	watch := cnpg.RecoveryWatch{Client: r.Client, Logs: r.Pods.PodLogs, Replicas: replicas}
	watch.Try = func(ctx context.Context, cluster *cnpgv1.Cluster, primary *corev1.Pod) error {
		e, err := openEndAt(ctx, r.Source, cluster, primary, r.p.Subject.Database.Name)
		if err != nil {
			return err
		}
		defer e.close(ctx)
		return e.db.WriteProbe(ctx)
	}
	return cnpg.WaitRecovered(ctx, watch, r.p.Namespace, r.p.Name, note)
}

// recovered reads the new cluster.
func (r *recovery) recovered(ctx context.Context) (*cnpgv1.Cluster, error) {
	var cluster cnpgv1.Cluster
	if err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.p.Namespace, Name: r.p.Name}, &cluster); err != nil {
		return nil, fmt.Errorf("read cluster %s: %w", r.p.Name, err)
	}
	return &cluster, nil
}

// newerBy is how much newer than the target a lease may look: its time is the server's clock in whole seconds, the target the
// database's.
const newerBy = 2 * time.Second

// verify looks at the restored database as Kea would use it.
func (r *recovery) verify(ctx context.Context, note func(string)) (string, error) {
	cluster, err := r.recovered(ctx)
	if err != nil {
		return "", err
	}
	e, err := openEnd(ctx, r.Source, cluster, r.p.Subject.Database.Name)
	if err != nil {
		return "", err
	}
	defer e.close(ctx)
	note("reading every lease once")
	found, err := e.db.Inspect(ctx)
	if err != nil {
		return "", err
	}
	if err := r.judge(found); err != nil {
		return "", err
	}
	r.record.Phase, r.record.Recovered, r.record.Leases = Recovered, r.Now().UTC(), found.IPv4.Valid+found.IPv6.Valid
	if err := r.record.note(ctx, r.Client, r.p.Namespace, r.p.Name); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d valid leases, %d reservations, schema %d.%d", r.record.Leases, found.Hosts, found.Schema.Version, found.Schema.Minor), nil
}

// replicas waits for the rest of the instances.
func (r *recovery) replicas(ctx context.Context, note func(string)) (string, error) {
	if cluster, err := r.recovered(ctx); err == nil && cluster.Status.CurrentPrimary != "" {
		super := openSuperuser(ctx, r.Pods, r.p.Namespace, cluster.Status.CurrentPrimary)
		defer super.close()
		hurried, stop := context.WithCancel(ctx)
		defer stop()
		go super.hurry(hurried)
	}
	recovered, err := r.wait(ctx, true, note)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("all %s ready", countOf(recovered.Cluster.Spec.Instances, "instance")), nil
}
