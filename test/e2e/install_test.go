//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

const small = "small"

func smallFile() string { return filepath.Join(world.root, "lab", "scenarios", small, "stack.yaml") }

// changed is the small stack with some texts replaced, as a file.
func changed(t *testing.T, pairs ...string) string {
	t.Helper()
	data, err := os.ReadFile(smallFile())
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the stack file has no %q", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	path := filepath.Join(t.TempDir(), "stack.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// install runs install and wants it to succeed.
func install(t *testing.T, file string, more ...string) run {
	t.Helper()
	r := plugin(t, append([]string{"install", "-f", file, "--yes", "--timeout", "4m"}, more...)...)
	if r.code != 0 {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	return r
}

// versions are the resource versions of all objects of a namespace that install makes, and the passwords' digests.
func versions(t *testing.T, namespace string) []string {
	t.Helper()
	const kinds = "serviceaccounts,roles,networkpolicies,secrets,services,configmaps,statefulsets,poddisruptionbudgets,cronjobs,leases"
	out := kubectl(t, "-n", namespace, "get", kinds, "-l", "kea.fos1.io/deployment", "-o",
		`jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.generation} {.data}{"\n"}{end}`)
	return strings.Split(strings.TrimSpace(out), "\n")
}

// Killed at each of its steps and run again, an install comes to its end, and no password was made twice.
func TestInstallInterrupted(t *testing.T) {
	claims(t, small)
	t.Cleanup(func() { _, _ = tryKubectl("delete", "namespace", small, "--timeout=2m") })
	owner := func() string {
		out, _ := tryKubectl("-n", small, "get", "secret", "kea-db-credentials", "-o", "jsonpath={.metadata.uid} {.data}")
		return out
	}
	first := ""
	for _, step := range []string{
		"create namespace small", "access and network policy", "credentials", "services", "database cluster",
		"Kea configuration", "Kea servers", "wait for the database", "wait for the servers to hand out leases",
	} {
		killAt(t, step, "install", "-f", smallFile(), "--create-namespace", "--yes")
		if step == "create namespace small" {
			continue
		}
		lease := kubectl(t, "-n", small, "get", "lease", "kea-dhcp-operation", "-o", "jsonpath={.metadata.annotations}")
		if !strings.Contains(lease, `\"kind\":\"install\"`) || !strings.Contains(lease, `\"step\":\"`+step+`\"`) {
			t.Errorf("killed at %q, the lock says %s", step, lease)
		}
		if step == "services" {
			first = owner()
		}
	}
	r := plugin(t, "status", "-n", small)
	if want := "kubectl kea install -n small -f "; !strings.Contains(r.out+r.err, want) {
		t.Errorf("status does not name the unfinished install:\n%s%s", r.out, r.err)
	}
	install(t, smallFile())
	if last := owner(); first == "" || last != first {
		t.Error("the owner's Secret is not the one that was made first")
	}
	if out, err := tryKubectl("-n", small, "get", "lease", "kea-dhcp-operation"); err == nil {
		t.Errorf("the lock is still there: %s", out)
	}
	until(t, small, "healthy", 2*time.Minute, backupless)

	t.Run("second", testSecondInstall)
	t.Run("changed", testChangedInstall)
	t.Run("refused", testRefusedChanges)
	t.Run("of others", testFieldsOfOthers)
	t.Run("uninstall", testUninstall)
}

// backupless is healthy but for the backups that the small stack does not have.
func backupless(r status.Report) error {
	for _, p := range r.Problems {
		if p.Severity != "info" && p.Code != "no-backups" || p.Code == "not-ready" {
			return fmt.Errorf("%s: %s", p.Subject, p.Text)
		}
	}
	if !r.Complete {
		return fmt.Errorf("unread: %v", r.Unread)
	}
	return nil
}

func testSecondInstall(t *testing.T) {
	before := versions(t, small)
	r := install(t, smallFile())
	if !strings.Contains(r.out, "nothing to change, 20 objects") || regexp.MustCompile(`\d (created|changed)`).MatchString(r.err) {
		t.Errorf("a second install:\n%s%s", r.out, r.err)
	}
	if diff := cmp.Diff(before, versions(t, small)); diff != "" {
		t.Error("a second install changed something") // the difference would show Secrets
	}
	t.Logf("a second install took %.1f s", r.took.Seconds())
}

// lab pods are told apart by their UIDs, their containers by when they started.
func incarnations(t *testing.T) string {
	t.Helper()
	return kubectl(t, "-n", small, "get", "pods", "-l", "app.kubernetes.io/name=kea-dhcp", "-o",
		`jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[*].state.running.startedAt}{"\n"}{end}`)
}

func testChangedInstall(t *testing.T) {
	lab(t, "scenario", "up", small) // changes nothing, and gives the node the relay's address
	lab(t, "load", small, "-rate", "20", "-duration", "5s")
	leases := psql(t, small, "kea-database", "kea", "select count(*) from lease4")
	before := incarnations(t)

	file := changed(t, "maxLeaseTime: 2h", "maxLeaseTime: 3h")
	r := plugin(t, "install", "-f", file, "--dry-run=server")
	if r.code != 0 || !strings.Contains(r.out, `+        "max-valid-lifetime": 10800,`) || !strings.Contains(r.out, "dry run: nothing was changed") {
		t.Errorf("dry run: exit %d\n%s%s", r.code, r.out, r.err)
	}
	p := decode[stack.Plan](t, install(t, file, "-o", "json"))
	got := []string{}
	for _, l := range p.Lagging {
		got = append(got, l.Server+": "+l.Text)
	}
	want := []string{
		"kea-dhcp-0/dhcp4: runs an older configuration: max-valid-lifetime is 7200, the file says 10800",
		"kea-dhcp-1/dhcp4: runs an older configuration: max-valid-lifetime is 7200, the file says 10800",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lagging (-want +got):\n%s", diff)
	}
	if after := incarnations(t); after != before {
		t.Errorf("install restarted a server:\n%s%s", before, after)
	}

	// What it says to do, one after the other, brings them along.
	for i, pod := range []string{"kea-dhcp-1", "kea-dhcp-0"} {
		kubectl(t, "-n", small, "delete", "pod", pod)
		until(t, small, pod+" is back", 2*time.Minute, backTogether)
		p := decode[stack.Plan](t, install(t, file, "-o", "json"))
		if len(p.Lagging) != 1-i {
			t.Errorf("after the restart of %s: %+v", pod, p.Lagging)
		}
	}
	if after := psql(t, small, "kea-database", "kea", "select count(*) from lease4"); after != leases || leases == "0" {
		t.Errorf("%s leases before, %s after", leases, after)
	}
	install(t, smallFile()) // the other tests go on from the first file
}

// backTogether: both servers are in their normal state again, whatever their configurations.
func backTogether(r status.Report) error {
	r.Problems = slices.DeleteFunc(r.Problems, func(p problem.Problem) bool { return p.Code == "configuration-differs" })
	return backupless(r)
}

func testRefusedChanges(t *testing.T) {
	before := versions(t, small)
	for name, tt := range map[string]struct {
		pairs []string
		want  string
	}{
		"database":   {[]string{"  database:\n", "  database:\n    name: dhcp\n"}, "the database's name is kea and cannot become dhcp"},
		"mode":       {[]string{"heartbeatDelay", "mode: load-balancing, heartbeatDelay"}, "cannot become load-balancing while it serves"},
		"storage":    {[]string{"instances: 1", "instances: 1\n      storage: {size: 512Mi}"}, "storage is 1Gi and cannot shrink to 512Mi"},
		"generation": {[]string{`"2.6"`, `"3.0"`, "kea:2.6", "kea:3.0"}, "it runs Kea 2.6; another generation, 3.0"},
		"subnet id":  {[]string{"{subnet: 10.70", "{id: 71, subnet: 10.70"}, "subnet 10.70.0.0/22 has the id 70 and cannot get 71"},
	} {
		t.Run(name, func(t *testing.T) {
			r := plugin(t, "install", "-f", changed(t, tt.pairs...), "--yes")
			if r.code != 1 || !strings.Contains(strings.Join(strings.Fields(r.out), " "), tt.want) || !strings.Contains(r.err, "nothing was changed") {
				t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
			}
		})
	}
	if diff := cmp.Diff(before, versions(t, small)); diff != "" {
		t.Error("a refused change changed something") // the difference would show Secrets
	}
}

// A field that somebody else set is not taken from them without a word.
func testFieldsOfOthers(t *testing.T) {
	kubectl(t, "-n", small, "patch", "statefulset", "kea-dhcp", "--field-manager=somebody", "-p", `{"spec":{"template":{"spec":{"priorityClassName":"system-node-critical"}}}}`)
	kubectl(t, "-n", small, "patch", "poddisruptionbudget", "kea-dhcp", "--type=merge", "--field-manager=somebody", "-p", `{"spec":{"maxUnavailable":2}}`)
	r := plugin(t, "install", "-f", smallFile(), "--yes")
	if r.code != 1 || !strings.Contains(r.out, "PodDisruptionBudget kea-dhcp") || !strings.Contains(r.out, `conflict with "somebody"`) || !strings.Contains(r.out, "--force-conflicts") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	install(t, smallFile(), "--force-conflicts")
	if got := kubectl(t, "-n", small, "get", "poddisruptionbudget", "kea-dhcp", "-o", "jsonpath={.spec.maxUnavailable}"); got != "1" {
		t.Errorf("maxUnavailable %s", got)
	}
	// What install does not state stays as somebody set it.
	if got := kubectl(t, "-n", small, "get", "statefulset", "kea-dhcp", "-o", "jsonpath={.spec.template.spec.priorityClassName}"); got != "system-node-critical" {
		t.Errorf("priorityClassName %q", got)
	}
	kubectl(t, "-n", small, "patch", "statefulset", "kea-dhcp", "--type=json", "-p", `[{"op":"remove","path":"/spec/template/spec/priorityClassName"}]`)
}

// The servers go, the leases stay; an install that would need another schema is refused by the pods, the right one goes
// on with the leases; and in the end everything goes.
func testUninstall(t *testing.T) {
	leases := psql(t, small, "kea-database", "kea", "select count(*), sum(address) from lease4")
	secret := kubectl(t, "-n", small, "get", "secret", "kea-db-credentials", "-o", "jsonpath={.metadata.uid}")

	r := plugin(t, "uninstall", "-n", small)
	if r.code != 1 || !strings.Contains(r.err, "--confirm=kea-dhcp") {
		t.Errorf("without a terminal: exit %d\n%s%s", r.code, r.out, r.err)
	}
	remove := func(more ...string) {
		t.Helper()
		r := plugin(t, append([]string{"uninstall", "kea-dhcp", "-n", small, "--confirm=kea-dhcp"}, more...)...)
		if r.code != 0 {
			t.Fatalf("uninstall %v: exit %d\n%s%s", more, r.code, r.out, r.err)
		}
	}
	remove()
	left := kubectl(t, "-n", small, "get", "statefulsets,pods,services,configmaps,secrets,clusters.postgresql.cnpg.io,cronjobs,roles", "-l", "kea.fos1.io/deployment=kea-dhcp", "-o",
		`jsonpath={range .items[*]}{.kind}/{.metadata.name}{"\n"}{end}`)
	for _, want := range []string{"Cluster/kea-database", "Service/kea-database", "Secret/kea-db-credentials", "Secret/kea-db-ca", "Secret/kea-db-viewer"} {
		if !slices.Contains(strings.Fields(left), want) {
			t.Errorf("%s is not kept:\n%s", want, left)
		}
	}
	if strings.Contains(left, "StatefulSet") || strings.Contains(left, "Pod/kea-dhcp") || strings.Contains(left, "CronJob") {
		t.Errorf("left over:\n%s", left)
	}

	// Kea 3.0 needs a newer schema than 2.6 made.
	r = plugin(t, "install", "-f", changed(t, `"2.6"`, `"3.0"`, "kea:2.6", "kea:3.0"), "--yes", "--timeout", "2m")
	if r.code != 1 || !strings.Contains(r.err, "schema 22.2 is older than") {
		t.Errorf("an older schema: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if got := psql(t, small, "kea-database", "kea", "select version||'.'||minor from schema_version"); got != "22.2" {
		t.Errorf("the schema is %s now", got)
	}
	remove()

	install(t, smallFile())
	if got := psql(t, small, "kea-database", "kea", "select count(*), sum(address) from lease4"); got != leases {
		t.Errorf("leases before %s, after %s", leases, got)
	}
	if got := kubectl(t, "-n", small, "get", "secret", "kea-db-credentials", "-o", "jsonpath={.metadata.uid}"); got != secret {
		t.Error("the Secret was made anew")
	}
	until(t, small, "healthy", 2*time.Minute, backupless)

	remove("--delete", "database,volumes,backups")
	left = kubectl(t, "-n", small, "get", "statefulsets,pods,services,secrets,clusters.postgresql.cnpg.io,persistentvolumeclaims,leases,cronjobs,roles,networkpolicies", "-o", "name")
	if left = strings.TrimSpace(left); left != "" {
		t.Errorf("left over:\n%s", left)
	}
}

// Everything that stands against an install is said at once, and nothing is applied.
func TestInstallRefused(t *testing.T) {
	claims(t, "taken")
	const namespace = "taken"
	kubectl(t, "create", "namespace", namespace)
	t.Cleanup(func() { kubectl(t, "delete", "namespace", namespace, "--timeout=2m") })
	kubectl(t, "-n", namespace, "create", "service", "clusterip", "kea-database", "--tcp=5432:5432")
	kubectl(t, "-n", namespace, "create", "configmap", "kea-dhcp-config", "--from-literal=a=b")
	before := kubectl(t, "-n", namespace, "get", "all,configmaps,secrets,roles,leases", "-o", "name")

	file := changed(t, "namespace: small", "namespace: "+namespace, "      instances: 1\n", "      instances: 1\n      storage: {storageClass: golden}\n",
		"  vlans:", "    backup: {destinationPath: \"s3://backups/taken/\"}\n  vlans:")
	r := plugin(t, "install", "-f", file, "--yes")
	if r.code != 1 || !strings.Contains(r.err, "nothing was changed") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	for _, want := range []string{
		"Service kea-database: an object of this name exists and is not of this deployment",
		"ConfigMap kea-dhcp-config: an object of this name exists and is not of this deployment",
		`the storage class "golden" does not exist; there are standard`,
		"secret backup-creds: the object store's Secret does not exist",
	} {
		if !strings.Contains(strings.Join(strings.Fields(r.out), " "), want) {
			t.Errorf("it does not say %q:\n%s", want, r.out)
		}
	}
	nobody := plugin(t, "install", "-f", file, "--yes", "--as", "lab-nobody")
	for _, want := range []string{"you may not: ", "create,patch statefulsets.apps", "clusters.postgresql.cnpg.io", "secrets"} {
		if nobody.code != 1 || !strings.Contains(strings.Join(strings.Fields(nobody.out), " "), want) {
			t.Errorf("exit %d, it does not say %q:\n%s%s", nobody.code, want, nobody.out, nobody.err)
		}
	}
	if after := kubectl(t, "-n", namespace, "get", "all,configmaps,secrets,roles,leases", "-o", "name"); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// A wrong file is refused with all its mistakes and their lines, and needs no cluster.
func TestInstallWrongFile(t *testing.T) {
	claims(t, "taken")
	file := changed(t, "instances: 1", "instanses: 1", "10.70.0.50-10.70.3.249", "10.70.0.50-10.71.3.249")
	r := plugin(t, "install", "-f", file, "--kubeconfig", "/nonexistent")
	for _, want := range []string{"2 mistakes in ", "spec.database.cluster.instanses", "spec.vlans[0].subnets4[0].pools[0]", "nothing was changed", "line "} {
		if r.code != 1 || !strings.Contains(r.err, want) {
			t.Errorf("exit %d, it does not say %q:\n%s", r.code, want, r.err)
		}
	}
}

// What is printed for git can be applied by others; the Secrets have no passwords.
func TestInstallManifests(t *testing.T) {
	claims(t, "manifests")
	r := plugin(t, "install", "-f", smallFile(), "--dry-run=client", "-o", "yaml")
	if r.code != 0 || strings.Contains(r.out, "password:") || !strings.Contains(r.err, "Secrets are printed without passwords and keys") {
		t.Fatalf("exit %d\n%s", r.code, r.err)
	}
	path := filepath.Join(t.TempDir(), "stack.yaml")
	if err := os.WriteFile(path, []byte(r.out), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "create", "namespace", "manifests")
	t.Cleanup(func() { kubectl(t, "delete", "namespace", "manifests", "--timeout=2m") })
	in := strings.ReplaceAll(r.out, "namespace: small", "namespace: manifests")
	if err := os.WriteFile(path, []byte(in), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "apply", "--server-side", "--dry-run=server", "-f", path)
}
