package restore

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// pluginSource is a healthy cluster whose backups go through the plugin.
const pluginSource = `
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {namespace: network, name: kea, uid: u-1}
spec:
  instances: 3
  imageName: example.org/postgresql:17.5
  storage: {size: 1Gi, storageClass: fast}
  walStorage: {size: 512Mi, storageClass: fast}
  resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {memory: 2Gi}}
  certificates: {serverCASecret: kea-db-ca}
  bootstrap: {initdb: {database: kea, owner: kea, secret: {name: kea-db-credentials}}}
  managed: {roles: [{name: kea_viewer, passwordSecret: {name: kea-db-viewer}}, {name: former, ensure: absent, passwordSecret: {name: gone}}]}
  plugins: [{name: barman-cloud.cloudnative-pg.io, isWALArchiver: true, parameters: {barmanObjectName: store}}]
status:
  currentPrimary: kea-1
  phase: Cluster in healthy state
  pgDataImageInfo: {image: "example.org/postgresql:17.5", majorVersion: 17}
  pluginStatus: [{name: barman-cloud.cloudnative-pg.io, version: 0.14.0}]
  conditions: [{type: ContinuousArchiving, status: "True", reason: ContinuousArchivingSuccess}]
`

// sourceOf is a subject of a manifest, changed.
func sourceOf(t *testing.T, manifest string, change func(*cnpgv1.Cluster)) backup.Subject {
	t.Helper()
	s := backup.Subject{Cluster: &cnpgv1.Cluster{}, Raw: &unstructured.Unstructured{}, Deployment: "kea-dhcp", In: &inventory.Inventory{Namespace: "network"}}
	if err := yaml.Unmarshal([]byte(manifest), s.Cluster); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(s.Cluster)
	}
	text, err := yaml.Marshal(s.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &s.Raw.Object); err != nil {
		t.Fatal(err)
	}
	s.In.Clusters = []cnpgv1.Cluster{*s.Cluster}
	s.In.Pods = []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{
		Name: "kea-1", Labels: map[string]string{cnpg.LabelCluster: "kea", cnpg.LabelPodRole: "instance"}, Annotations: map[string]string{cnpg.AnnotationOperatorVersion: "1.30.0"},
	}}}
	return s
}

// told are problems in one line each.
func told(all []problem.Problem) string {
	lines := []string{}
	for _, p := range all {
		lines = append(lines, fmt.Sprintf("%s %s: %s: %s", p.Severity, p.Code, p.Subject, p.Text))
	}
	return strings.Join(lines, "\n")
}

func TestJudgeSource(t *testing.T) {
	yes := true
	for name, test := range map[string]struct {
		change func(*cnpgv1.Cluster)
		pods   func([]corev1.Pod)
		want   string
	}{
		"healthy": {},
		"replica": {change: func(c *cnpgv1.Cluster) {
			c.Spec.ReplicaCluster = &cnpgv1.ReplicaClusterConfiguration{Enabled: &yes, Source: "x"}
		}, want: "critical replica-cluster"},
		"hibernated": {change: func(c *cnpgv1.Cluster) { c.Annotations = map[string]string{cnpg.AnnotationHibernation: "on"} }, want: "info source-stopped: cluster kea: it is hibernated"},
		"fenced":     {change: func(c *cnpgv1.Cluster) { c.Annotations = map[string]string{cnpg.AnnotationFenced: `["*"]`} }, want: "info source-stopped: cluster kea: it is fenced (*)"},
		"not archiving": {change: func(c *cnpgv1.Cluster) {
			c.Status.Conditions[0].Status, c.Status.Conditions[0].Reason, c.Status.Conditions[0].Message = metav1.ConditionFalse, "ContinuousArchivingFailing", "exit status 4"
		}, want: "warning not-archiving: cluster kea: its write-ahead log is not archived (exit status 4)"},
		"plugin not loaded":          {change: func(c *cnpgv1.Cluster) { c.Status.PluginStatus = nil }, want: "critical plugin-not-loaded"},
		"in git":                     {change: func(c *cnpgv1.Cluster) { c.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "kea:x"} }, want: "info outside-of-git: cluster kea: Argo CD manages it"},
		"old operator":               {pods: func(p []corev1.Pod) { p[0].Annotations[cnpg.AnnotationOperatorVersion] = "1.28.3" }, want: "warning old-operator: CloudNativePG 1.28.3"},
		"operator that does not say": {pods: func(p []corev1.Pod) { p[0].Annotations = nil }},
		"in-tree on a new operator": {change: func(c *cnpgv1.Cluster) {
			c.Spec.Plugins, c.Spec.Backup = nil, &cnpgv1.BackupConfiguration{BarmanObjectStore: &cnpgv1.BarmanObjectStoreConfiguration{}}
		}, pods: func(p []corev1.Pod) { p[0].Annotations[cnpg.AnnotationOperatorVersion] = "1.31.0" }, want: "critical no-in-tree: CloudNativePG 1.31.0"},
	} {
		s := sourceOf(t, pluginSource, test.change)
		if test.pods != nil {
			test.pods(s.In.Pods)
		}
		got := told(judgeSource(s, time.Now()))
		if !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestOperatorVersionIsTheNewestPods(t *testing.T) {
	pod := func(version string, age time.Duration) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(time.Unix(1e9, 0).Add(-age)), Annotations: map[string]string{cnpg.AnnotationOperatorVersion: version}}}
	}
	if got := operatorVersion([]corev1.Pod{pod("1.28.0", time.Hour), pod("1.30.0", time.Minute), pod("", time.Second)}); got != "1.30.0" {
		t.Error(got)
	}
}

