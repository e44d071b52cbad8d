package cmd

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// newSchedule is a schedule object of the office's database.
func newSchedule(immediate bool) *cnpgv1.ScheduledBackup {
	s := &cnpgv1.ScheduledBackup{ObjectMeta: metav1.ObjectMeta{Namespace: "branch", Name: "nightly"}}
	s.Spec.Cluster.Name, s.Spec.Schedule, s.Spec.Method = "db", "0 0 2 * * *", cnpgv1.BackupMethodPlugin
	if immediate {
		s.Spec.Immediate = &immediate
	}
	return s
}

// vault is a cluster with a database that is backed up by the plugin, and the Service that leads to it.
func vault(t *testing.T, more ...client.Object) *cluster {
	t.Helper()
	archives := true
	db := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "branch", Name: "db"}}
	db.Spec.Instances = 1
	db.Spec.Plugins = []cnpgv1.PluginConfiguration{{Name: cnpg.BarmanPlugin, IsWALArchiver: &archives, Parameters: map[string]string{"barmanObjectName": "store"}}}
	db.Status.Phase, db.Status.CurrentPrimary, db.Status.TargetPrimary, db.Status.InstanceNames = cnpgv1.PhaseHealthy, "db-1", "db-1", []string{"db-1"}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "branch", Name: "db-1", Labels: map[string]string{cnpg.LabelCluster: "db", cnpg.LabelPodRole: "instance", cnpg.LabelInstanceRole: "primary"}}}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	route := &corev1.Service{ObjectMeta: deployed("kea-dhcp")}
	route.Name, route.Labels["kea.fos1.io/component"] = "kea-database", "database"
	route.Spec.Selector = map[string]string{cnpg.LabelCluster: "db", cnpg.LabelInstanceRole: "primary"}
	f := newCluster(t, append(more, db, pod, route)...)
	f.namespace = "branch"
	return f
}

func TestWrongCommandLinesOfBackup(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		err  string
	}{
		"an unknown target":    {[]string{"backup", "--target", "standby"}, lines(`error: --target "standby": it takes primary or prefer-standby`, "hint: kubectl kea backup --help")},
		"an unknown dry run":   {[]string{"backup", "--dry-run=maybe"}, lines(`error: --dry-run "maybe": it takes none, client or server`, "hint: kubectl kea backup --help")},
		"describe without any": {[]string{"backup", "describe"}, lines("error: NAME of a backup is missing: kubectl kea backup list has them", "hint: kubectl kea backup describe --help")},
		"no schedule":          {[]string{"backup", "schedule", "create"}, lines("error: SCHEDULE is missing: a cron expression in quotes, as in '0 0 2 * * *'", "hint: kubectl kea backup schedule create --help")},
		"a bad schedule":       {[]string{"backup", "schedule", "create", "0 0 25 * * *"}, lines(`error: "0 0 25 * * *" is no schedule: end of range (25) above maximum (23): 25`, "hint: kubectl kea backup schedule create --help")},
		"a cluster everywhere": {[]string{"backup", "list", "-A", "--cluster", "db"}, lines("error: --cluster names a cluster of one namespace, -A looks at all", "hint: kubectl kea backup list --help")},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, result{err: tt.err, code: ExitUsage}, run(t.Context(), noCluster(t), tt.args...))
		})
	}
}

// goesOn says where to look for a backup that was begun.
func goesOn(name string) string {
	return "it goes on in the cluster; kubectl kea backup describe " + name + " -n branch shows how\n"
}

func TestBackupCreate(t *testing.T) {
	const name = "backup.postgresql.cnpg.io/db-20261122-120000"
	for title, tt := range map[string]struct {
		args    []string
		out     string
		created bool
	}{
		"asked for":       {nil, name + " created\n", true},
		"its name":        {[]string{"-o", "name"}, name + "\n", true},
		"client dry run":  {[]string{"--dry-run"}, name + " created (dry run)\n", false},
		"server dry run":  {[]string{"--dry-run=server"}, name + " created (server dry run)\n", false},
		"of another name": {[]string{"create", "--name", "mine"}, "backup.postgresql.cnpg.io/mine created\n", true},
	} {
		t.Run(title, func(t *testing.T) {
			f := vault(t)
			want := result{out: tt.out}
			if of, ok := strings.CutSuffix(strings.TrimPrefix(tt.out, "backup.postgresql.cnpg.io/"), " created\n"); ok {
				want.err = goesOn(of)
			}
			same(t, want, run(t.Context(), f.use, append([]string{"backup"}, tt.args...)...))
			var list cnpgv1.BackupList
			if err := f.List(t.Context(), &list); err != nil {
				t.Fatal(err)
			}
			if created := len(list.Items) == 1; created != tt.created {
				t.Fatalf("created: %v", created)
			}
			if tt.created {
				b := list.Items[0]
				if b.Spec.Method != "plugin" || b.Spec.PluginConfiguration.Name != cnpg.BarmanPlugin || b.Labels["kea.fos1.io/deployment"] != "kea-dhcp" {
					t.Errorf("%+v", b)
				}
			}
		})
	}
}

