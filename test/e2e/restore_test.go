//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// restoreSteps are the steps of a restore, moveSteps those of a cutover to a cluster, in their order.
func restoreSteps(name string) []string {
	return []string{"have a later commit archived", "create cluster " + name, "recover", "verify", "replicas"}
}

func moveSteps(w ward, servers, from, to string) []string {
	return []string{
		"log in to both clusters", "carry leases forward, with service running", "pause " + servers, "carry what changed meanwhile",
		"turn service " + w.service + " to " + to, "close " + from + " to the servers", "servers find " + to, "end the pause",
		"note the lineage", "carry the forensic log", "servers serve from " + to + " alone", "ask for an address of every network", "archive the end of " + from, "fence " + from, "backups of " + to,
	}
}

// From a failover of PostgreSQL to the last clean-up: a restore to a moment in the middle of traffic, killed at each step; its
// cutover, killed at each step under load; a second restore to a time before that; the way back with a server down.
func TestRestoreChain(t *testing.T) {
	claims(t, "recovery")
	w := recoveryWard()
	w.up(t)

	// The base backup is of the first timeline, the target lies on the second.
	first := look(t, w.namespace).Databases[0].Cluster.Primary
	kubectl(t, "-n", w.namespace, "delete", "pod", first)
	restored(t, w.namespace)

	wait := w.marks(t, 400)
	var target time.Time
	traffic := w.load(t, 30, 14*time.Second, func() {
		time.Sleep(6 * time.Second)
		target = w.clock(t)
	})
	wait()
	unharmed(t, "traffic", traffic)

	name := fresh("kea-database-chain")
	args := []string{"restore", "-n", w.namespace, "--to-time", target.Format(time.RFC3339Nano), "--name", name, "--yes"}
	for _, step := range restoreSteps(name) {
		killAt(t, step, args...)
		if r := plugin(t, "status", "-n", w.namespace); !strings.Contains(r.out, "kubectl kea restore -n recovery --name "+name) {
			t.Errorf("killed at %q, status does not name the command that goes on:\n%s", step, r.out)
		}
	}
	report := w.restoreTo(t, "--to-time", target.Format(time.RFC3339Nano), "--name", name)
	if report.Name != name || report.ReplayedToEnd || report.Timeline < 3 {
		t.Errorf("%+v", report)
	}
	w.exact(t, w.cluster, name, target)

	t.Run("interrupted", func(t *testing.T) { testInterruptedCutover(t, w, name) })
	t.Run("cutover", func(t *testing.T) { testKilledCutover(t, w, name) })
	t.Run("second restore", func(t *testing.T) { testRestoreBeforeCutover(t, w, name, target) })
	t.Run("abort", func(t *testing.T) { testAbortedRestore(t, w, target) })
	t.Run("rollback", func(t *testing.T) { testRollback(t, w, name) })
	w.cleanUp(t, name)
	restored(t, w.namespace)
}

// bothFamilies are the servers of the scenario recovery, as a step names them.
const bothFamilies = "kea-dhcp-0/dhcp4, kea-dhcp-0/dhcp6, kea-dhcp-1/dhcp4, kea-dhcp-1/dhcp6"

// A cutover that is interrupted before the end of the pause takes everything back, and nothing is left unfinished.
func testInterruptedCutover(t *testing.T, w ward, name string) {
	for _, step := range moveSteps(w, bothFamilies, w.cluster, name)[:7] {
		r := endAt(t, os.Interrupt, step, "restore", "cutover", name, "-n", w.namespace, "--confirm="+name)
		if r.code != 130 || !strings.Contains(r.err, "the servers go on with "+w.cluster+", nothing is lost") {
			t.Errorf("interrupted at %q: exit %d\n%s", step, r.code, r.err)
		}
		w.serves(t, w.cluster, "")
	}
}

