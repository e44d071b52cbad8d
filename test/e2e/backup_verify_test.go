//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
)

// verification is all that a verification makes.
const verification = "kea.fos1.io/component=verification"

// leftBehind is what verifications left in a namespace: Jobs, clusters and what belongs to those.
func leftBehind(t *testing.T, namespace string) []string {
	t.Helper()
	left := strings.Fields(kubectl(t, "-n", namespace, "get", "jobs,pods,clusters.postgresql.cnpg.io", "-l", verification, "-o", "name"))
	for _, name := range strings.Fields(kubectl(t, "-n", namespace, "get", "pods,persistentvolumeclaims,services,secrets", "-o", "name")) {
		if strings.Contains(name, "/kea-verify-") {
			left = append(left, name)
		}
	}
	return left
}

// cleared waits until verifications left nothing.
func cleared(t *testing.T, namespace string, limit time.Duration) {
	t.Helper()
	var left []string
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(time.Second) {
		if left = leftBehind(t, namespace); len(left) == 0 {
			return
		}
	}
	t.Errorf("after %v there still are %q", limit, left)
}

// Both ways of backing up, and the verdict where the next one looks for it. A command that is killed in the middle
// meanwhile leaves nothing behind for long.
func TestBackupVerify(t *testing.T) {
	claims(t, "network", "campus")
	for _, at := range []struct {
		namespace string
		killed    bool
	}{{"network", true}, {"campus", false}} {
		t.Run(at.namespace, func(t *testing.T) {
			withBackup(t, at.namespace)
			newest := decode[backup.Report](t, plugin(t, "backup", "list", "-n", at.namespace, "-o", "json")).Backups
			i := slices.IndexFunc(newest, func(b backup.Listed) bool { return b.Succeeded() })
			if i < 0 {
				t.Fatal("no backup succeeded")
			}
			killed := time.Now()
			if at.killed {
				killAt(t, "restore "+newest[i].Name, "backup", "verify", newest[i].Name, "-n", at.namespace, "--yes")
				if len(leftBehind(t, at.namespace)) == 0 {
					t.Error("nothing was there to be left behind")
				}
			}
			r := plugin(t, "backup", "verify", "--latest", "-n", at.namespace, "--yes", "-o", "json")
			verdict := decode[backup.Verdict](t, r)
			checks := []string{}
			for _, c := range verdict.Checks {
				checks = append(checks, c.Name)
			}
			if r.code != 0 || !verdict.OK || verdict.RecoverySeconds <= 0 || verdict.DataAgeSeconds <= 0 ||
				!slices.Equal(checks, []string{"recovery", "login", "schema", "counters", "duplicates", "leases"}) {
				t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
			}
			for _, vlan := range verdict.VLANs {
				if vlan.VLAN == 0 || vlan.Subnet == "" {
					t.Errorf("a subnet without its VLAN: %+v", vlan)
				}
			}
			listed := decode[backup.Report](t, plugin(t, "backup", "list", "-n", at.namespace, "-o", "json"))
			for _, b := range listed.Backups {
				if b.Name == verdict.Backup && (b.Verdict == nil || !b.Verdict.OK || !b.Verdict.At.Equal(verdict.At)) {
					t.Errorf("the list says %+v", b.Verdict)
				}
			}
			t.Logf("recovered in %.1f s", verdict.RecoverySeconds)
			cleared(t, at.namespace, max(20*time.Second, 90*time.Second-time.Since(killed)))
		})
	}
}

// A backup whose data is not what it was, and one that is not there.
func TestBackupVerifyFails(t *testing.T) {
	claims(t, "campus")
	const namespace, cluster = "campus", "campus-db"
	name := fmt.Sprintf("e2e-broken-%d", time.Now().Unix())
	if r := plugin(t, "backup", "create", "-n", namespace, "--name", name, "--wait"); r.code != 0 {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	id := kubectl(t, "-n", namespace, "get", "backups.postgresql.cnpg.io", name, "-o", "jsonpath={.status.backupId}")
	s3 := "http://" + forwarded(t, "kealab", kubectl(t, "-n", "kealab", "get", "pods", "-l", "app=s3", "-o", "jsonpath={.items[0].metadata.name}"), 9000)
	folder := s3 + "/backups/" + namespace + "/" + cluster + "/base/" + id + "/"
	object := func(method, file string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, folder+file, strings.NewReader("no data"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := (&http.Client{}).Do(request)
		if err != nil {
			t.Fatalf("%s %s: %v", method, file, err)
		}
		_ = response.Body.Close()
		if response.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%s %s: %s", method, file, response.Status)
		}
	}
	object(http.MethodPut, "data.tar.gz")
	r := plugin(t, "backup", "verify", name, "-n", namespace, "--yes", "-o", "json")
	object(http.MethodDelete, "backup.info") // no later restore may begin with it
	object(http.MethodDelete, "data.tar.gz")
	verdict := decode[backup.Verdict](t, r)
	if r.code != 3 || verdict.OK || len(verdict.Checks) != 1 || !strings.Contains(verdict.Checks[0].Text, "damaged or incomplete") {
		t.Errorf("a broken one: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if listed := plugin(t, "backup", "list", "-n", namespace); !strings.Contains(listed.out, "FAILED") {
		t.Errorf("the list says nothing of it:\n%s", listed.out)
	}
	r = plugin(t, "backup", "verify", name, "-n", namespace, "--yes", "-o", "json")
	if verdict := decode[backup.Verdict](t, r); r.code != 3 || !strings.Contains(verdict.Checks[0].Text, "no base backup") {
		t.Errorf("one that is gone: exit %d\n%s%s", r.code, r.out, r.err)
	}
	kubectl(t, "-n", namespace, "delete", "backups.postgresql.cnpg.io", name)
	if r := plugin(t, "backup", "verify", name, "-n", namespace, "--yes"); r.code != 4 {
		t.Errorf("one that nobody knows: exit %d\n%s%s", r.code, r.out, r.err)
	}
	cleared(t, namespace, 30*time.Second)
}
