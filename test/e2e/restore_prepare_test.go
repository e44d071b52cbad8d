//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// A server that was deployed by hand gets a Service for its database that a cutover could turn: killed at each step, under load,
// and back again by a change of the configuration.
func TestRestorePrepare(t *testing.T) {
	claims(t, "foreign")
	const namespace = "foreign"
	pod := strings.TrimSpace(kubectl(t, "-n", namespace, "get", "pods", "-l", "tier=addressing", "-o", "jsonpath={.items[0].metadata.name}"))
	file := func() string {
		return kubectl(t, "-n", namespace, "get", "configmap", "address-service-files", "-o", `jsonpath={.data.server\.json}`)
	}
	before := file()
	t.Cleanup(func() { kubectl(t, "-n", namespace, "delete", "service", "kea-database", "--ignore-not-found") })

	if r := plugin(t, "restore", "prepare", "-n", namespace, "--service", "dhcpstore-ro", "--yes"); r.code != 1 || !strings.Contains(r.out, "critical  service dhcpstore-ro") {
		t.Errorf("a Service of the operator's: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "restore", "prepare", "-n", namespace, "--dry-run=server"); r.code != 0 || !strings.Contains(r.out, "dhcpstore-rw") || file() != before {
		t.Errorf("dry run: exit %d\n%s%s", r.code, r.out, r.err)
	}
	args := []string{"restore", "prepare", "-n", namespace, "--confirm=dhcpstore"}
	steps := []string{
		"make service kea-database", "log in through it", "keep the former configuration", "write configmap address-service-files",
		"bring it to " + pod, pod + " reloads", "forget the former configuration",
	}
	killAt(t, steps[0], args...)
	if r := plugin(t, "config", "abort", "-n", namespace, "--yes"); r.code != 0 || len(look(t, namespace).Operations) != 0 {
		t.Errorf("killed before anything was changed, and aborted: exit %d\n%s%s", r.code, r.out, r.err)
	}
	m := aroundLoad(t, func() {
		for _, step := range steps {
			killAt(t, step, args...)
		}
		if r := plugin(t, args...); r.code != 0 {
			t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
		}
	}, namespace, "-rate", "20", "-renew", "-clients", "40")
	unharmed(t, "a preparation that was killed seven times, of a server that nobody covers", m)

	if want := strings.Replace(before, `"host": "dhcpstore-rw"`, `"host": "kea-database"`, 1); file() != want {
		t.Errorf("the file is\n%s", file())
	}
	selector := kubectl(t, "-n", namespace, "get", "service", "kea-database", "-o", `jsonpath={.spec.selector.cnpg\.io/cluster} {.spec.selector.cnpg\.io/instanceRole}`)
	if selector != "dhcpstore primary" {
		t.Errorf("the Service selects %s", selector)
	}
	if d := look(t, namespace).Databases[0]; d.Host != "kea-database" || d.Cluster == nil || d.Cluster.Name != "dhcpstore" {
		t.Errorf("%+v", d)
	}
	if r := plugin(t, "ha", "diff", "-n", namespace); r.code != 0 {
		t.Errorf("exit %d\n%s", r.code, r.out)
	}
	if r := plugin(t, args...); r.code != 0 || !strings.Contains(r.out, "Nothing to do: the servers reach cluster dhcpstore by service kea-database") {
		t.Errorf("again: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "config", "apply", "-n", namespace, "--set", "lease-database.host=dhcpstore-rw", "--confirm=dhcpstore"); r.code != 0 || file() != before {
		t.Errorf("back: exit %d\n%s%s\n%s", r.code, r.out, r.err, file())
	}
}
