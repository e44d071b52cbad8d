package cnpg

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func at(text string) *time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return &t
}

func TestSummarizeWholeCluster(t *testing.T) {
	got := Summarize(clusterFixture(t, "network"), podsFixture(t, "network"), *at("2026-11-22T21:40:00Z"))
	yes := true
	expires := *at("2027-02-20T21:12:36Z")
	member := func(name string, role Role) Member {
		return Member{Pod: name, Role: role, Ready: true, State: "healthy", Phase: "Running", Node: "kealab"}
	}
	want := Summary{
		Namespace: "network", Name: "kea-database", Phase: cnpgv1.PhaseHealthy,
		Healthy: true, Reasons: []string{}, Serving: true,
		Instances: 3, ReadyInstances: 3,
		Members: []Member{
			member("kea-database-1", RolePrimary), member("kea-database-2", RoleReplica), member("kea-database-3", RoleReplica),
		},
		Primary: "kea-database-1", TargetPrimary: "kea-database-1", PrimarySince: at("2026-11-22T21:17:47.196849Z"),
		Fenced: []string{}, TimelineID: 1, SystemID: "7711108089310494740",
		Image: "docker.io/kealab/postgresql:17", PostgresMajor: 17,
		Archiving: Archiving{
			Configured: true, Method: ArchivePlugin, Plugin: BarmanPlugin, Target: "kea-backups", ServerName: "kea-database",
			Condition: Condition{
				Working: &yes, Reason: "ContinuousArchivingSuccess", Message: "Continuous archiving is working",
				Since: at("2026-11-22T21:17:50Z"),
			},
		},
		LastBackup: Condition{
			Working: &yes, Reason: "LastBackupSucceeded", Message: "Backup was successful",
			Since: at("2026-11-22T21:25:18Z"),
		},
		SmartShutdownTimeout: 2,
		Certificates: []Certificate{
			{Secret: "kea-database-ca", Expires: expires},
			{Secret: "kea-database-replication", Expires: expires},
			{Secret: "kea-database-server", Expires: expires},
		},
		Bootstrap: "initdb", ConnectionSecret: "kea-db-credentials", ServerCASecret: "kea-database-ca",
		Database: "kea", OwnerRole: "kea",
		ServerDNSNames: clusterFixture(t, "network").Status.Certificates.ServerAltDNSNames,
		Plugins: []Plugin{{
			Name: BarmanPlugin, Enabled: true, WALArchiver: true, Version: "0.14.0",
			Parameters: map[string]string{"barmanObjectName": "kea-backups"},
		}},
		Created: *at("2026-11-22T21:17:36Z"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSummarizeJudges(t *testing.T) {
	tests := []struct {
		name, scenario string
		change         func(*cnpgv1.Cluster)
		noPods         bool
		serving        bool
		transition     Transition
		ready          int
		reasons        []string
	}{
		{name: "in-tree", scenario: "campus", serving: true, ready: 2},
		{name: "one instance", scenario: "foreign", serving: true, ready: 1},
		{name: "pods not read", scenario: "network", noPods: true, serving: true, ready: 3},
		{
			name: "not looked at yet", scenario: "unseen",
			reasons: []string{
				"the operator has not looked at the cluster yet", "there is no primary yet", "0 of 1 instances are ready",
			},
			noPods: true,
		},
		{
			name: "being made", scenario: "first-primary", noPods: true,
			reasons: []string{
				"Setting up primary: Creating primary instance db1-1", "there is no primary yet", "0 of 2 instances are ready",
				"No instances are present in the cluster to report a system ID.",
			},
		},
		{
			name: "fenced, and the operator says healthy", scenario: "fenced",
			reasons: []string{
				"all instances are fenced: PostgreSQL is stopped", "0 of 2 instances are ready",
				"the operator sees no healthy instance", "Instances are present, but none have reported a system ID.",
			},
		},
		{
			name: "just fenced: the operator says all is well", scenario: "network",
			change:  func(c *cnpgv1.Cluster) { c.Annotations = map[string]string{AnnotationFenced: `["*"]`} },
			reasons: []string{"all instances are fenced: PostgreSQL is stopped", "0 of 3 instances are ready"},
		},
		{
			name: "one replica fenced", scenario: "network", serving: true, ready: 2,
			change:  func(c *cnpgv1.Cluster) { c.Annotations = map[string]string{AnnotationFenced: `["kea-database-3"]`} },
			reasons: []string{"fenced: kea-database-3", "2 of 3 instances are ready"},
		},
		{
			name: "primary fenced, pods not read", scenario: "network", noPods: true, ready: 3,
			change:  func(c *cnpgv1.Cluster) { c.Annotations = map[string]string{AnnotationFenced: `["kea-database-1"]`} },
			reasons: []string{"fenced: kea-database-1"},
		},
		{name: "hibernated", scenario: "hibernated", reasons: []string{"the cluster is hibernated"}},
		{
			name: "after the primary was deleted", scenario: "failing-over", serving: true, transition: TransitionFailover, ready: 1,
			reasons: []string{"Failing over: Failing over from db1-1 to db1-2", "1 of 2 instances are ready"},
		},
		{
			name: "smart shutdown: nobody chosen yet", scenario: "network", ready: 3, serving: true, transition: TransitionFailover,
			change: func(c *cnpgv1.Cluster) {
				c.Status.Phase, c.Status.TargetPrimary = cnpgv1.PhaseFailOver, "pending"
				c.Status.CurrentPrimaryFailingSinceTimestamp = "2026-11-22T21:39:30Z"
			},
			reasons: []string{"Failing over", "the primary has been failing for 30s"},
		},
		{
			name: "switchover that the phase does not tell", scenario: "network", ready: 3, serving: true, transition: TransitionSwitchover,
			change:  func(c *cnpgv1.Cluster) { c.Status.TargetPrimary = "kea-database-2" },
			reasons: []string{"switchover from kea-database-1 to kea-database-2"},
		},
		{
			name: "broken beyond repair", scenario: "network", ready: 3, serving: true,
			change: func(c *cnpgv1.Cluster) {
				c.Status.Phase, c.Status.PhaseReason = cnpgv1.PhaseUnrecoverable, "job kea-database-1-full-recovery failed"
			},
			reasons: []string{"Cluster is unrecoverable and needs manual intervention: job kea-database-1-full-recovery failed"},
		},
		{name: "archiving fails, which is no matter of health", scenario: "archive-fails", serving: true, ready: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cluster := clusterFixture(t, test.scenario)
			if test.change != nil {
				test.change(cluster)
			}
			var pods []corev1.Pod
			if !test.noPods {
				pods = podsFixture(t, test.scenario)
			}
			s := Summarize(cluster, pods, *at("2026-11-22T21:40:00Z"))
			if test.reasons == nil {
				test.reasons = []string{}
			}
			if diff := cmp.Diff(test.reasons, s.Reasons); diff != "" {
				t.Error(diff)
			}
			if s.Healthy != (len(test.reasons) == 0) || s.Serving != test.serving || s.Transition != test.transition || s.ReadyInstances != test.ready {
				t.Errorf("healthy %v, serving %v, transition %q, %d ready", s.Healthy, s.Serving, s.Transition, s.ReadyInstances)
			}
		})
	}
}

func TestSummarizeTerminatingPrimaryDoesNotServe(t *testing.T) {
	pods := podsFixture(t, "network")
	pods[0].DeletionTimestamp = &metav1.Time{Time: *at("2026-11-22T21:39:00Z")}
	s := Summarize(clusterFixture(t, "network"), pods, *at("2026-11-22T21:40:00Z"))
	if s.Serving || s.Members[0].Phase != "Terminating" || s.Reasons[0] != "the primary kea-database-1 is not ready" {
		t.Errorf("%+v", s)
	}
}

func TestSummarizeMissingPod(t *testing.T) {
	s := Summarize(clusterFixture(t, "network"), podsFixture(t, "network")[:2], *at("2026-11-22T21:40:00Z"))
	want := Member{Pod: "kea-database-3", Role: RoleReplica, State: "healthy", Phase: "Missing"}
	if diff := cmp.Diff(want, s.Members[2]); diff != "" {
		t.Error(diff)
	}
}

func TestArchiving(t *testing.T) {
	tests := []struct {
		scenario string
		change   func(*cnpgv1.Cluster)
		want     Archiving
	}{
		{"foreign", nil, Archiving{Method: ArchiveNone}}, // its condition says that archiving works
		{"campus", nil, Archiving{Configured: true, Method: ArchiveInTree, Target: "s3://backups/campus/", ServerName: "campus-db"}},
		{"archive-fails", nil, Archiving{Configured: true, Method: ArchivePlugin, Plugin: BarmanPlugin, Target: "missing", ServerName: "db2"}},
		{
			"network", func(c *cnpgv1.Cluster) { c.Spec.Plugins[0].Parameters["serverName"] = "old" },
			Archiving{Configured: true, Method: ArchivePlugin, Plugin: BarmanPlugin, Target: "kea-backups", ServerName: "old"},
		},
		{"network", func(c *cnpgv1.Cluster) { no := false; c.Spec.Plugins[0].Enabled = &no }, Archiving{Method: ArchiveNone}},
		{
			"network", func(c *cnpgv1.Cluster) { c.Annotations = map[string]string{AnnotationSkipArchiving: "enabled"} },
			Archiving{Method: ArchiveNone},
		},
	}
	for _, test := range tests {
		cluster := clusterFixture(t, test.scenario)
		if test.change != nil {
			test.change(cluster)
		}
		got := Summarize(cluster, nil, time.Time{}).Archiving
		if (got.Working == nil) != !test.want.Configured {
			t.Errorf("%s: working %v", test.scenario, got.Working)
		}
		if test.scenario == "archive-fails" && (*got.Working || !strings.Contains(got.Message, `secrets "none" not found`)) {
			t.Errorf("%+v", got)
		}
		got.Condition = Condition{}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.scenario, diff)
		}
	}
}

