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
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Request is what a backup is asked for.
type Request struct {
	Name string // "" makes one up
	// Target is the instance to take it from: primary or prefer-standby; "" is the cluster's own choice.
	Target string
	// Wait says that somebody will look how it goes on, which needs one permission more.
	Wait bool
}

// Creation is a backup that can be asked for, and what stands against it.
type Creation struct {
	Namespace string            `json:"namespace"`
	Cluster   string            `json:"cluster"`
	Method    cnpg.Method       `json:"method"`
	Manifest  *cnpgv1.Backup    `json:"manifest"`
	Problems  []problem.Problem `json:"problems"`
}

// Blocked reports whether something stands against the backup.
func (c Creation) Blocked() bool { return problem.Worst(c.Problems) == problem.Critical }

// Plan works out the backup that a request asks for. What stands against it is in its problems, all of it at once.
// Permission: what Find needs; create selfsubjectaccessreviews, which everybody has; get pods/proxy, without which nobody
// is told that the archive is far behind.
func Plan(ctx context.Context, c client.Client, get cnpg.Get, s Subject, r Request, now time.Time) (Creation, error) {
	plan := Creation{Namespace: s.Cluster.Namespace, Cluster: s.Cluster.Name, Method: cnpg.ArchiveOf(s.Cluster).Method}
	plan.Manifest = Manifest(s, r, now)
	plan.Problems = append(refusals(s, now), unproven(plan.Method)...)
	if faults := validation.IsDNS1123Label(plan.Manifest.Name); len(faults) > 0 {
		plan.Problems = append(plan.Problems, problem.NewCritical("bad-name", "name "+plan.Manifest.Name,
			"a backup's name has at most 63 lower-case letters, digits and -, and begins and ends with a letter or digit", "leave --name out, or give another one"))
	}
	if !plan.Blocked() {
		plan.Problems = append(plan.Problems, behind(ctx, get, s.Cluster)...)
	}
	denied, err := permitted(ctx, c, plan.Namespace, CreatePermissions(plan.Namespace, r.Wait))
	if err != nil {
		return plan, err
	}
	plan.Problems = append(plan.Problems, denied...)
	problem.Sort(plan.Problems)
	return plan, nil
}

// Create asks for a planned backup; dryRun has the API server check it only. The manifest becomes what the API server
// made of it. Permission: create backups (postgresql.cnpg.io).
func Create(ctx context.Context, c client.Client, plan *Creation, dryRun bool) error {
	options := []client.CreateOption{}
	if dryRun {
		options = append(options, client.DryRunAll)
	}
	if err := c.Create(ctx, plan.Manifest, options...); err != nil {
		return fmt.Errorf("create backup %s: %w", plan.Manifest.Name, err)
	}
	plan.Manifest.SetGroupVersionKind(cnpgv1.SchemeGroupVersion.WithKind(cnpgv1.BackupKind)) // the client drops it
	return nil
}

// longestName is what fits into the labels that name a backup.
const longestName = validation.LabelValueMaxLength

// newName makes up the name of a backup of a cluster.
func newName(cluster string, now time.Time) string {
	stamp := "-" + now.UTC().Format("20060102-150405")
	return strings.TrimRight(cluster[:min(len(cluster), longestName-len(stamp))], "-.") + stamp
}

// Manifest is the Backup object of a subject's cluster, which is all that the subject needs to have, beside its deployment. The
// method is always there: CNPG takes one without for an in-tree backup, which fails where a plugin makes them.
func Manifest(s Subject, r Request, now time.Time) *cnpgv1.Backup {
	b := &cnpgv1.Backup{ObjectMeta: metav1.ObjectMeta{
		Namespace: s.Cluster.Namespace, Name: cmp.Or(r.Name, newName(s.Cluster.Name, now)),
		Labels: map[string]string{
			cnpg.LabelCluster: s.Cluster.Name, marks.LabelManagedBy: marks.FieldManager, marks.LabelComponent: "backup", marks.LabelDeployment: s.Deployment,
		},
	}}
	b.SetGroupVersionKind(cnpgv1.SchemeGroupVersion.WithKind(cnpgv1.BackupKind))
	b.Spec.Cluster.Name, b.Spec.Target = s.Cluster.Name, cnpgv1.BackupTarget(r.Target)
	b.Spec.Method, b.Spec.PluginConfiguration = method(cnpg.ArchiveOf(s.Cluster).Method)
	return b
}

