package backup

import (
	"errors"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// object is a Backup of a cluster that the plugin made.
func object(name, cluster, phase, started, stopped string) *cnpgv1.Backup {
	b := &cnpgv1.Backup{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, CreationTimestamp: metav1.Time{Time: *at(started)}}}
	b.Spec.Cluster.Name, b.Spec.Method = cluster, cnpgv1.BackupMethodPlugin
	b.Status.Phase, b.Status.StartedAt = cnpgv1.BackupPhase(phase), &metav1.Time{Time: *at(started)}
	if stopped != "" {
		b.Status.StoppedAt = &metav1.Time{Time: *at(stopped)}
	}
	return b
}

// past is a database that moved from db to db-r1 at ten o'clock, with backups of both, one that failed and one that runs.
func past() (Subject, []client.Object) {
	c := pluginCluster("db-r1")
	c.Annotations = map[string]string{"kea.fos1.io/lineage": `[{"cluster":"db","method":"plugin","store":"store","serverName":"db","until":"2026-11-22T10:00:00Z"}]`}
	verified := object("first", "db-r1", "completed", "10:04:00", "10:05:00")
	verified.Annotations = map[string]string{"kea.fos1.io/verified": `{"at":"2026-11-22T10:30:00Z","ok":true}`}
	failed := object("broken", "db-r1", "failed", "11:00:00", "11:01:00")
	failed.Status.Error = `rpc error: code = Unknown desc = while getting secret none: secrets "none" not found`
	schedule := &cnpgv1.ScheduledBackup{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "nightly"}}
	schedule.Spec.Cluster.Name, schedule.Spec.Schedule = "db-r1", "0 0 2 * * *"
	return Subject{Cluster: c, Deployment: "kea-dhcp"}, []client.Object{
		c, verified, failed, schedule, object("running", "db-r1", "running", "11:59:00", ""),
		object("night", "db", "completed", "02:00:00", "02:01:00"), object("other", "elsewhere", "completed", "03:00:00", "03:01:00"),
	}
}

func TestList(t *testing.T) {
	s, objects := past()
	now := *at("12:00:00")
	r, err := List(t.Context(), server(t, objects...), nil, s, now)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		name       string
		restorable bool
		took       time.Duration
		until      string
		verified   bool
		failure    string
	}
	got := []row{}
	for _, b := range r.Backups {
		line := row{name: b.Name, restorable: b.Restorable, took: b.Took(now), verified: b.Verdict != nil && b.Verdict.OK}
		if b.Covers != nil && b.Covers.Until != nil {
			line.until = b.Covers.Until.Format(time.TimeOnly)
		}
		if b.Failure != nil {
			line.failure = b.Failure.Text
		}
		got = append(got, line)
	}
	want := []row{
		{name: "running", took: time.Minute},
		{name: "broken", took: time.Minute, failure: "the Secret none with the credentials of the object store does not exist"},
		{name: "first", restorable: true, took: time.Minute, verified: true},
		{name: "night", restorable: true, took: time.Minute, until: "10:00:00"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Error(diff)
	}
	if len(r.Schedules) != 1 || r.Schedules[0].Words != "every day at 02:00 UTC" || len(r.Window.Spans) != 2 {
		t.Errorf("%+v", r)
	}
	// The ObjectStore does not exist: the window is worked out from the backups alone, and that is said, once.
	if len(r.Unread) != 1 || r.Unread[0].Source != "ObjectStore store" || r.Window.Spans[1].Source != "Backup objects" {
		t.Errorf("%+v", r.Unread)
	}
}

func TestDescribe(t *testing.T) {
	s, objects := past()
	c := server(t, objects...)
	now := *at("12:00:00")
	for name, tt := range map[string]struct {
		folder     string // of its archive; "" when it is of no cluster of this database
		restorable bool
		failure    string
	}{
		"first":  {folder: "db-r1", restorable: true},
		"night":  {folder: "db", restorable: true},
		"other":  {},
		"broken": {folder: "db-r1", failure: "the Secret none with the credentials of the object store does not exist"},
	} {
		d, err := Describe(t.Context(), c, nil, podLog{}, s, name, now)
		if err != nil {
			t.Fatal(err)
		}
		failure := ""
		if d.Failure != nil {
			failure = d.Failure.Text
		}
		if d.Current != "db-r1" || d.Archive.ServerName != tt.folder || d.Restorable != tt.restorable || failure != tt.failure {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if _, err := Describe(t.Context(), c, nil, podLog{}, s, "nobody", now); !errors.Is(err, ErrNoBackup) {
		t.Errorf("an unknown one: %v", err)
	}
}

// What answers is asked; what does not is told of, and the window ends with the last backup.
func TestGatherWindow(t *testing.T) {
	s, objects := past()
	s.Cluster.Status.CurrentPrimary = "db-r1-1"
	c := server(t, objects...)
	w, err := GatherWindow(t.Context(), c, status(`{"isPrimary":true,"lastArchivedWALTime":"2026-11-22T11:55:00Z"}`, nil), s)
	if err != nil || !w.Spans[1].EndKnown || !w.Spans[1].Live || !w.Spans[1].End.Equal(*at("11:55:00")) {
		t.Errorf("%+v, %v", w, err)
	}
	w, err = GatherWindow(t.Context(), c, status("", errors.New("no answer")), s)
	if err != nil || w.Spans[1].EndKnown || w.Spans[1].Live || !w.Spans[1].End.Equal(*at("10:05:00")) {
		t.Errorf("%+v, %v", w, err)
	}
	if last := w.Unread[len(w.Unread)-1]; last.Source != "pod db-r1-1" || last.Error != "no answer" {
		t.Errorf("unread %+v", w.Unread)
	}
	s.Cluster.Annotations["kea.fos1.io/lineage"] = "nonsense"
	if w, err = GatherWindow(t.Context(), c, nil, s); err != nil || len(w.Spans) != 1 || w.Unread[len(w.Unread)-1].Source != "cluster db-r1" {
		t.Errorf("%+v, %v", w, err)
	}
}
