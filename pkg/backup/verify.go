package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// Verifier is how a verification reaches the cluster, its pods and the databases.
type Verifier struct {
	Client client.WithWatch
	Pods   interface {
		inventory.Dialer
		PodLogs(ctx context.Context, namespace, pod, container string, follow bool) (io.ReadCloser, error)
	}
	Observe func(keadb.Call)
	Now     func() time.Time
	By      string // who verifies, for the verdict
	// Progress is told what is being done.
	Progress interface {
		Start(name string)
		Note(what string)
		Done(result string)
		Fail(reason string)
	}
}

const (
	// endTime is how long the end of a verification may take to clear up, when the rest was interrupted.
	endTime = 10 * time.Second
	// liveTime is how long the database in service may take to say its schema.
	liveTime = 5 * time.Second
)

// Verify restores a backup into a throw-away cluster, looks at it as Kea would use it, writes the verdict on the Backup
// and removes the cluster. A bad verdict is no error. A command that is killed leaves what it made for less than a minute.
// Errors: *cnpg.RecoveryError where the cluster could not be made for reasons that are not the backup's; the client's.
func (w Verifier) Verify(ctx context.Context, v *Verification) (verdict Verdict, err error) {
	began := w.Now()
	w.Progress.Start("make the throw-away cluster " + v.Name)
	image := v.Subject.Cluster.Status.Image
	if image == "" {
		image = v.Subject.Cluster.Spec.ImageName
	}
	kept, err := newKeeper(ctx, w.Client, v.cluster, image)
	if err != nil {
		w.Progress.Fail("")
		return verdict, err
	}
	keeping, stop := context.WithCancel(ctx)
	defer stop()
	go kept.keep(keeping, w.Now)
	defer func() {
		stop()
		err = errors.Join(err, w.remove(ctx, kept))
	}()
	v.Manifest.SetOwnerReferences([]metav1.OwnerReference{kept.owner()})
	if err := w.Client.Create(ctx, v.Manifest); err != nil {
		w.Progress.Fail("")
		return verdict, fmt.Errorf("create cluster %s: %w", v.Name, err)
	}
	w.Progress.Done("")
	verdict = Verdict{Backup: v.Backup.Name, OK: true, By: w.By, Checks: []Check{}, VLANs: []VLANCount{}}
	if v.Backup.Stopped != nil {
		verdict.DataAgeSeconds = age(*v.Backup.Stopped, began)
	}
	if err := w.restore(ctx, v, &verdict, began); err != nil {
		return verdict, err
	}
	verdict.At = w.Now().UTC().Truncate(time.Second)
	return verdict, w.annotate(ctx, v, verdict)
}

// restore waits for the recovery, and looks at what came of it.
func (w Verifier) restore(ctx context.Context, v *Verification, verdict *Verdict, began time.Time) error {
	w.Progress.Start("restore " + v.Backup.Name)
	var login inventory.Login
	watch := cnpg.RecoveryWatch{Client: w.Client, Logs: w.Pods.PodLogs, Try: func(ctx context.Context, cluster *cnpgv1.Cluster, primary *corev1.Pod) error {
		var err error
		if login, err = w.logins().Into(ctx, cluster, primary, v.cluster.Spec.Bootstrap.Recovery.Database); err != nil {
			return err
		}
		db, err := keadb.Connect(ctx, login.Target)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close(ctx) }()
		return db.WriteProbe(ctx)
	}}
	recovered, err := cnpg.WaitRecovered(ctx, watch, v.Namespace, v.Name, w.Progress.Note)
	var failed *cnpg.RecoveryError
	switch {
	case errors.As(err, &failed) && failed.Kind == cnpg.RecoveryLogin:
		w.Progress.Fail("")
		verdict.check("recovery", true, "restored and promoted")
		verdict.check("login", false, failed.Text)
		verdict.Next = failed.Next
		return nil
	case errors.As(err, &failed) && ofTheBackup(failed.Kind):
		w.Progress.Fail("")
		verdict.check("recovery", false, failed.Text)
		verdict.Next = failed.Next
		return nil
	case err != nil:
		w.Progress.Fail("")
		return fmt.Errorf("restore backup %s: %w", v.Backup.Name, err)
	}
	took := w.Now().Sub(began)
	verdict.RecoverySeconds = took.Round(100 * time.Millisecond).Seconds()
	w.Progress.Done(fmt.Sprintf("timeline %d", recovered.Timeline))
	verdict.check("recovery", true, fmt.Sprintf("restored and promoted to timeline %d, %d segments of write-ahead log replayed", recovered.Timeline, recovered.Segments))
	verdict.check("login", true, login.User+" logs in with the password that is valid now, and may write")
	return w.look(ctx, v, verdict, login)
}