// The manifest is what kubectl would apply: nothing of a status.
func TestBackupManifest(t *testing.T) {
	got := run(t.Context(), vault(t).use, "backup", "--dry-run=client", "-o", "yaml")
	if got.code != ExitOK || !strings.Contains(got.out, "kind: Backup\n") || !strings.Contains(got.out, "  method: plugin\n") || strings.Contains(got.out, "status") {
		t.Errorf("%+v", got)
	}
}

// With --wait it says what the operator does of it, and ends with 3 when that is a failure.
func TestBackupWait(t *testing.T) {
	for name, tt := range map[string]struct {
		phase, said string
		code        int
		err         string
	}{
		"completed": {"completed", "", ExitOK, "✓ back up db by the Barman Cloud plugin: completed"},
		"failed": {
			"failed", `rpc error: code = Unknown desc = while getting secret none: secrets "none" not found`, ExitBadAnswer,
			"error: backup mine failed: the Secret none with the credentials of the object store does not exist\nhint: kubectl -n branch get secrets\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := vault(t)
			done := make(chan result)
			go func() { done <- run(t.Context(), f.use, "backup", "create", "--name", "mine", "--wait") }()
			b := &cnpgv1.Backup{}
			for f.Get(t.Context(), client.ObjectKey{Namespace: "branch", Name: "mine"}, b) != nil {
				time.Sleep(10 * time.Millisecond)
			}
			b.Status.Phase, b.Status.Error = cnpgv1.BackupPhase(tt.phase), tt.said
			if err := f.Update(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			got := <-done
			if got.code != tt.code || got.out != "backup.postgresql.cnpg.io/mine created\n" || !strings.Contains(got.err, tt.err) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestBackupRefused(t *testing.T) {
	f := vault(t)
	db := &cnpgv1.Cluster{}
	key := client.ObjectKey{Namespace: "branch", Name: "db"}
	if err := f.Get(t.Context(), key, db); err != nil {
		t.Fatal(err)
	}
	db.Status.Conditions = []metav1.Condition{{Type: "ContinuousArchiving", Status: metav1.ConditionFalse, Message: "missing key NOKEY, inside secret creds"}}
	if err := f.Update(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	f.writes, f.allow = nil, false
	got := run(t.Context(), f.use, "backup", "--wait")
	for _, want := range []string{
		"has no key NOKEY", "you may not create backups.postgresql.cnpg.io, get backups.postgresql.cnpg.io", "error: no backup was asked for: see what stands against it, above\n",
	} {
		if !strings.Contains(got.err, want) {
			t.Errorf("not said: %s\n%s", want, got.err)
		}
	}
	if got.code != ExitFailed || got.out != "" {
		t.Errorf("%+v", got)
	}
	f.untouched(t)
}

func TestBackupWithoutDatabase(t *testing.T) {
	f := newCluster(t)
	f.namespace = "branch"
	same(t, result{err: "error: no Kea servers found in namespace branch, nor in any other\n", code: ExitFailed}, run(t.Context(), f.use, "backup"))
	f = newCluster(t, &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "branch", Name: "db"}})
	f.namespace = "branch"
	want := lines("error: no Kea server in namespace branch uses a database; clusters: db", "hint: kubectl kea backup list -n branch --cluster db")
	same(t, result{err: want, code: ExitFailed}, run(t.Context(), f.use, "backup", "list"))
}

func TestBackupDescribeUnknown(t *testing.T) {
	want := lines("error: backup nix in namespace branch not found", "hint: kubectl kea backup list -n branch")
	same(t, result{err: want, code: ExitNotFound}, run(t.Context(), vault(t).use, "backup", "describe", "nix"))
}

func TestBackupSchedule(t *testing.T) {
	const line = "scheduledbackup.postgresql.cnpg.io/nightly"
	suspended := newSchedule(false)
	yes := true
	suspended.Spec.Suspend = &yes
	missed := suspended.DeepCopy()
	missed.Status.LastScheduleTime = &metav1.Time{Time: time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)}
	other := newSchedule(false)
	other.Name = "weekly"
	for name, tt := range map[string]struct {
		objects []client.Object
		args    []string
		want    result
		wrote   string
	}{
		"suspend":         {[]client.Object{newSchedule(false)}, []string{"suspend", "--yes"}, result{out: line + " suspended\n"}, "patch nightly"},
		"suspend twice":   {[]client.Object{suspended}, []string{"suspend"}, result{out: line + " unchanged: it is suspended already\n"}, ""},
		"resume":          {[]client.Object{suspended}, []string{"resume", "nightly", "-y"}, result{out: line + " resumed\n"}, "patch nightly"},
		"resume twice":    {[]client.Object{newSchedule(false)}, []string{"resume"}, result{out: line + " unchanged: it is not suspended\n"}, ""},
		"look only":       {[]client.Object{newSchedule(false)}, []string{"suspend", "--dry-run"}, result{out: line + " suspended (dry run)\n"}, ""},
		"nobody to ask":   {[]client.Object{newSchedule(false)}, []string{"suspend"}, result{err: lines("error: nothing was changed: there is no terminal to ask on", "hint: add --yes, or --dry-run=server to look only"), code: ExitFailed}, ""},
		"which":           {[]client.Object{newSchedule(false), other}, []string{"suspend"}, result{err: lines("error: which of nightly, weekly?", "hint: kubectl kea backup schedule suspend nightly -n branch"), code: ExitUsage}, ""},
		"unknown":         {[]client.Object{other}, []string{"resume", "nightly"}, result{err: lines("error: schedule nightly of cluster db in namespace branch not found", "hint: kubectl kea backup schedule -n branch"), code: ExitNotFound}, ""},
		"none":            {nil, []string{"run-now"}, result{err: lines("error: a schedule of cluster db in namespace branch not found", "hint: kubectl kea backup schedule create '0 0 2 * * *' -n branch"), code: ExitNotFound}, ""},
		"run now":         {[]client.Object{suspended}, []string{"run-now"}, result{out: "backup.postgresql.cnpg.io/db-20261122-120000 created\n", err: goesOn("db-20261122-120000")}, "create db-20261122-120000"},
		"run now, look":   {[]client.Object{suspended}, []string{"run-now", "--dry-run"}, result{out: "backup.postgresql.cnpg.io/db-20261122-120000 created (dry run)\n"}, ""},
		"names":           {[]client.Object{newSchedule(false), other}, []string{"-o", "name"}, result{out: line + "\nscheduledbackup.postgresql.cnpg.io/weekly\n"}, ""},
		"create, by name": {nil, []string{"create", "0 0 2 * * *", "-y", "-o", "name"}, result{out: "scheduledbackup.postgresql.cnpg.io/db\n"}, "create db"},
	} {
		t.Run(name, func(t *testing.T) {
			f := vault(t, tt.objects...)
			got := run(t.Context(), f.use, append([]string{"backup", "schedule"}, tt.args...)...)
			if tt.args[0] == "create" {
				got.err = "" // the plan, for people
			}
			if strings.Contains(got.err, "Could not be read") {
				t.Error(got.err)
			}
			same(t, tt.want, got)
			if tt.wrote == "" {
				f.untouched(t)
			} else if !f.wrote(tt.wrote) {
				t.Errorf("wrote %q", f.writes)
			}
		})
	}
	f := vault(t, missed)
	got := run(t.Context(), f.answering("n\n"), "backup", "schedule", "resume")
	if !strings.HasPrefix(got.err, "A run was missed: the operator will make a backup at once. Make backups of db by schedule nightly again (every day at 02:00 UTC)? [y/N] ") || got.code != ExitFailed {
		t.Errorf("%+v", got)
	}
	f.untouched(t)
}

// Five fields become six, and it is said before anything is made.
func TestBackupScheduleCreate(t *testing.T) {
	f := vault(t)
	got := run(t.Context(), f.use, "backup", "schedule", "create", "30 3 * * 0", "--yes", "--immediate")
	for _, want := range []string{"every Sunday at 03:30 UTC, 0 30 3 * * 0\n", "added before the five fields", "with a backup at once", "scheduledbackup.postgresql.cnpg.io/db created\n"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("not said: %q\n%s", want, got.out)
		}
	}
	s := &cnpgv1.ScheduledBackup{}
	if err := f.Get(t.Context(), client.ObjectKey{Namespace: "branch", Name: "db"}, s); err != nil {
		t.Fatal(err)
	}
	if s.Spec.Schedule != "0 30 3 * * 0" || s.Spec.Method != "plugin" || s.Spec.BackupOwnerReference != "none" || !*s.Spec.Immediate {
		t.Errorf("%+v", s.Spec)
	}
	again := run(t.Context(), f.use, "backup", "schedule", "create", "0 0 2 * * *", "--yes")
	if again.code != ExitFailed || !strings.Contains(again.out, "schedule db: it exists already") {
		t.Errorf("%+v", again)
	}
}

// JSON has the whole report.
func TestBackupListJSON(t *testing.T) {
	f := vault(t, newSchedule(false))
	got := run(t.Context(), f.use, "backup", "list", "-o", "json")
	var r backup.Report
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.code != ExitOK {
		t.Fatalf("%v: %+v", err, got)
	}
	if r.Cluster != "db" || r.Deployment != "kea-dhcp" || len(r.Schedules) != 1 || len(r.Window.Spans) != 1 || !strings.Contains(got.out, `"backups": []`) {
		t.Errorf("%+v", r)
	}
}