func TestLastBackupCondition(t *testing.T) {
	cluster := clusterFixture(t, "archive-fails")
	if c := lastBackup(cluster); c.Working == nil || *c.Working {
		t.Errorf("failed: %+v", c)
	}
	for i := range cluster.Status.Conditions {
		if cluster.Status.Conditions[i].Type == string(cnpgv1.ConditionBackup) {
			cluster.Status.Conditions[i].Reason = string(cnpgv1.ConditionBackupStarted)
		}
	}
	if c := lastBackup(cluster); c.Working != nil || c.Reason != "BackupStarted" {
		t.Errorf("running: %+v", c)
	}
	if c := lastBackup(clusterFixture(t, "foreign")); c != (Condition{}) {
		t.Errorf("never: %+v", c)
	}
}

func TestFencedInstances(t *testing.T) {
	for text, want := range map[string][]string{
		"": {}, "[]": {}, "nonsense": {}, `["b","a","a"]`: {"a", "b"}, `["a","*"]`: {"*"},
	} {
		cluster := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{AnnotationFenced: text}}}
		if diff := cmp.Diff(want, FencedInstances(cluster)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestSpecNames(t *testing.T) {
	secret := func(name string) *cnpgv1.LocalObjectReference { return &cnpgv1.LocalObjectReference{Name: name} }
	tests := []struct {
		name                                            string
		bootstrap                                       *cnpgv1.BootstrapConfiguration
		wantMethod, wantSecret, wantDatabase, wantOwner string
	}{
		{"none", nil, "initdb", "db-app", "app", "app"},
		{"initdb", &cnpgv1.BootstrapConfiguration{InitDB: &cnpgv1.BootstrapInitDB{Database: "kea"}}, "initdb", "db-app", "kea", "kea"},
		{
			"recovery", &cnpgv1.BootstrapConfiguration{Recovery: &cnpgv1.BootstrapRecovery{Database: "kea", Owner: "dhcp", Secret: secret("s")}},
			"recovery", "s", "kea", "dhcp",
		},
		{
			"base backup", &cnpgv1.BootstrapConfiguration{PgBaseBackup: &cnpgv1.BootstrapPgBaseBackup{Secret: secret("p")}},
			"pg_basebackup", "p", "app", "app",
		},
	}
	for _, test := range tests {
		cluster := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "db"}, Spec: cnpgv1.ClusterSpec{Bootstrap: test.bootstrap}}
		database, owner := ownDatabase(cluster)
		got := []string{bootstrapMethod(cluster), ConnectionSecret(cluster), database, owner}
		if diff := cmp.Diff([]string{test.wantMethod, test.wantSecret, test.wantDatabase, test.wantOwner}, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestServerCASecret(t *testing.T) {
	cluster := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "db"}}
	if got := ServerCASecret(cluster); got != "db-ca" {
		t.Error(got)
	}
	cluster.Spec.Certificates = &cnpgv1.CertificatesConfiguration{ServerCASecret: "own"}
	if got := ServerCASecret(cluster); got != "own" {
		t.Error(got)
	}
}