// A cutover is killed at each of its steps while clients come and go. No lease is lost, no address is given twice.
func testKilledCutover(t *testing.T, w ward, name string) {
	args := []string{"restore", "cutover", name, "-n", w.namespace, "--confirm=" + name}
	m := w.loadAround(t, 20, func() {
		killAt(t, "close "+w.cluster+" to the servers", args...)
		if r := plugin(t, "restore", "abort", "-n", w.namespace, "--yes"); r.code != 0 || w.current(t) != w.cluster {
			t.Errorf("abort: exit %d, the service leads to %s\n%s%s", r.code, w.current(t), r.out, r.err)
		}
		w.serves(t, w.cluster, "")
		for _, step := range moveSteps(w, bothFamilies, w.cluster, name) {
			killAt(t, step, args...)
			if r := plugin(t, "restore", "list", "-n", w.namespace); step != "log in to both clusters" && !strings.Contains(r.out, "cutover unfinished") {
				t.Errorf("killed at %q, the list does not say that it is unfinished:\n%s", step, r.out)
			}
		}
		w.move(t, "cutover", name)
	})
	unharmed(t, "a cutover that was aborted, then killed 15 times", m)
	w.serves(t, name, w.cluster)
	w.keeps(t, m)
	schedules := kubectl(t, "-n", w.namespace, "get", "scheduledbackups", "-o", `jsonpath={range .items[*]}{.spec.cluster.name}={.spec.suspend} {end}`)
	if !strings.Contains(schedules, w.cluster+"=true") || !strings.Contains(schedules, name+"=") || strings.Contains(schedules, name+"=true") {
		t.Errorf("schedules: %s", schedules)
	}
}

// After a cutover, a time before it is restored from the archive of the cluster that was in service then.
func testRestoreBeforeCutover(t *testing.T, w ward, current string, target time.Time) {
	earlier := target.Add(-2 * time.Second)
	name := fresh("kea-database-earlier")
	w.restoreTo(t, "--to-time", earlier.Format(time.RFC3339Nano), "--name", name)
	w.exact(t, current, name, earlier)
	if r := plugin(t, "restore", "cleanup", current, "-n", w.namespace, "--confirm="+current); r.code == 0 || !strings.Contains(r.out, "it is in service") {
		t.Errorf("the cluster in service can be removed: exit %d\n%s%s", r.code, r.out, r.err)
	}
	w.cleanUp(t, name)
}