func TestJudgeMajor(t *testing.T) {
	s := sourceOf(t, pluginSource, nil)
	for major, want := range map[int]string{17: "", 0: "", 16: "critical other-major: backup b: it is of PostgreSQL 16, and cluster kea runs 17"} {
		got := told(judgeMajor(aim{chosen: backup.Chosen{Base: &cnpg.Backup{Name: "b", Major: major}}}, s, time.Now()))
		if !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%d: %q", major, got)
		}
	}
	if got := judgeMajor(aim{}, s, time.Now()); got != nil {
		t.Error(got)
	}
}

func TestJudgeOperations(t *testing.T) {
	s := sourceOf(t, pluginSource, nil)
	s.In.Operations = []inventory.Operation{
		{Object: "service kea-database", Kind: "cutover", By: "ann@desk", Step: "turn", Continue: "kubectl kea restore cutover kea-2", Abort: "kubectl kea restore abort"}, {Object: "lease x", Kind: kindRestore},
	}
	want := `critical unfinished-operation: service kea-database: cutover by ann@desk is not finished (step "turn"); go on with it, or end it: kubectl kea restore abort`
	if got := told(judgeOperations(s, true)); got != want {
		t.Error(got)
	}
	if got := judgeOperations(s, false); len(got) != 2 || got[0].Next != "kubectl kea restore cutover kea-2" || got[1].Text != "restore by somebody is not finished" {
		t.Error(told(got))
	}
}

