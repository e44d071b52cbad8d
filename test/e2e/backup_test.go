//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
)

// backups is `backup list -o json` of a namespace.
func backups(t *testing.T, namespace string, more ...string) backup.Report {
	t.Helper()
	return decode[backup.Report](t, plugin(t, append([]string{"backup", "list", "-n", namespace, "-o", "json"}, more...)...))
}

// dropBackup deletes a Backup object when the test ends; what lies in the archive stays until its retention.
func dropBackup(t *testing.T, namespace, name string) {
	t.Helper()
	t.Cleanup(func() { kubectl(t, "-n", namespace, "delete", "backups.postgresql.cnpg.io", name) })
}

// A backup is made by the method that the cluster has, is waited for, and is the newest that a restore can begin with.
func TestBackupCreate(t *testing.T) {
	claims(t, "network", "campus")
	for namespace, method := range map[string]string{"network": "plugin", "campus": "barmanObjectStore"} {
		t.Run(namespace, func(t *testing.T) {
			name := "e2e-backup-" + namespace
			dropBackup(t, namespace, name)
			start := time.Now()
			// From the primary: on a replica, traffic of other tests may cancel the beginning of a backup.
			r := plugin(t, "backup", "-n", namespace, "--name", name, "--target", "primary", "--wait", "--timeout", "4m")
			if r.code != 0 || r.out != "backup.postgresql.cnpg.io/"+name+" created\n" || !strings.Contains(r.err, "completed") {
				t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
			}
			t.Logf("%s: %.1f s", namespace, time.Since(start).Seconds())
			report := backups(t, namespace)
			if len(report.Unread) > 0 || len(report.Backups) == 0 || report.Backups[0].Name != name {
				t.Fatalf("unread %v, backups %+v", report.Unread, report.Backups)
			}
			b := report.Backups[0]
			if b.Method != method || !b.Restorable || b.Covers == nil || b.Covers.Until != nil || b.BeginWAL == "" || b.EndLSN == 0 || b.Stopped == nil || b.Stopped.Before(start.Add(-time.Second)) {
				t.Errorf("%+v", b)
			}
			span := report.Window.Spans[len(report.Window.Spans)-1]
			if span.First == nil || span.End == nil || span.End.Before(*b.Stopped) || !span.Live {
				t.Errorf("%+v", span)
			}
			// The operator takes the newest backup that ended before the target.
			chosen, err := report.Window.Find(time.Now().Add(-time.Second), time.Now())
			if later := time.Since(*b.Stopped) > 3*time.Second; later && (err != nil || chosen.Base == nil || chosen.Base.Name != name) {
				t.Errorf("%+v, %v", chosen.Base, err)
			}
			if d := plugin(t, "backup", "describe", name, "-n", namespace); d.code != 0 || !strings.Contains(d.out, b.ID) || !strings.Contains(d.out, "asked for by hand") {
				t.Errorf("exit %d\n%s%s", d.code, d.out, d.err)
			}
			if twice := plugin(t, "backup", "-n", namespace, "--name", name); twice.code != 1 || !strings.Contains(twice.err, "already exists") {
				t.Errorf("exit %d\n%s%s", twice.code, twice.out, twice.err)
			}
		})
	}
}

