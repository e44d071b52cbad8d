//go:build e2e && chaos

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// fault is something that goes wrong for a while.
type fault struct {
	name string
	do   func(w ward) error
}

func try(args ...string) error {
	if out, err := tryKubectl(args...); err != nil {
		return fmt.Errorf("kubectl %s: %s", strings.Join(args, " "), out)
	}
	return nil
}

func faults() []fault {
	primary := func(w ward, cluster string) error {
		name, err := tryKubectl("-n", w.namespace, "get", "clusters.postgresql.cnpg.io", cluster, "-o", "jsonpath={.status.currentPrimary}")
		if err != nil {
			return fmt.Errorf("read cluster %s: %s", cluster, name)
		}
		return try("-n", w.namespace, "delete", "pod", name, "--grace-period=1", "--wait=false")
	}
	return []fault{
		{"nothing", func(ward) error { return nil }},
		{"the operator's pod is deleted", func(ward) error {
			return try("-n", "cnpg-system", "delete", "pod", "-l", "app.kubernetes.io/name=cloudnative-pg", "--wait=false")
		}},
		{"the plugin's pod is deleted", func(ward) error {
			return try("-n", "cnpg-system", "delete", "pod", "-l", "app=barman-cloud", "--wait=false")
		}},
		{"the object store is away for 15 s", func(ward) error {
			if err := reachable(false); err != nil {
				return err
			}
			time.Sleep(15 * time.Second)
			return reachable(true)
		}},
		{"a Kea pod is deleted", func(w ward) error {
			return try("-n", w.namespace, "delete", "pod", w.pods[1], "--grace-period=1", "--wait=false")
		}},
		{"the primary in service is deleted", func(w ward) error {
			out, err := tryKubectl("-n", w.namespace, "get", "service", w.service, "-o", `jsonpath={.spec.selector.cnpg\.io/cluster}`)
			if err != nil {
				return fmt.Errorf("read service %s: %s", w.service, out)
			}
			return primary(w, out)
		}},
	}
}

// Every fault, in every scenario, while a restore, its cutover and the way back go on under load, each of them repeated until
// it succeeds as a user would. However it goes: no address is given twice, and no lease that a client holds is lost.
func TestChaos(t *testing.T) {
	for _, w := range []ward{recoveryWard(), campusWard()} {
		for _, f := range faults() {
			t.Run(w.scenario+", "+f.name, func(t *testing.T) { chaos(t, w, f) })
		}
	}
}

func chaos(t *testing.T, w ward, f fault) {
	w.up(t)
	name := fresh(w.cluster + "-chaos")
	m := w.load(t, 10, 5*time.Minute, func() {
		time.Sleep(3 * time.Second)
		target := w.clock(t)
		time.Sleep(3 * time.Second)
		w.stubbornly(t, f, "restore", "-n", w.namespace, "--to-time", target.Format(time.RFC3339Nano), "--name", name, "--yes")
		w.stubbornly(t, f, "restore", "cutover", name, "-n", w.namespace, "--confirm="+name)
		restored(t, w.namespace)
		w.stubbornly(t, f, "restore", "rollback", w.cluster, "-n", w.namespace, "--confirm="+w.cluster)
	})
	t.Logf("lost %d of %d, %d NAKs, longest silence %.1f s", m.Lost, m.Started, m.Naks, m.Silence.Longest.Seconds())
	if m.Duplicates != 0 {
		t.Errorf("%d addresses were given twice", m.Duplicates)
	}
	w.serves(t, w.cluster, name)
	w.keeps(t, m)
	psql(t, w.namespace, w.cluster, w.database, "delete from lease4; delete from lease6") // four such tests fill a VLAN
	w.cleanUp(t, name)
}

// stubbornly runs a command while a fault happens, and again until it succeeds.
func (w ward) stubbornly(t *testing.T, f fault, args ...string) {
	t.Helper()
	injected := make(chan error, 1)
	go func() {
		time.Sleep(2 * time.Second)
		injected <- f.do(w)
	}()
	var r run
	for try := 1; try <= 6; try++ {
		if r = plugin(t, args...); r.code == 0 || strings.Contains(r.err, "it is in service already") {
			break
		}
		t.Logf("try %d of %s: exit %d: %s", try, strings.Join(args, " "), r.code, wrong(r.err))
		time.Sleep(10 * time.Second)
	}
	if err := <-injected; err != nil {
		t.Fatal(err)
	}
	if r.code != 0 {
		t.Fatalf("it never succeeded:\n%s%s", r.out, r.err)
	}
}

// wrong is the line that says what went wrong, of all that a command wrote.
func wrong(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "error: ") {
			return line
		}
	}
	return lines[len(lines)-1]
}