func TestMajorOfImage(t *testing.T) {
	for image, want := range map[string]int{
		"docker.io/kealab/postgresql:17":                   17,
		"ghcr.io/cloudnative-pg/postgresql:16.4-bookworm":  16,
		"registry.example:5000/postgresql:18.1@sha256:abc": 18,
		"registry.example:5000/postgresql":                 0,
		"postgresql:latest":                                0,
		"":                                                 0,
	} {
		if got := majorOfImage(image); got != want {
			t.Errorf("%s: %d", image, got)
		}
	}
}

func TestReplicaCluster(t *testing.T) {
	yes := true
	tests := []struct {
		replica *cnpgv1.ReplicaClusterConfiguration
		want    bool
	}{
		{nil, false},
		{&cnpgv1.ReplicaClusterConfiguration{Enabled: &yes, Source: "x"}, true},
		{&cnpgv1.ReplicaClusterConfiguration{Primary: "elsewhere", Source: "x"}, true},
		{&cnpgv1.ReplicaClusterConfiguration{Primary: "db", Source: "x"}, false},
		{&cnpgv1.ReplicaClusterConfiguration{Primary: "east", Self: "east", Source: "x"}, false},
	}
	for i, test := range tests {
		cluster := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "db"}, Spec: cnpgv1.ClusterSpec{ReplicaCluster: test.replica}}
		if got := isReplicaCluster(cluster); got != test.want {
			t.Errorf("%d: %v", i, got)
		}
	}
}

func TestSummaryMarshalsNoNulls(t *testing.T) {
	raw, err := json.Marshal(Summarize(&cnpgv1.Cluster{}, nil, time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"reasons", "members", "fenced", "certificates", "serverDNSNames", "plugins"} {
		if !strings.Contains(string(raw), `"`+field+`":[`) {
			t.Errorf("%s is not a list: %s", field, raw)
		}
	}
}