// Schedules are suspended and resumed once, told in words, and made from crontab's five fields.
func TestBackupSchedule(t *testing.T) {
	claims(t, "campus")
	const resource = "scheduledbackup.postgresql.cnpg.io/campus-db"
	suspended := func() string {
		return kubectl(t, "-n", "campus", "get", resource, "-o", "jsonpath={.spec.suspend}")
	}
	t.Cleanup(func() { plugin(t, "backup", "schedule", "resume", "-n", "campus", "--yes") })
	for _, step := range []struct{ verb, out, state string }{
		{"suspend", resource + " suspended\n", "true"},
		{"suspend", resource + " unchanged: it is suspended already\n", "true"},
		{"resume", resource + " resumed\n", "false"},
		{"resume", resource + " unchanged: it is not suspended\n", "false"},
	} {
		if r := plugin(t, "backup", "schedule", step.verb, "-n", "campus", "--yes"); r.code != 0 || r.out != step.out || suspended() != step.state {
			t.Errorf("%s: exit %d, suspended %q\n%s%s", step.verb, r.code, suspended(), r.out, r.err)
		}
	}
	s := decode[backup.Schedules](t, plugin(t, "backup", "schedule", "-n", "campus", "-o", "json"))
	if len(s.Schedules) != 1 || s.Schedules[0].Words != "every day at 02:00 UTC" || len(s.Schedules[0].Runs) != 3 || s.Retention != "30d" {
		t.Errorf("%+v", s)
	}
	r := plugin(t, "backup", "schedule", "create", "30 3 * * 0", "-n", "campus", "--name", "e2e-weekly", "--dry-run=server")
	if r.code != 0 || !strings.Contains(r.out, "every Sunday at 03:30 UTC") || !strings.Contains(r.out, "added before the five fields") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if out, err := tryKubectl("-n", "campus", "get", "scheduledbackup.postgresql.cnpg.io", "e2e-weekly"); err == nil {
		t.Errorf("a dry run made it: %s", out)
	}
	dropBackup(t, "campus", "e2e-run-now")
	r = plugin(t, "backup", "schedule", "run-now", "-n", "campus", "--name", "e2e-run-now", "--wait", "--timeout", "4m")
	if r.code != 0 || !strings.Contains(r.err, "completed") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// brokenArchive is a small database whose archive cannot be written to: the Secret that its store names does not exist.
const brokenArchive = `apiVersion: v1
kind: Namespace
metadata: {name: e2e-backup}
---
apiVersion: barmancloud.cnpg.io/v1
kind: ObjectStore
metadata: {name: store, namespace: e2e-backup}
spec:
  configuration:
    destinationPath: s3://backups/e2e-backup/
    endpointURL: http://s3.kealab.svc:9000
    s3Credentials:
      accessKeyId: {name: none, key: ACCESS_KEY_ID}
      secretAccessKey: {name: none, key: ACCESS_SECRET_KEY}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: broken, namespace: e2e-backup}
spec:
  instances: 1
  imageName: docker.io/kealab/postgresql:17
  storage: {size: 1Gi}
  postgresql: {parameters: {shared_buffers: 32MB}}
  plugins:
  - {name: barman-cloud.cloudnative-pg.io, isWALArchiver: true, parameters: {barmanObjectName: store}}
`

// A backup is refused where the archive is broken, saying why; the list still works, and when PostgreSQL is stopped too.
func TestBackupRefused(t *testing.T) {
	claims(t, "e2e-backup")
	const namespace, cluster = "e2e-backup", "broken"
	file := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(file, []byte(brokenArchive), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "apply", "-f", file)
	t.Cleanup(func() { kubectl(t, "delete", "namespace", namespace, "--wait=false") })
	const want = "the Secret none with the credentials of the object store does not exist"
	var r run
	for start := time.Now(); time.Since(start) < 2*time.Minute; time.Sleep(time.Second) {
		if r = plugin(t, "backup", "-n", namespace, "--cluster", cluster); strings.Contains(r.err, want) {
			t.Logf("refused after %.1f s", time.Since(start).Seconds())
			break
		}
	}
	if r.code != 1 || r.out != "" || !strings.Contains(r.err, want) {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if out := kubectl(t, "-n", namespace, "get", "backups.postgresql.cnpg.io", "-o", "name"); out != "" {
		t.Errorf("it was asked for: %s", out)
	}
	report := backups(t, namespace, "--cluster", cluster)
	if len(report.Backups) != 0 || report.Window.Spans[0].First != nil || report.Window.Spans[0].Live {
		t.Errorf("%+v", report)
	}
	kubectl(t, "-n", namespace, "annotate", "clusters.postgresql.cnpg.io", cluster, `cnpg.io/fencedInstances=["*"]`)
	if r = plugin(t, "backup", "-n", namespace, "--cluster", cluster); r.code != 1 || !strings.Contains(r.err, "PostgreSQL is stopped, because the cluster is fenced") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r = plugin(t, "backup", "list", "-n", namespace, "--cluster", cluster); r.code != 0 || !strings.Contains(r.out, "there is no successful base backup") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// Who may look sees the list, and is told all that is missing for a backup at once.
func TestBackupPermissions(t *testing.T) {
	claims(t, "network")
	const who = "lab-backup-reader"
	kubectl(t, "-n", "network", "create", "rolebinding", who, "--role=kea-dhcp-viewer", "--user="+who)
	t.Cleanup(func() { kubectl(t, "-n", "network", "delete", "rolebinding", who) })
	if report := backups(t, "network", "--as", who); len(report.Backups) == 0 || report.Window.Spans[0].First == nil {
		t.Errorf("%+v", report)
	}
	r := plugin(t, "backup", "-n", "network", "--as", who)
	if r.code != 1 || !strings.Contains(r.err, "you may not create backups.postgresql.cnpg.io") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	r = plugin(t, "backup", "-n", "network", "--wait", "--as", "lab-nobody")
	const all = "you may not list pods, list services, list clusters.postgresql.cnpg.io, get clusters.postgresql.cnpg.io, create backups.postgresql.cnpg.io, get backups.postgresql.cnpg.io in namespace network"
	if r.code != 1 || !strings.Contains(r.err, all) {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
}
