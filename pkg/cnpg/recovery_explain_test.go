package cnpg

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// The logs in testdata/recovery-logs are of first attempts at recoveries in CNPG 1.30.0 with the Barman Cloud plugin
// 0.14.0 or the in-tree archive, without what is the same in all of them.

func logFixture(t *testing.T, name string) []recoveryLine {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "recovery-logs", name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	found := []recoveryLine{}
	for line := range bytes.Lines(text) {
		found = append(found, parseRecoveryLine(line))
	}
	return found
}

func TestExplain(t *testing.T) {
	const (
		list  = "kubectl kea backup list -n network"
		store = "kubectl -n network get cluster r1 -o jsonpath='{.spec.externalClusters}'"
		log   = "kubectl -n network logs r1-1-full-recovery-x -c full-recovery"
	)
	for _, test := range []struct {
		log     string
		kind    RecoveryKind
		text    string
		next    string
		passing bool
	}{
		{"archive-in-use", RecoveryArchiveInUse, "the folder that cluster r1 would archive to is not empty; another cluster of that name wrote there", "choose another name with --name", false},
		{"before-first-backup", RecoveryNoBackup, "no base backup fits the target: of 1 in the archive, the first ended at 2026-11-23 06:11:01 UTC", list, false},
		{"wrong-folder", RecoveryNoBackup, "no base backup fits the target: the archive's folder holds none", list, false},
		{"in-tree-wrong-folder", RecoveryNoBackup, "no base backup fits the target", list, false},
		{"no-such-backup", RecoveryNoBackup, "the archive has no base backup 20261123T010101", list, false},
		{"no-secret", RecoverySecretMissing, `the credentials of the backup store are missing: while getting secret gone: secrets "gone" not found`, "kubectl -n network get secret gone", false},
		{"in-tree-no-secret", RecoverySecretMissing, `the credentials of the backup store are missing: while getting secret gone: secrets "gone" not found`, "kubectl -n network get secret gone", false},
		{"unreachable", RecoveryUnreachable, `the backup store does not answer: Could not connect to the endpoint URL: "http://s3.kealab.svc:9001/backups"`, store, true},
		{"in-tree-unreachable", RecoveryUnreachable, `the backup store does not answer: Could not connect to the endpoint URL: "http://s3.kealab.svc:9001/backups"`, store, true},
		{"unreachable-later", RecoveryUnreachable, "the backup store stopped answering while the write-ahead log was fetched", store, true},
		{"no-bucket", RecoveryDenied, "the backup store refuses these credentials or has no such bucket: Bucket nobucket does not exist", store, false},
		{"target-not-reached", RecoveryTargetNotReached, "the archive ends before the target: its last transaction is of 2026-11-23 06:22:06 UTC", list, false},
		{"in-tree-target-not-reached", RecoveryTargetNotReached, "the archive ends before the target: its last transaction is of 2026-11-23 06:09:39 UTC", list, false},
		{"to-time", RecoveryOther, "the recovery job failed", log, false}, // it did not
	} {
		err, passing := explain(attempt{
			Namespace: "network", Cluster: "r1", Pod: "r1-1-full-recovery-x", Container: "full-recovery", Lines: logFixture(t, test.log),
		})
		if err.Kind != test.kind || err.Text != test.text || err.Next != test.next || passing != test.passing {
			t.Errorf("%s:\n%s\n%s\n%s\n%v", test.log, err.Kind, err.Text, err.Next, passing)
		}
		if len(err.Log) == 0 {
			t.Errorf("%s: nothing is shown of the log", test.log)
		}
	}
}

// TestExplainByWords: what could not be made to fail in the lab, by the words that it is known for.
func TestExplainByWords(t *testing.T) {
	for said, want := range map[string]RecoveryKind{
		"requested recovery stop point is before consistent recovery point":                      RecoveryTargetTooEarly,
		`invalid value for parameter "recovery_target_time": "soon"`:                             RecoveryTargetUnreadable,
		"recovery aborted because of insufficient parameter settings":                            RecoverySettings,
		"database files are incompatible with server":                                            RecoveryVersion,
		`could not extend file "base/1": No space left on device`:                                RecoveryDiskFull,
		"could not locate required checkpoint record":                                            RecoveryDamaged,
		"encountered an error while checking the presence of first needed WAL in the archive: x": RecoveryDamaged,
		"An error occurred (AccessDenied) when calling the ListObjectsV2 operation":              RecoveryDenied,
		"requested plugin is not available: barman-cloud.cloudnative-pg.io":                      RecoveryPluginMissing,
		"dial unix /controller/run/.s.PGSQL.5432: connect: connection refused":                   RecoveryOther,
	} {
		if err, _ := explain(attempt{Lines: []recoveryLine{{Text: said, Severe: true}}}); err.Kind != want {
			t.Errorf("%s: %s", said, err.Kind)
		}
	}
	for reason, want := range map[string]bool{"OOMKilled": false, "Evicted": true} {
		if err, passing := explain(attempt{Reason: reason}); passing != want || err.Text == "" {
			t.Errorf("%s: %v, %v", reason, err, passing)
		}
	}
}

func TestExplainEvents(t *testing.T) {
	for _, test := range []struct {
		reason, message string
		kind            RecoveryKind
		text            string
	}{
		{
			"FailedCreate", `Error creating: pods "r1-1-full-recovery-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0`,
			RecoveryQuota, "the quota of namespace network leaves no room: q, requested: pods=1, used: pods=0, limited: pods=0",
		},
		{
			"FailedCreate", `Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest"`,
			RecoveryRefused, `the cluster does not let the recovery's pod be made: Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest"`,
		},
		{
			"ProvisioningFailed", `storageclass.storage.k8s.io "nope" not found`,
			RecoveryStorage, `the volume cannot be made: storageclass.storage.k8s.io "nope" not found`,
		},
		{"FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.", "", ""},
	} {
		err := explainEvent("network", &corev1.Event{Reason: test.reason, Message: test.message})
		if test.kind == "" {
			if err != nil {
				t.Errorf("%s: %v", test.message, err)
			}
			continue
		}
		if err == nil || err.Kind != test.kind || err.Text != test.text || err.Next == "" {
			t.Errorf("%s: %+v", test.message, err)
		}
	}
}

func TestProgress(t *testing.T) {
	p, told := recoveryProgress{}, []string{}
	for _, l := range logFixture(t, "to-time") {
		if text := p.read(l); text != "" {
			told = append(told, text)
		}
	}
	want := []string{
		"fetching base backup 20261123T061034, of 2026-11-23 06:11:01 UTC",
		"base backup fetched, starting PostgreSQL on it",
		"replaying the write-ahead log, 1 fetched, at 000000010000000000000005",
		"replaying the write-ahead log from 0/5000028",
		"replaying the write-ahead log, 2 fetched, at 000000010000000000000006",
		"replaying the write-ahead log, 3 fetched, at 000000010000000000000007",
		"replaying the write-ahead log, 3 fetched, at 000000010000000000000007, consistent",
		"replayed to 0/7000098",
		"promoting to timeline 2",
		"PostgreSQL has left recovery, the operator ends the job",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}