// look reads the restored database.
func (w Verifier) look(ctx context.Context, v *Verification, verdict *Verdict, login inventory.Login) error {
	w.Progress.Start("look at it as Kea would")
	live := make(chan *keadb.Schema, 1)
	go func() { live <- w.liveSchema(ctx, v.Subject) }()
	db, err := keadb.Connect(ctx, login.Target)
	if err != nil {
		w.Progress.Fail("")
		return err
	}
	defer func() { _ = db.Close(ctx) }()
	found, err := db.Inspect(ctx)
	switch {
	case ctx.Err() != nil:
		w.Progress.Fail("")
		return context.Cause(ctx)
	case err != nil:
		w.Progress.Fail("")
		verdict.check("leases", false, "the database could not be read: "+err.Error())
		return nil
	}
	verdict.judge(found, <-live, newSubnetNames(v.Subject.In.Servers))
	w.Progress.Done("")
	return nil
}

// liveSchema is the schema of the database in service; nil where it does not answer.
func (w Verifier) liveSchema(ctx context.Context, s Subject) *keadb.Schema {
	ctx, cancel := context.WithTimeout(ctx, liveTime)
	defer cancel()
	login, err := w.logins().Find(ctx, s.In, s.Database, inventory.AsViewer, func(string, error) {})
	if err != nil {
		return nil
	}
	db, err := keadb.Connect(ctx, login.Target)
	if err != nil {
		return nil
	}
	defer func() { _ = db.Close(ctx) }()
	health, err := db.Health(ctx)
	if err != nil {
		return nil
	}
	return health.Schema
}

func (w Verifier) logins() inventory.Logins {
	return inventory.Logins{Reader: w.Client, Pods: w.Pods, Observe: w.Observe}
}

// ofTheBackup tells failures that say something of the backup from those of the place where it was to be restored: that a
// quota is used up is nothing to note on a backup.
func ofTheBackup(kind cnpg.RecoveryKind) bool {
	return slices.Contains([]cnpg.RecoveryKind{
		cnpg.RecoveryNoBackup, cnpg.RecoveryDamaged, cnpg.RecoveryTargetNotReached, cnpg.RecoveryTargetTooEarly, cnpg.RecoverySecretMissing,
		cnpg.RecoveryStoreMissing, cnpg.RecoveryUnreachable, cnpg.RecoveryDenied, cnpg.RecoveryVersion, cnpg.RecoverySettings, cnpg.RecoveryIncomplete, cnpg.RecoveryOther,
	}, kind)
}

// annotate writes the verdict on the Backup. Permission: patch backups (postgresql.cnpg.io).
func (w Verifier) annotate(ctx context.Context, v *Verification, verdict Verdict) error {
	text, err := verdict.annotation()
	if err != nil {
		return err
	}
	b := &cnpgv1.Backup{ObjectMeta: metav1.ObjectMeta{Namespace: v.Namespace, Name: v.Backup.Name}}
	if err := kube.Annotate(ctx, w.Client, b, map[string]string{marks.AnnotationVerified: text}); err != nil {
		return fmt.Errorf("write the verdict on backup %s: %w", v.Backup.Name, err)
	}
	return nil
}

// remove clears up, also after an interruption.
func (w Verifier) remove(ctx context.Context, kept *keeper) error {
	ending, stop := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer stop()
	w.Progress.Start("remove the throw-away cluster")
	if err := kept.end(ending); err != nil {
		w.Progress.Fail("")
		return err
	}
	w.Progress.Done("")
	return nil
}