func TestUsedNames(t *testing.T) {
	s := sourceOf(t, pluginSource, func(c *cnpgv1.Cluster) {
		c.Spec.Plugins[0].Parameters["serverName"] = "kea-folder"
		c.Annotations = map[string]string{marks.AnnotationLineage: `[{"cluster":"kea-0","method":"plugin","store":"store","serverName":"kea-0-folder","until":"2026-01-01T00:00:00Z"}]`}
	})
	s.In.Services = []corev1.Service{{ObjectMeta: metav1.ObjectMeta{Name: "left-rw"}}, {ObjectMeta: metav1.ObjectMeta{Name: "kea-database"}}}
	used := usedNames(s, []string{"in-store"}, []cnpg.Backup{{Name: "b", Cluster: "deleted"}, {Name: "c", Cluster: "other", ServerName: "other-folder"}})
	for name, want := range map[string]string{
		"kea": "exists", "kea-folder": "archives into", "kea-0": "lived in", "kea-0-folder": "archived into", "left": "Service left-rw", "in-store": "folder in-store already",
		"deleted": "backup b", "other-folder": "backup c", "other": "backup c", "new": "", "kea-database": "",
	} {
		got := told(checkName(name, used))
		if !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestNeededSecrets(t *testing.T) {
	s := sourceOf(t, pluginSource, nil)
	store := map[string]any{
		"destinationPath": "s3://x",
		"endpointCA":      map[string]any{"name": "s3-ca", "key": "ca.crt"},
		"s3Credentials": map[string]any{
			"accessKeyId": map[string]any{"name": "s3", "key": "ID"}, "secretAccessKey": map[string]any{"name": "s3", "key": "SECRET"}, "inheritFromIAMRole": false,
		},
	}
	_, manifest, err := cnpg.Recovery{Name: "kea-2", From: cnpg.ArchiveOf(s.Cluster)}.Cluster(s.Raw)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, n := range neededSecrets(manifest, store) {
		keys := append([]string{}, n.keys...)
		slices.Sort(keys)
		got[n.secret] = strings.Join(keys, " ")
	}
	want := map[string]string{
		"kea-db-credentials": "password username", "kea-db-viewer": "password username", "kea-db-ca": "ca.crt ca.key", "s3": "ID SECRET", "s3-ca": "ca.crt",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestJudgeSecret(t *testing.T) {
	s := sourceOf(t, pluginSource, nil)
	n := need{"kea-ca", "the authority of the server's certificate", []string{"ca.crt", "ca.key"}}
	whole := map[string][]byte{"ca.crt": {1}, "ca.key": {2}}
	owner := []metav1.OwnerReference{{Kind: "Cluster", Name: "kea", UID: "u-1"}}
	for name, test := range map[string]struct {
		secret *corev1.Secret
		want   string
	}{
		"there":     {&corev1.Secret{Data: whole}, ""},
		"not there": {nil, "critical no-secret: secret kea-ca: it does not exist"},
		"no key":    {&corev1.Secret{Data: map[string][]byte{"ca.crt": {1}, "ca.key": {}}}, "it has no key ca.key"},
		"owned":     {&corev1.Secret{ObjectMeta: metav1.ObjectMeta{OwnerReferences: owner}, Data: whole}, "warning secret-of-the-old-cluster: secret kea-ca: it belongs to cluster kea"},
	} {
		got := judgeSecret(n, test.secret, s.Cluster)
		if text := told([]problem.Problem{got}); !strings.Contains(text, test.want) || (got.Code == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", name, text, test.want)
		}
	}
}

func TestJudgeClasses(t *testing.T) {
	class := func(name, byDefault string) storagev1.StorageClass {
		return storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": byDefault}}}
	}
	slow := "slow"
	for name, test := range map[string]struct {
		change  func(*cnpgv1.Cluster)
		classes []storagev1.StorageClass
		want    string
	}{
		"there":      {nil, []storagev1.StorageClass{class("fast", "")}, ""},
		"gone":       {nil, []storagev1.StorageClass{class("slow", "true")}, "spec.storage: the storage class fast does not exist any more; there is slow"},
		"no default": {func(c *cnpgv1.Cluster) { c.Spec.StorageConfiguration.StorageClass = nil }, []storagev1.StorageClass{class("fast", "")}, "spec.storage: it names no storage class"},
		"default":    {func(c *cnpgv1.Cluster) { c.Spec.StorageConfiguration.StorageClass = nil }, []storagev1.StorageClass{class("fast", "true")}, ""},
		"none":       {nil, nil, "there is none at all"},
		"by a template": {func(c *cnpgv1.Cluster) {
			c.Spec.WalStorage = nil
			c.Spec.StorageConfiguration = cnpgv1.StorageConfiguration{PersistentVolumeClaimTemplate: &corev1.PersistentVolumeClaimSpec{StorageClassName: &slow}}
		}, []storagev1.StorageClass{class("slow", "")}, ""},
		"a tablespace": {func(c *cnpgv1.Cluster) {
			c.Spec.Tablespaces = []cnpgv1.TablespaceConfiguration{{Name: "t", Storage: cnpgv1.StorageConfiguration{StorageClass: &slow}}}
		}, []storagev1.StorageClass{class("fast", "")}, "tablespace t: the storage class slow"},
	} {
		got := told(judgeClasses(sourceOf(t, pluginSource, test.change).Cluster, test.classes))
		if !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestJudgeQuotas(t *testing.T) {
	cluster := sourceOf(t, pluginSource, nil).Cluster
	for name, test := range map[string]struct {
		resource   corev1.ResourceName
		hard, used string
		scoped     bool
		want       string
	}{
		"storage fits":         {"requests.storage", "9216Mi", "4608Mi", false, ""},
		"storage does not":     {"requests.storage", "9215Mi", "4608Mi", false, "requests.storage: 4608Mi more are needed, 4608Mi of 9215Mi are used"},
		"claims":               {"persistentvolumeclaims", "11", "6", false, "persistentvolumeclaims: 6 more are needed, 6 of 11 are used"},
		"claims of the class":  {"fast.storageclass.storage.k8s.io/persistentvolumeclaims", "6", "6", false, "6 more are needed"},
		"others' class":        {"slow.storageclass.storage.k8s.io/persistentvolumeclaims", "0", "0", false, ""},
		"pods":                 {"pods", "5", "3", false, "pods: 3 more are needed"},
		"processors":           {"requests.cpu", "2", "1", false, "requests.cpu: 1500m more are needed, 1 of 2 are used"},
		"memory, the old name": {"memory", "4Gi", "3Gi", false, "memory: 3Gi more are needed"},
		"limits":               {"limits.memory", "6Gi", "6Gi", false, "limits.memory: 6Gi more are needed"},
		"services":             {"services", "10", "8", false, "services: 3 more are needed"},
		"secrets":              {"secrets", "1", "1", false, ""},
		"of some pods only":    {"pods", "5", "3", true, ""},
	} {
		quota := corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "q"}, Status: corev1.ResourceQuotaStatus{
			Hard: corev1.ResourceList{test.resource: resource.MustParse(test.hard)}, Used: corev1.ResourceList{test.resource: resource.MustParse(test.used)},
		}}
		if test.scoped {
			quota.Spec.Scopes = []corev1.ResourceQuotaScope{corev1.ResourceQuotaScopeTerminating}
		}
		got := told(judgeQuotas(cluster, []corev1.ResourceQuota{quota}))
		if !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
