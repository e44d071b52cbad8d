package restore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// noted is a cluster with annotations; hour says when it was made.
func noted(name string, hour int, annotations map[string]string) *cnpgv1.Cluster {
	return &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{
		Namespace: "network", Name: name, Annotations: annotations,
		CreationTimestamp: metav1.NewTime(time.Date(2026, 3, 10, hour, 0, 0, 0, time.UTC)),
	}}
}

// recorded is a record as an annotation.
func recorded(t *testing.T, r Record) map[string]string {
	t.Helper()
	text, err := r.text()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{marks.AnnotationRestore: text}
}

func serviceTo(cluster string, annotations map[string]string) *corev1.Service {
	all := map[string]string{marks.AnnotationCurrentCluster: cluster}
	for key, value := range annotations {
		all[key] = value
	}
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-database", Annotations: all}}
}

func TestList(t *testing.T) {
	target := Wanted{Time: at(t, "12:00:00")}
	for name, tt := range map[string]struct {
		objects []client.Object
		want    []string // name, current, next
	}{
		"nothing restored": {[]client.Object{noted("kea", 1, nil), serviceTo("kea", nil)}, nil},
		"restored, not in service": {
			[]client.Object{
				noted("kea-r1", 2, recorded(t, Record{Source: "kea", Target: target, Phase: Recovered})), noted("kea", 1, nil), serviceTo("kea", nil),
			},
			[]string{"kea-r1 false kubectl kea restore cutover kea-r1 -n network"},
		},
		"broken off": {
			[]client.Object{noted("kea-r1", 2, recorded(t, Record{Source: "kea", Target: target, Phase: Recovering})), serviceTo("kea", nil)},
			[]string{"kea-r1 false kubectl kea restore -n network --name kea-r1 --to-time 2026-03-10T12:00:00Z"},
		},
		"in service, the former one first": {
			[]client.Object{
				noted("kea-r1", 2, recorded(t, Record{Source: "kea", Target: target, Phase: InService})),
				noted("kea", 1, map[string]string{marks.AnnotationSuperseded: "kea-r1"}), serviceTo("kea-r1", nil),
			},
			[]string{"kea false kubectl kea restore rollback kea -n network", "kea-r1 true "},
		},
		"a cutover broken off": {
			[]client.Object{
				noted("kea-r1", 2, recorded(t, Record{Source: "kea", Target: target, Phase: Recovered})), noted("kea", 1, nil),
				serviceTo("kea", map[string]string{marks.AnnotationOperation: `{"kind":"cutover","from":"kea","to":"kea-r1"}`}),
			},
			[]string{"kea true kubectl kea restore cutover kea-r1 -n network", "kea-r1 false kubectl kea restore cutover kea-r1 -n network"},
		},
		"a rollback broken off": {
			[]client.Object{
				noted("kea", 1, map[string]string{marks.AnnotationSuperseded: "kea-r1"}),
				serviceTo("kea-r1", map[string]string{marks.AnnotationOperation: `{"kind":"rollback","from":"kea-r1","to":"kea"}`}),
			},
			[]string{"kea false kubectl kea restore rollback -n network"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := List(t.Context(), holding(t, tt.objects...).Client, "network", at(t, "17:00:00"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range found {
				got = append(got, strings.Join([]string{r.Name, map[bool]string{true: "true", false: "false"}[r.Current], r.Next}, " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Clusters, Services and locks of several namespaces have the same names: what is said of one is not said of another.
func TestListOfAllNamespaces(t *testing.T) {
	now := at(t, "17:00:00")
	inCampus := func(o client.Object) client.Object {
		o.SetNamespace("campus")
		return o
	}
	restoring := recorded(t, Record{Source: "kea", Phase: Recovering, Target: Wanted{Latest: true}, Started: at(t, "16:50:00")})
	source := holding(t,
		noted("kea", 1, nil), noted("kea-r1", 2, restoring), runningRestore(now.Add(-5*time.Second)),
		serviceTo("kea-r1", nil),
		inCampus(noted("kea-r1", 2, restoring)), inCampus(noted("kea", 1, map[string]string{marks.AnnotationSuperseded: "kea-r0"})), inCampus(serviceTo("kea", nil)),
	)
	all, err := List(t.Context(), source.Client, "", now)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range all {
		got = append(got, fmt.Sprintf("%s/%s current=%t running=%t %s", r.Namespace, r.Name, r.Current, r.Running, r.Next))
	}
	want := []string{
		"campus/kea current=true running=false ",
		"campus/kea-r1 current=false running=false kubectl kea restore -n campus --name kea-r1 --latest",
		"network/kea-r1 current=true running=true ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Cleanup keeps what the cluster in service needs of the other one, and takes only schedules that a cutover suspended.
func TestCleanup(t *testing.T) {
	former := noted("kea", 1, map[string]string{marks.AnnotationSuperseded: "kea-r1"})
	current := noted("kea-r1", 2, recorded(t, Record{Source: "kea", Phase: InService}))
	current.Spec.Certificates = &cnpgv1.CertificatesConfiguration{ServerCASecret: "kea-ca"}
	owned := func(name string) *corev1.Secret {
		s := secret(name)
		s.OwnerReferences = []metav1.OwnerReference{
			{APIVersion: "postgresql.cnpg.io/v1", Kind: "Cluster", Name: "kea", UID: "1"}, {APIVersion: "v1", Kind: "ConfigMap", Name: "kea", UID: "2"},
		}
		return s
	}
	schedule := func(name, cluster string, annotations map[string]string) *cnpgv1.ScheduledBackup {
		return &cnpgv1.ScheduledBackup{
			ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, Annotations: annotations},
			Spec:       cnpgv1.ScheduledBackupSpec{Cluster: cnpgv1.LocalObjectReference{Name: cluster}},
		}
	}
	suspended := map[string]string{marks.AnnotationSuperseded: "kea-r1"}
	backup := func(name, cluster string, phase cnpgv1.BackupPhase) *cnpgv1.Backup {
		return &cnpgv1.Backup{
			ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name},
			Spec:       cnpgv1.BackupSpec{Cluster: cnpgv1.LocalObjectReference{Name: cluster}}, Status: cnpgv1.BackupStatus{Phase: phase},
		}
	}
	src := holding(t, former, current, noted("hosts", 1, nil), serviceTo("kea-r1", nil), owned("kea-ca"),
		backup("made", "kea", cnpgv1.BackupPhaseCompleted), backup("pending", "kea", cnpgv1.BackupPhasePending), backup("running", "kea-r1", cnpgv1.BackupPhaseRunning), owned("kea-replication"), secret("kea-db-credentials"),
		schedule("nightly", "kea", suspended), schedule("by-hand", "kea", nil), schedule("kea-r1", "kea-r1", nil))

	if p, err := PlanCleanup(t.Context(), src, "network", "kea-r1"); err != nil || !p.Blocked() || p.Problems[0].Code != "in-service" {
		t.Errorf("what is in service: %+v, %v", p.Problems, err)
	}
	for name, want := range map[string]string{"other": "there is no such cluster", "hosts": "not this command's to remove"} {
		if _, err := PlanCleanup(t.Context(), src, "network", name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := PlanCleanup(t.Context(), src, "network", "kea")
	if err != nil || p.Blocked() {
		t.Fatalf("%+v, %v", p.Problems, err)
	}
	if diff := cmp.Diff([]KeptSecret{{Name: "kea-ca", For: []string{"kea-r1"}}}, p.Kept); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"nightly"}, p.Schedules); diff != "" {
		t.Error(diff)
	}
	lock := operation.Options{Now: src.Now, State: operation.State{Kind: "cleanup", By: "ann@desk"}}
	if err := Cleanup(t.Context(), src, p, lock, quiet{}); err != nil {
		t.Fatal(err)
	}
	left := []string{}
	var clusters cnpgv1.ClusterList
	var schedules cnpgv1.ScheduledBackupList
	var backups cnpgv1.BackupList
	var kept corev1.Secret
	for _, list := range []client.ObjectList{&clusters, &schedules, &backups} {
		if err := src.Client.List(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range clusters.Items {
		left = append(left, c.Name)
	}
	for _, s := range schedules.Items {
		left = append(left, s.Name)
	}
	for _, b := range backups.Items {
		left = append(left, b.Name)
	}
	if diff := cmp.Diff([]string{"hosts", "kea-r1", "by-hand", "kea-r1", "made", "running"}, left); diff != "" {
		t.Error(diff)
	}
	if err := src.Client.Get(t.Context(), client.ObjectKey{Namespace: "network", Name: "kea-ca"}, &kept); err != nil {
		t.Fatal(err)
	}
	if len(kept.OwnerReferences) != 1 || kept.OwnerReferences[0].Kind != "ConfigMap" {
		t.Errorf("owners of the kept Secret: %v", kept.OwnerReferences)
	}
}

// quiet is progress that nobody looks at.
type quiet struct{}

func (quiet) Start(string) {}
func (quiet) Note(string)  {}
func (quiet) Done(string)  {}
func (quiet) Skip(string)  {}
func (quiet) Fail(string)  {}

// The backups go on with copies that begin at once; the old ones rest, and wake up when the way leads back.
func TestKeepBackingUp(t *testing.T) {
	archived := func(c *cnpgv1.Cluster) *cnpgv1.Cluster {
		c.Spec.Plugins = []cnpgv1.PluginConfiguration{{Name: cnpg.BarmanPlugin, Parameters: map[string]string{"barmanObjectName": "store"}}}
		return c
	}
	from, to := archived(noted("kea", 1, nil)), archived(noted("kea-r1", 2, nil))
	nightly := &cnpgv1.ScheduledBackup{
		ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea", Labels: map[string]string{"a": "b"}},
		Spec:       cnpgv1.ScheduledBackupSpec{Cluster: cnpgv1.LocalObjectReference{Name: "kea"}, Schedule: "0 0 2 * * *", Method: cnpgv1.BackupMethodPlugin},
	}
	src := holding(t, from, to, nightly)
	schedules := func() map[string]string {
		var list cnpgv1.ScheduledBackupList
		if err := src.Client.List(t.Context(), &list); err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, s := range list.Items {
			found[s.Name] = s.Spec.Cluster.Name + " " + s.Spec.Schedule
			if s.Spec.Suspend != nil && *s.Spec.Suspend {
				found[s.Name] += " suspended"
			}
			if s.Spec.Immediate != nil && *s.Spec.Immediate {
				found[s.Name] += " at once"
			}
		}
		return found
	}
	there := &move{Source: src, p: MovePlan{Namespace: "network", From: "kea", To: "kea-r1", from: from, to: to}}
	want := map[string]string{"kea": "kea 0 0 2 * * * suspended", "kea-r1": "kea-r1 0 0 2 * * * at once"}
	for range 2 {
		if _, err := there.keepBackingUp(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, schedules()); diff != "" {
			t.Error(diff)
		}
	}
	back := &move{Source: src, p: MovePlan{Namespace: "network", From: "kea-r1", To: "kea", from: to, to: from}}
	if _, err := back.keepBackingUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want = map[string]string{"kea": "kea 0 0 2 * * *", "kea-r1": "kea-r1 0 0 2 * * * suspended at once"}
	if diff := cmp.Diff(want, schedules()); diff != "" {
		t.Error(diff)
	}
}

func TestParseCarrying(t *testing.T) {
	for text, want := range map[string]Carrying{
		"all": {}, "none": {None: true}, "vlan=10": {VLANs: []string{"10"}}, "vlan=10,users": {VLANs: []string{"10", "users"}},
	} {
		got, err := ParseCarrying(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" || got.String() != text {
			t.Errorf("%s: %v, %v %q", text, diff, err, got)
		}
	}
	for _, text := range []string{"", "some", "vlan=", "vlan=10,", "10"} {
		if _, err := ParseCarrying(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// runningRestore is the lock of a restore with its last sign of life.
func runningRestore(last time.Time) *coordinationv1.Lease {
	sign := metav1.NewMicroTime(last)
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-dhcp-operation", Labels: map[string]string{marks.LabelDeployment: "kea-dhcp"}, Annotations: map[string]string{
			marks.AnnotationOperation: `{"kind":"restore","started":"2026-03-10T16:50:00Z","by":"ann@desk","process":7}`,
		}},
		Spec: coordinationv1.LeaseSpec{RenewTime: &sign},
	}
}

// What somebody works on at this moment is not broken off: nobody is told to go on with it or to end it, until it has died.
func TestListOfARunningRestore(t *testing.T) {
	now := at(t, "17:00:00")
	lock := runningRestore(now.Add(-5 * time.Second))
	cluster := noted("kea-r1", 2, recorded(t, Record{Source: "kea", Phase: Recovering, Target: Wanted{Latest: true}, Started: at(t, "16:50:00")}))
	list := func(now time.Time) Restored {
		all, err := List(t.Context(), holding(t, cluster, serviceTo("kea", nil), lock).Client, "network", now)
		if err != nil || len(all) != 1 {
			t.Fatalf("%v, %v", all, err)
		}
		return all[0]
	}
	r := list(now)
	if !r.Running || r.By != "ann@desk" || r.Process != 7 || r.Next != "" || r.Abort != "" {
		t.Errorf("%+v", r)
	}
	const goesOn = "kubectl kea restore -n network --name kea-r1 --latest"
	if r.Died(); r.Running || r.Next != goesOn || r.Abort != "kubectl kea restore abort kea-r1 -n network" {
		t.Errorf("dead: %+v", r)
	}
	if r := list(now.Add(time.Minute)); r.Running || r.Next != goesOn {
		t.Errorf("silent for long: %+v", r)
	}
}