// method is how CNPG is told a method.
func method(m cnpg.Method) (cnpgv1.BackupMethod, *cnpgv1.BackupPluginConfiguration) {
	if m == cnpg.MethodPlugin {
		return cnpgv1.BackupMethodPlugin, &cnpgv1.BackupPluginConfiguration{Name: cnpg.BarmanPlugin}
	}
	return cnpgv1.BackupMethod(m), nil
}

// refusals are what stands against any backup of a cluster. Pure.
func refusals(s Subject, now time.Time) []problem.Problem {
	found := []problem.Problem{}
	cluster := "cluster " + s.Cluster.Name
	kubectl := "kubectl -n " + s.Cluster.Namespace
	refuse := func(code, text, next string) { found = append(found, problem.NewCritical(code, cluster, text, next)) }
	summary := cnpg.Summarize(s.Cluster, s.In.Instances(s.Cluster.Name), now)
	switch {
	case cnpg.ArchiveOf(s.Cluster).Method == cnpg.MethodNone:
		found = append(found, noBackups(s.Cluster))
	case s.Cluster.DeletionTimestamp != nil:
		refuse("being-deleted", "the cluster is being deleted", "")
	case summary.Hibernated:
		refuse("hibernated", "the cluster is hibernated: there is no instance that a backup could be taken from",
			kubectl+" annotate cluster "+s.Cluster.Name+" --overwrite "+cnpg.AnnotationHibernation+"=off")
	case slices.Contains(summary.Fenced, "*") || slices.Contains(summary.Fenced, summary.Primary):
		refuse("fenced", "PostgreSQL is stopped, because the cluster is fenced: nothing can be backed up",
			kubectl+" annotate cluster "+s.Cluster.Name+" "+cnpg.AnnotationFenced+"-")
	case summary.Archiving.Working != nil && !*summary.Archiving.Working:
		why := explain(cmp.Or(summary.Archiving.Message, summary.Archiving.Reason), summary.Primary, s.Cluster)
		refuse("archive-failing", "its write-ahead log is not being archived: "+why.Text+"; a backup would wait for that, and could not be restored without", why.Next)
	case !summary.Serving:
		refuse("not-serving", "the primary is not ready: "+strings.Join(summary.Reasons, "; "), "kubectl kea status -n "+s.Cluster.Namespace)
	}
	return found
}

func noBackups(cluster *cnpgv1.Cluster) problem.Problem {
	return problem.NewCritical("no-backup", "cluster "+cluster.Name, "no backups are configured: neither the Barman Cloud plugin, nor an object store, nor volume snapshots",
		"say in the stack file where to, and install it again: kubectl kea install --print-defaults")
}

// unproven: nobody has tried this tool with volume snapshots.
func unproven(m cnpg.Method) []problem.Problem {
	if m != cnpg.MethodSnapshot {
		return []problem.Problem{}
	}
	return []problem.Problem{{
		Severity: problem.Warning, Code: "unproven", Subject: "volume snapshots",
		Text: "backups by volume snapshot were never tried with this tool: its lab has none",
	}}
}

// farBehind is how many files of the write-ahead log may wait before somebody is told: a backup ends only when those from
// before its end are archived.
const farBehind = 10

// behind warns of an archive that is far behind. Who may not ask is not told.
func behind(ctx context.Context, get cnpg.Get, cluster *cnpgv1.Cluster) []problem.Problem {
	primary := ask(ctx, get, cluster)
	if primary.Err != nil || primary.WaitingWAL <= farBehind {
		return nil
	}
	return []problem.Problem{{
		Severity: problem.Warning, Code: "archive-behind", Subject: "cluster " + cluster.Name,
		Text: fmt.Sprintf("%d files of its write-ahead log wait to be archived: the backup cannot end before they are", primary.WaitingWAL),
	}}
}
