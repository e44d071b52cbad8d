package backup

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// servingSubject is a database whose primary db-1 is ready.
func servingSubject(change func(*cnpgv1.Cluster)) Subject {
	c := pluginCluster("db")
	c.Spec.Instances = 1
	c.Status.Phase, c.Status.CurrentPrimary, c.Status.TargetPrimary = cnpgv1.PhaseHealthy, "db-1", "db-1"
	c.Status.InstanceNames = []string{"db-1"}
	if change != nil {
		change(c)
	}
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "db-1", Labels: map[string]string{cnpg.LabelCluster: "db", cnpg.LabelPodRole: "instance", cnpg.LabelInstanceRole: "primary"}}}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	return Subject{Cluster: c, Deployment: "kea-dhcp", In: &inventory.Inventory{Namespace: "network", Pods: []corev1.Pod{pod}}}
}

// failing is a cluster whose write-ahead log is not archived.
func failing(message string) func(*cnpgv1.Cluster) {
	return func(c *cnpgv1.Cluster) {
		c.Status.Conditions = []metav1.Condition{{Type: string(cnpgv1.ConditionContinuousArchiving), Status: metav1.ConditionFalse, Reason: "ContinuousArchivingFailing", Message: message}}
	}
}

func TestRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		change     func(*cnpgv1.Cluster)
		code, text string
		next       string
	}{
		"well": {},
		"no backups": {
			change: func(c *cnpgv1.Cluster) { c.Spec.Plugins = nil },
			code:   "no-backup", text: "no backups are configured: neither the Barman Cloud plugin, nor an object store, nor volume snapshots",
			next: "say in the stack file where to, and install it again: kubectl kea install --print-defaults",
		},
		"hibernated": {
			change: func(c *cnpgv1.Cluster) { c.Annotations = map[string]string{cnpg.AnnotationHibernation: "on"} },
			code:   "hibernated", text: "the cluster is hibernated: there is no instance that a backup could be taken from",
			next: "kubectl -n network annotate cluster db --overwrite cnpg.io/hibernation=off",
		},
		"fenced": {
			change: func(c *cnpgv1.Cluster) { c.Annotations = map[string]string{cnpg.AnnotationFenced: `["*"]`} },
			code:   "fenced", text: "PostgreSQL is stopped, because the cluster is fenced: nothing can be backed up",
			next: "kubectl -n network annotate cluster db cnpg.io/fencedInstances-",
		},
		"being deleted": {
			change: func(c *cnpgv1.Cluster) { c.DeletionTimestamp = &metav1.Time{Time: *at("01:00:00")} },
			code:   "being-deleted", text: "the cluster is being deleted",
		},
		"a key is missing": {
			change: failing("rpc error: code = Unknown desc = missing key NOKEY, inside secret creds"),
			code:   "archive-failing",
			text:   "its write-ahead log is not being archived: the Secret with the credentials of the object store has no key NOKEY; a backup would wait for that, and could not be restored without",
			next:   "kubectl -n network get objectstore store -o yaml",
		},
		"archiving fails, nobody knows why": {
			change: failing(""), code: "archive-failing",
			text: "its write-ahead log is not being archived: ContinuousArchivingFailing; a backup would wait for that, and could not be restored without",
			next: "kubectl -n network logs db-1 -c plugin-barman-cloud --tail=50",
		},
		"no primary": {
			change: func(c *cnpgv1.Cluster) { c.Status.CurrentPrimary = "" },
			code:   "not-serving", text: "the primary is not ready: there is no primary yet; the operator sees no healthy instance", next: "kubectl kea status -n network",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := refusals(servingSubject(tt.change), *at("12:00:00"))
			if tt.code == "" {
				if len(got) > 0 {
					t.Errorf("%+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Code != tt.code || got[0].Text != tt.text || got[0].Next != tt.next {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestManifest(t *testing.T) {
	s := servingSubject(nil)
	b := Manifest(s, Request{Target: "primary"}, *at("02:30:00"))
	want := map[string]string{
		"cnpg.io/cluster": "db", "app.kubernetes.io/managed-by": "kubectl-kea", "kea.fos1.io/component": "backup", "kea.fos1.io/deployment": "kea-dhcp",
	}
	if diff := cmp.Diff(want, b.Labels); diff != "" || b.Name != "db-20261122-023000" || b.Spec.Target != "primary" || b.Spec.Cluster.Name != "db" {
		t.Errorf("%s %+v", diff, b)
	}
	for m, want := range map[cnpg.Method]string{cnpg.MethodPlugin: cnpg.BarmanPlugin, cnpg.MethodInTree: "", cnpg.MethodSnapshot: ""} {
		got, plugin := method(m)
		if string(got) != string(m) || (plugin != nil) != (want != "") || plugin != nil && plugin.Name != want {
			t.Errorf("%s: %s, %v", m, got, plugin)
		}
	}
}

func TestPlanWarnsOfAnArchiveFarBehind(t *testing.T) {
	s := servingSubject(nil)
	for name, tt := range map[string]struct {
		answer string
		err    error
		want   string
	}{
		"a few wait": {answer: `{"isPrimary":true,"readyWalFiles":3}`},
		"many wait":  {answer: `{"isPrimary":true,"readyWalFiles":347}`, want: "347 files of its write-ahead log wait to be archived: the backup cannot end before they are"},
		"no answer":  {err: errors.New("no answer")},
	} {
		text := ""
		for _, p := range behind(t.Context(), status(tt.answer, tt.err), s.Cluster) {
			text = p.Text
		}
		if text != tt.want {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// A name fits into a label, whatever the cluster is called.
func TestNewName(t *testing.T) {
	for cluster, want := range map[string]string{
		"kea-database":                      "kea-database-20261122-120000",
		strings.Repeat("a", 60):             strings.Repeat("a", 47) + "-20261122-120000",
		strings.Repeat("a", 46) + "-b-rest": strings.Repeat("a", 46) + "-20261122-120000",
	} {
		if got := newName(cluster, *at("12:00:00")); got != want || len(got) > 63 {
			t.Errorf("%s: %s (%d)", cluster, got, len(got))
		}
	}
}

// podLog is a pod's log that was captured, or an error.
type podLog struct {
	text string
	err  error
}

func (l podLog) PodLogs(context.Context, string, string, string, bool) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(l.text)), l.err
}

// captured of the plugin 0.14: a backup that failed for nobody answered, and one for a conflict on a replica.
const captured = `not JSON
{"level":"info","ts":"2026-11-23T06:30:50.157055781Z","msg":"Starting barman-cloud-backup","logging_pod":"own-1","options":["--user","postgres","--name","backup-20261123063050"]}
{"level":"info","ts":"2026-11-23T06:31:09.779507403Z","logger":"barman-cloud-backup","msg":"2026-11-23 06:31:09,779 [81] ERROR: Can't connect to cloud provider: Could not connect to the endpoint URL: \"http://s3.kealab.svc:9999/backups\"","pipe":"stderr","logging_pod":"own-1"}
{"level":"info","ts":"2026-11-23T06:53:29.524655873Z","msg":"Starting barman-cloud-backup","logging_pod":"own-1","options":["--user","postgres","--name","backup-20261123065329"]}
{"level":"info","ts":"2026-11-23T06:54:56.226927179Z","logger":"barman-cloud-backup","msg":"2026-11-23 06:54:56,225 [74] ERROR: Backup failed uploading data (pg_backup_start command: canceling statement due to conflict with recovery)","pipe":"stderr","logging_pod":"own-1"}
`

func TestWhy(t *testing.T) {
	const exit = "rpc error: code = Unknown desc = exit status 2"
	for name, tt := range map[string]struct {
		said, from, to string
		log            podLog
		text, next     string
	}{
		"the store does not answer": {
			exit, "2026-11-23T06:30:50Z", "2026-11-23T06:31:10Z",
			podLog{text: captured},
			"the object store does not answer at http://s3.kealab.svc:9999/backups", "kubectl -n network get objectstore store -o yaml",
		},
		"a conflict on a replica": {
			exit, "2026-11-23T06:53:29Z", "2026-11-23T06:54:56Z",
			podLog{text: captured},
			"the replica that it was taken from gave it up, for it stood in the way of changes from the primary", "kubectl kea backup -n network --target primary --wait",
		},
		"the log begins later": {
			exit, "2026-11-23T01:00:00Z", "2026-11-23T01:01:00Z",
			podLog{text: captured},
			"Barman's tool ended with status 2, and why stands in its log", "kubectl -n network logs own-1 -c plugin-barman-cloud --tail=50",
		},
		"the log may not be read": {
			exit, "2026-11-23T06:53:29Z", "2026-11-23T06:54:56Z",
			podLog{err: errors.New("forbidden")},
			"Barman's tool ended with status 2, and why stands in its log", "kubectl -n network logs own-1 -c plugin-barman-cloud --tail=50",
		},
		"a Secret is missing": {
			`rpc error: code = Unknown desc = while getting secret none: secrets "none" not found`, "2026-11-23T06:53:29Z", "2026-11-23T06:54:56Z",
			podLog{text: captured},
			"the Secret none with the credentials of the object store does not exist", "kubectl -n network get secrets",
		},
		"no such plugin": {
			"requested plugin is not available: other.example.org", "2026-11-23T06:53:29Z", "2026-11-23T06:54:56Z",
			podLog{},
			"the operator does not know the plugin other.example.org: it is not installed, or not ready", "kubectl get pods -A -l app=barman-cloud",
		},
		"another method": {
			"cannot proceed with the backup as the cluster has no backup section", "2026-11-23T06:53:29Z", "2026-11-23T06:54:56Z",
			podLog{},
			"it asks for the in-tree method, and the cluster has no object store of that kind", "kubectl -n network get objectstore store -o yaml",
		},
		"unknown": {
			"rpc error: code = Unknown desc = something\n  new", "2026-11-23T06:53:29Z", "2026-11-23T06:54:56Z",
			podLog{},
			"something new", "kubectl -n network logs own-1 -c plugin-barman-cloud --tail=50",
		},
		"nothing said": {
			"", "2026-11-23T06:53:29Z", "2026-11-23T06:54:56Z",
			podLog{},
			"the operator does not say why", "kubectl -n network logs own-1 -c plugin-barman-cloud --tail=50",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := &cnpgv1.Backup{}
			b.Status.Phase, b.Status.Error = cnpgv1.BackupPhaseFailed, tt.said
			b.Status.InstanceID = &cnpgv1.InstanceID{PodName: "own-1"}
			b.Status.ReconciliationStartedAt, b.Status.ReconciliationTerminatedAt = &metav1.Time{Time: *at(tt.from)}, &metav1.Time{Time: *at(tt.to)}
			got := Why(t.Context(), tt.log, pluginCluster("own"), b)
			if got.Text != tt.text || got.Next != tt.next {
				t.Errorf("%+v", got)
			}
		})
	}
}
