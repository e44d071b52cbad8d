package cnpg

import (
	"context"
	"errors"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

func TestGatherBackupsPlugin(t *testing.T) {
	got, err := GatherBackups(t.Context(), reader(t, "network/backups.yaml", "campus/backups.yaml"), clusterFixture(t, "network"))
	if err != nil {
		t.Fatal(err)
	}
	first := Backup{
		Name: "first", Cluster: "kea-database", ClusterUID: "217b2c59-f88e-4d40-829c-65e28f4fde63", Method: "plugin", Phase: "completed", Created: *at("2026-11-22T21:24:43Z"),
		Started: at("2026-11-22T21:24:48Z"), Stopped: at("2026-11-22T21:25:15Z"), ID: "20261122T212447", Instance: "kea-database-2",
		BeginWAL: "000000010000000000000006", EndWAL: "000000010000000000000007", BeginLSN: 0x6000028, EndLSN: 0x7376368, Major: 17,
	}
	want := BackupState{
		Namespace: "network", Cluster: "kea-database", LastSuccessful: &first,
		Running: []Backup{}, Backups: []Backup{first}, Unread: []Unread{},
		Schedules: []Schedule{{Name: "nightly", Schedule: got.Schedules[0].Schedule, Method: "plugin", Last: got.Schedules[0].Last, Next: got.Schedules[0].Next}},
		Window: RecoveryWindow{
			First: at("2026-11-22T21:25:15Z"), LastBackup: at("2026-11-22T21:25:15Z"), Source: "ObjectStore kea-backups",
			Store: "kea-backups", ServerName: "kea-database", Destination: "s3://backups/network/", Retention: "30d",
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApproxTime(0)); diff != "" {
		t.Error(diff)
	}
}

func TestGatherBackupsInTree(t *testing.T) {
	got, err := GatherBackups(t.Context(), reader(t, "campus/backups.yaml"), clusterFixture(t, "campus"))
	if err != nil {
		t.Fatal(err)
	}
	want := RecoveryWindow{
		First: at("2026-11-22T21:24:28Z"), LastBackup: at("2026-11-22T21:24:28Z"), Source: "cluster status",
		ServerName: "campus-db", Destination: "s3://backups/campus/", Retention: got.Window.Retention,
	}
	if diff := cmp.Diff(want, got.Window, cmpopts.EquateApproxTime(0)); diff != "" {
		t.Error(diff)
	}
	if got.LastSuccessful == nil || got.LastSuccessful.ServerName != "campus-db" || len(got.Schedules) != 1 || got.Schedules[0].Next != nil {
		t.Errorf("%+v", got)
	}
}

func TestGatherBackupsFailed(t *testing.T) {
	got, err := GatherBackups(t.Context(), reader(t, "archive-fails/backups.yaml"), clusterFixture(t, "archive-fails"))
	if err != nil {
		t.Fatal(err)
	}
	if got.LastSuccessful != nil || got.LastFailed == nil || len(got.Backups) != 2 || got.Backups[1].Schedule != "hourly" {
		t.Errorf("%+v", got)
	}
	if want := `rpc error: code = Unknown desc = while getting secret none: secrets "none" not found`; got.LastFailed.Error != want {
		t.Errorf("error %q", got.LastFailed.Error)
	}
	if got.Window.First != nil || got.Window.Source != "ObjectStore missing" || len(got.Unread) != 0 {
		t.Errorf("window %+v, unread %+v", got.Window, got.Unread)
	}
}

func TestGatherBackupsNone(t *testing.T) {
	got, err := GatherBackups(t.Context(), reader(t), clusterFixture(t, "foreign"))
	want := BackupState{Namespace: "foreign", Cluster: "dhcpstore", Running: []Backup{}, Backups: []Backup{}, Schedules: []Schedule{}, Unread: []Unread{}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestGatherBackupsPartly(t *testing.T) {
	refused := errors.New("forbidden")
	r := interceptor.NewClient(reader(t, "network/backups.yaml"), interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return refused
		},
	})
	got, err := GatherBackups(t.Context(), r, clusterFixture(t, "network"))
	if err != nil || got.LastSuccessful == nil {
		t.Fatalf("%+v, %v", got, err)
	}
	want := []Unread{{Source: "ObjectStore kea-backups", Error: "forbidden", Err: refused}}
	if diff := cmp.Diff(want, got.Unread, cmpopts.EquateErrors()); diff != "" {
		t.Error(diff)
	}
	if got.Window.Store != "kea-backups" || got.Window.Source != "" {
		t.Errorf("%+v", got.Window)
	}
}

func TestGatherBackupsHeedsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := GatherBackups(ctx, reader(t), clusterFixture(t, "network")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestBackupStateOrders(t *testing.T) {
	backup := func(name, phase, created, stopped string) cnpgv1.Backup {
		b := cnpgv1.Backup{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.Time{Time: *at(created)}}}
		b.Spec.Cluster.Name, b.Status.Phase = "kea-database", cnpgv1.BackupPhase(phase)
		if stopped != "" {
			b.Status.StoppedAt = &metav1.Time{Time: *at(stopped)}
		}
		return b
	}
	other := backup("other", "completed", "2026-01-09T00:00:00Z", "")
	other.Spec.Cluster.Name = "other"
	s := newBackupState(clusterFixture(t, "network"), []cnpgv1.Backup{
		backup("slow", "completed", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"),
		backup("quick", "completed", "2026-01-02T00:00:00Z", "2026-01-02T00:01:00Z"),
		backup("broken", "failed", "2026-01-03T00:00:00Z", ""),
		backup("invalid", "invalid backup definition", "2026-01-04T00:00:00Z", ""),
		backup("waiting", "walArchivingFailing", "2026-01-05T00:00:00Z", ""),
		backup("queued", "", "2026-01-06T00:00:00Z", ""),
		other,
	}, nil, RecoveryWindow{})
	names := func(list []Backup) (names []string) {
		for _, b := range list {
			names = append(names, b.Name)
		}
		return names
	}
	if diff := cmp.Diff([]string{"queued", "waiting", "invalid", "broken", "quick", "slow"}, names(s.Backups)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"waiting", "queued"}, names(s.Running)); diff != "" {
		t.Error(diff)
	}
	if s.LastSuccessful.Name != "slow" || s.LastFailed.Name != "invalid" || s.Backups[0].Phase != "pending" {
		t.Errorf("successful %s, failed %s", s.LastSuccessful.Name, s.LastFailed.Name)
	}
}

//nolint:staticcheck // see StatusWindow
func TestStatusWindowByMethod(t *testing.T) {
	cluster := &cnpgv1.Cluster{}
	cluster.Spec.Backup = &cnpgv1.BackupConfiguration{RetentionPolicy: "7d"}
	day := func(d string) metav1.Time { return metav1.Time{Time: *at("2026-01-0" + d + "T00:00:00Z")} }
	cluster.Status.FirstRecoverabilityPointByMethod = map[cnpgv1.BackupMethod]metav1.Time{"volumeSnapshot": day("2"), "barmanObjectStore": day("1")}
	cluster.Status.LastSuccessfulBackupByMethod = map[cnpgv1.BackupMethod]metav1.Time{"volumeSnapshot": day("4"), "barmanObjectStore": day("3")}
	want := RecoveryWindow{First: at("2026-01-01T00:00:00Z"), LastBackup: at("2026-01-04T00:00:00Z"), Source: "cluster status", Retention: "7d"}
	if diff := cmp.Diff(want, StatusWindow(cluster)); diff != "" {
		t.Error(diff)
	}
}

func TestListClustersAndInstances(t *testing.T) {
	r := reader(t, "network/cluster.yaml", "campus/cluster.yaml", "network/pods.yaml", "campus/pods.yaml")
	all, err := ListClusters(t.Context(), r, "")
	if err != nil || len(all) != 2 || all[0].Namespace != "campus" {
		t.Errorf("%d clusters, %v", len(all), err)
	}
	one, err := ListClusters(t.Context(), r, "network")
	if err != nil || len(one) != 1 || one[0].Name != "kea-database" {
		t.Errorf("%d clusters, %v", len(one), err)
	}
	pods, err := ListInstances(t.Context(), r, "network", "kea-database")
	if err != nil || len(pods) != 3 || pods[2].Name != "kea-database-3" {
		t.Errorf("%d pods, %v", len(pods), err)
	}
}