// A restore that is broken off is gone on with or aborted; aborted, nothing of it is left.
func testAbortedRestore(t *testing.T, w ward, target time.Time) {
	name := fresh(w.cluster + "-aborted")
	killAt(t, "recover", "restore", "-n", w.namespace, "--to-time", target.Format(time.RFC3339Nano), "--name", name, "--yes")
	if r := plugin(t, "restore", "-n", w.namespace, "--to-time", target.Add(-time.Second).Format(time.RFC3339Nano), "--yes"); r.code != 1 || !strings.Contains(r.out, "is not finished") {
		t.Errorf("another restore meanwhile: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "restore", "abort", name, "-n", w.namespace, "--yes"); r.code != 0 {
		t.Errorf("abort: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if out, err := tryKubectl("-n", w.namespace, "get", "clusters.postgresql.cnpg.io", name); err == nil {
		t.Errorf("it is still there: %s", out)
	}
	if r := plugin(t, "restore", "abort", "-n", w.namespace, "--yes"); r.code != 1 || !strings.Contains(r.err, "there is no unfinished restore") {
		t.Errorf("abort again: exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// Back to the former cluster, with one server down: what clients got since comes along.
func testRollback(t *testing.T, w ward, name string) {
	comeBack := keepAway(t, w.namespace)
	kubectl(t, "-n", w.namespace, "delete", "pod", "kea-dhcp-1", "--grace-period=1")
	var report restore.MoveReport
	m := w.loadAround(t, 20, func() {
		time.Sleep(2 * time.Second)
		report = w.move(t, "rollback", w.cluster)
	})
	unharmed(t, "a rollback", m)
	var carried int64
	for _, c := range report.Carried {
		carried += c.New + c.Newer
	}
	if carried == 0 || report.PauseSeconds <= 0 || !report.Fenced {
		t.Errorf("%+v", report)
	}
	w.keeps(t, m)
	comeBack()
	w.serves(t, w.cluster, name)
}

// Nobody writes after the target, the operator's pod is deleted and the object store goes away in the middle, and somebody
// else tries at the same time.
func TestRestoreFaults(t *testing.T) {
	w := recoveryWard()
	w.up(t)
	testMissingCredentials(t, w)
	time.Sleep(2 * time.Second) // the target lies after the last commit of anybody
	target := w.clock(t)
	time.Sleep(time.Second)
	name := fresh("kea-database-faults")
	t.Cleanup(func() { tellOfOperator(t, name) })
	faults := make(chan error, 1)
	go func() {
		faults <- func() error {
			if err := appears(w.namespace, name); err != nil {
				return err
			}
			if out, err := tryKubectl("-n", "cnpg-system", "delete", "pod", "-l", "app.kubernetes.io/name=cloudnative-pg", "--wait=false"); err != nil {
				return fmt.Errorf("delete the operator's pod: %s", out)
			}
			defer func() { _ = reachable(true) }()
			if err := reachable(false); err != nil {
				return err
			}
			time.Sleep(20 * time.Second)
			return reachable(true)
		}()
	}()
	second := make(chan run, 1)
	go func() {
		if err := appears(w.namespace, name); err != nil {
			second <- run{err: err.Error()}
			return
		}
		second <- plugin(t, "restore", "-n", w.namespace, "--to-time", target.Format(time.RFC3339Nano), "--name", fresh("kea-database-other"), "--yes")
	}()
	report := w.restoreTo(t, "--to-time", target.Format(time.RFC3339Nano), "--name", name)
	if err := <-faults; err != nil {
		t.Fatal(err)
	}
	if report.ReplayedToEnd {
		t.Error("a later commit was not archived")
	}
	if r := <-second; r.code != 1 || !strings.Contains(r.out+r.err, "is not finished") && !strings.Contains(r.err, "works on") {
		t.Errorf("a second operator: exit %d\n%s%s", r.code, r.out, r.err)
	}
	w.cleanUp(t, name)
	restored(t, w.namespace)
}

// tellOfOperator adds to a failure what the operator wrote about a cluster: its pod was deleted on the way.
func tellOfOperator(t *testing.T, cluster string) {
	if !t.Failed() {
		return
	}
	out, _ := tryKubectl("-n", "cnpg-system", "logs", "deployment/cnpg-controller-manager", "--since=5m")
	lines := slices.DeleteFunc(strings.Split(out, "\n"), func(line string) bool { return !strings.Contains(line, cluster) })
	t.Logf("the operator:\n%s", strings.Join(lines[max(0, len(lines)-30):], "\n"))
}

// Without the object store's login nothing is begun.
func testMissingCredentials(t *testing.T, w ward) {
	kubectl(t, "-n", w.namespace, "delete", "secret", "backup-creds")
	// Server-side: the other way would leave the Secret's text in an annotation, where another test looks for it.
	defer kubectl(t, "apply", "--server-side", "-f", filepath.Join(world.root, "lab", "scenarios", w.scenario, "10-namespace.yaml"))
	r := plugin(t, "restore", "-n", w.namespace, "--to-time", "-30s", "--yes")
	if r.code != 1 || !strings.Contains(r.out, "critical  secret backup-creds") || !strings.Contains(r.err, "nothing was changed") {
		t.Errorf("missing credentials: exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// reachable lets the object store be reached, or not: its data is in its pod, which stays.
func reachable(yes bool) error {
	app := "s3"
	if !yes {
		app = "away"
	}
	out, err := tryKubectl("-n", "kealab", "patch", "service", "s3", "-p", `{"spec":{"selector":{"app":"`+app+`"}}}`)
	if err != nil {
		return fmt.Errorf("change the service of S3: %s", out)
	}
	return nil
}

// fresh is a cluster's name that no earlier run on the same lab has used: an archive's folder is never used twice.
func fresh(base string) string { return fmt.Sprintf("%s-%d", base, time.Now().Unix()) }

// appears waits until a cluster exists.
func appears(namespace, cluster string) error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if _, err := tryKubectl("-n", namespace, "get", "clusters.postgresql.cnpg.io", cluster); err == nil {
			return nil
		}
	}
	return fmt.Errorf("cluster %s did not appear", cluster)
}

// In-tree backups, Kea 3.0, load-balancing, both families: there and back.
func TestRestoreInTree(t *testing.T) {
	claims(t, "campus")
	w := campusWard()
	restored(t, w.namespace)
	if r := plugin(t, "backup", "create", "-n", w.namespace, "--wait"); r.code != 0 {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	wait := w.marks(t, 300)
	var target time.Time
	unharmed(t, "traffic", w.load(t, 30, 10*time.Second, func() {
		time.Sleep(5 * time.Second)
		target = w.clock(t)
	}))
	wait()
	report := w.restoreTo(t, "--to-time", target.Format(time.RFC3339Nano))
	w.exact(t, w.cluster, report.Name, target)
	m := w.loadAround(t, 20, func() {
		w.move(t, "cutover", report.Name)
		time.Sleep(3 * time.Second)
		w.move(t, "rollback", w.cluster)
	})
	unharmed(t, "there and back", m)
	w.serves(t, w.cluster, report.Name)
	w.keeps(t, m)
	w.cleanUp(t, report.Name)
}

// PostgreSQL is gone for good. What is archived is restored; nothing can be carried, which has to be said and asked for; every
// lease that was valid is kept for its client. When the dead cluster comes back, the way back is open.
func TestRestoreDeadSource(t *testing.T) {
	claims(t, "campus")
	w := campusWard()
	restored(t, w.namespace)
	m := w.load(t, 20, 6*time.Second, func() {})
	unharmed(t, "traffic", m)
	psql(t, w.namespace, w.cluster, w.database, "select pg_switch_wal()")
	fence := func(value string) {
		kubectl(t, "-n", w.namespace, "annotate", "--overwrite", "clusters.postgresql.cnpg.io", w.cluster, "cnpg.io/fencedInstances"+value)
	}
	time.Sleep(3 * time.Second)
	fence(`=["*"]`)
	until(t, w.namespace, "nobody serves", time.Minute, func(r status.Report) error { return has(r, "critical/no-lease-database") })

	name := fresh(w.cluster + "-dead")
	report := w.restoreTo(t, "--to-time", "-1s", "--name", name)
	if !report.ReplayedToEnd || len(report.Remarks) == 0 {
		t.Errorf("nothing was committed after the target, and it does not say so: %+v", report)
	}
	r := plugin(t, "restore", "cutover", name, "-n", w.namespace, "--confirm="+name)
	if r.code != 1 || !strings.Contains(r.out, "its leases cannot be read") || !strings.Contains(r.out, "--carry-leases none") || w.current(t) != w.cluster {
		t.Errorf("a cutover that cannot carry: exit %d\n%s%s", r.code, r.out, r.err)
	}
	moved := w.move(t, "cutover", name, "--carry-leases", "none", "--guard")
	if moved.Extended == 0 || len(moved.Carried) != 0 {
		t.Errorf("%+v", moved)
	}
	w.serves(t, name, w.cluster)
	w.keeps(t, m)
	w.move(t, "rollback", w.cluster)
	w.serves(t, w.cluster, name)
	w.keeps(t, m)
	w.cleanUp(t, name)
}
