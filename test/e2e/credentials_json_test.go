//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/clients"
	"github.com/kubectl-kea/kubectl-kea/pkg/credentials"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// byHand is a deployment whose password stands in Kea's configuration.
type byHand struct {
	namespace, cluster, database, files string
	pods                                []string
}

func handmade() byHand {
	return byHand{"handmade", "dhcpdb", "leases", "dhcp-files", []string{"dhcp-0", "dhcp-1"}}
}

// well waits until all four servers are in their normal state. The scenario has no backups, which is a warning.
func (h byHand) well(t *testing.T) {
	t.Helper()
	until(t, h.namespace, "both pairs are well", 2*time.Minute, func(r status.Report) error {
		if r.Worst.AtLeast(problem.Critical) || len(r.Operations) > 0 || len(r.Relationships) != 2 || has(r, "info/not-ready") == nil {
			return fmt.Errorf("%v %v", codes(r), r.Operations)
		}
		return nil
	})
}

// secret reads a Secret's keys, and learns the password.
func (h byHand) secret(t *testing.T, name string) map[string]string {
	t.Helper()
	var s struct{ Data map[string][]byte }
	if err := json.Unmarshal([]byte(kubectl(t, "-n", h.namespace, "get", "secret", name, "-o", "json")), &s); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for key, value := range s.Data {
		found[key] = string(value)
	}
	if found["password"] != "" {
		world.secrets.learn(found["password"])
	}
	return found
}

// login is the role and the password that a Secret says.
func (h byHand) login(t *testing.T, name string) (role, password string) {
	t.Helper()
	s := h.secret(t, name)
	return s["username"], s["password"]
}

// opens reports whether the database takes a login, over the network from a pod of Kea.
func (h byHand) opens(t *testing.T, role, password string) bool {
	t.Helper()
	script := "read -r PGPASSWORD; export PGPASSWORD; exec psql -XAtqw -h " + h.cluster + "-rw -U " + role + " -d " + h.database + " -c 'select 1'"
	cmd := exec.CommandContext(t.Context(), world.kubectl, "-n", h.namespace, "exec", "-i", h.pods[0], "-c", "four", "--", "sh", "-c", script)
	cmd.Stdin = strings.NewReader(password + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "password authentication failed") {
		t.Fatalf("login: %v\n%s", err, out)
	}
	return err == nil
}

// written are the configuration files, with one word in the place of the login.
func (h byHand) written(t *testing.T, role, password string) map[string]string {
	t.Helper()
	files := h.secret(t, h.files)
	for key, text := range files {
		if strings.Contains(text, "lease-database") && strings.Count(text, `"`+password+`"`) != 2 {
			t.Errorf("%s does not hold the password twice", key)
		}
		files[key] = strings.NewReplacer(`"`+role+`"`, "ROLE", `"`+password+`"`, "PASSWORD").Replace(text)
	}
	return files
}

// agreed: everything agrees, nothing is left over; it returns the one login.
func (h byHand) agreed(t *testing.T) credentials.Credential {
	t.Helper()
	r := plugin(t, "credentials", "status", "-n", h.namespace, "-o", "json")
	report := decode[credentials.Report](t, r)
	if r.code != 0 || report.Worst.AtLeast(problem.Critical) || len(report.Credentials) != 1 || len(report.Operations) != 0 {
		t.Fatalf("exit %d: %+v", r.code, report)
	}
	found := report.Credentials[0]
	if found.Login != credentials.Agrees || len(found.Holders) != 2 || len(found.Others) != 0 {
		t.Errorf("%+v", found)
	}
	for _, pod := range found.Holders {
		if pod.FileIs != credentials.Agrees || pod.Sessions < len(pod.Servers) {
			t.Errorf("%+v", pod)
		}
	}
	for _, kind := range []string{"secrets", "leases.coordination.k8s.io"} {
		for name := range strings.FieldsSeq(kubectl(t, "-n", h.namespace, "get", kind, "-o", "jsonpath={.items[*].metadata.name}")) {
			if strings.Contains(name, "-before-") || strings.HasSuffix(name, "-operation") {
				t.Errorf("%s %s is left over", kind, name)
			}
		}
	}
	return found
}

func (h byHand) rotate(t *testing.T, more ...string) credentials.Rotation {
	t.Helper()
	return rotated(t, h.namespace, more...)
}

// rotateTo gives the password itself.
func (h byHand) rotateTo(t *testing.T, password string, more ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, world.plugin, append([]string{"credentials", "rotate", "-n", h.namespace, "--yes", "--password-stdin"}, more...)...)
	cmd.Stdin = strings.NewReader(password + "\n")
	out, err := cmd.CombinedOutput()
	silent(t, "rotate --password-stdin", string(out))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func (h byHand) nowhere(t *testing.T) {
	t.Helper()
	nowhere(t, h.namespace, "secrets,pods,leases,services,clusters.postgresql.cnpg.io,databaseroles", h.pods, "four", "six", "agent")
}

// Both strategies while clients come and renew: nobody is refused, and the files keep every byte but the login. A machine that is
// busy with something else loses clients without any rotation, which a look beforehand shows; and with same-role a server that
// opens one more session before its reload is refused, and refuses its client: one of three has to be clean.
func TestCredentialsInConfigurationUnderLoad(t *testing.T) {
	h := handmade()
	h.well(t)
	for _, strategy := range []string{"alternating", "same-role"} {
		var m, calm clients.Seen
		var report credentials.Rotation
		for range 3 {
			h.well(t)
			calm = underLoad(t, func() {}, "handmade", "-rate", "20", "-renew", "-clients", "40", "-duration", "4s")
			before := h.agreed(t)
			role, old := h.login(t, before.Secret)
			files, since := h.written(t, role, old), time.Now()
			var r run
			m = aroundLoad(t, func() {
				r = plugin(t, "credentials", "rotate", "-n", h.namespace, "--yes", "-o", "json", "--strategy", strategy)
			}, "handmade", "-rate", "20", "-renew", "-clients", "40")
			if r.code == 1 && strings.Contains(r.out, "server-not-ready") { // a machine too busy for heartbeats
				t.Logf("%s: refused, a server did not answer in time", strategy)
				m.Started = 0
				continue
			}
			if r.code != 0 {
				t.Fatalf("rotate: exit %d\n%s%s", r.code, r.out, r.err)
			}
			report = decode[credentials.Rotation](t, r)
			t.Logf("%s: %d new sessions in %.1f s; lost %d of %d, %d NAKs, longest silence %.2f s; beforehand lost %d of %d",
				strategy, report.Ended, report.Seconds, m.Lost, m.Started, m.Naks, m.Silence.Longest.Seconds(), calm.Lost, calm.Started)
			found := h.agreed(t)
			now, password := h.login(t, found.Secret)
			if (now == role) != (strategy == "same-role") || found.Role != now || found.Secret != report.Secret || password == old {
				t.Errorf("%s: from role %s to %s, %+v", strategy, role, now, report)
			}
			if h.opens(t, role, old) || !h.opens(t, now, password) {
				t.Error("the former password works, or the new one does not")
			}
			for key, text := range h.written(t, now, password) {
				if text != files[key] {
					t.Errorf("%s has changed in more than the login", key)
				}
			}
			if found.Rotated == nil || !strings.Contains(found.Rotated.By, "kubectl kea credentials rotate -n handmade --strategy "+strategy) {
				t.Errorf("it is not noted: %+v", found.Rotated)
			}
			for _, pod := range found.Holders {
				if pod.Since == nil || pod.Since.Before(since) {
					t.Errorf("%s has sessions of before the rotation: since %v", pod.Pod, pod.Since)
				}
			}
			if m.Duplicates != 0 || m.Naks != 0 && strategy == "alternating" {
				t.Errorf("%s: %+v", strategy, m)
			}
			if m.Lost+m.Naks == 0 {
				break
			}
		}
		if m.Naks != 0 || m.Lost != 0 && calm.Lost == 0 || m.Started < enough(20, report.Seconds) {
			t.Errorf("%s: %+v", strategy, m)
		}
	}
	h.nowhere(t)
}

// A rotation is killed at each of its steps and run again, and interrupted at some: then it goes back. One login works in the end.
func TestCredentialsInConfigurationKilled(t *testing.T) {
	claims(t, "handmade")
	h := handmade()
	h.well(t)
	if kubectl(t, "-n", h.namespace, "get", "databaseroles", "-o", "name") == "" {
		h.rotate(t, "--strategy", "alternating") // from now on CNPG knows the second role
	}
	command := func(strategy string) []string {
		return []string{"credentials", "rotate", "-n", h.namespace, "--yes", "--strategy", strategy}
	}
	found := h.agreed(t)
	role, old := h.login(t, found.Secret)
	for _, interrupted := range []struct{ strategy, step string }{
		{"same-role", "dhcp-0 reloads, dhcp-1 covers it"}, {"alternating", "all sessions are new"},
	} {
		r := endAt(t, os.Interrupt, interrupted.step, command(interrupted.strategy)...)
		now, password := h.login(t, h.agreed(t).Secret)
		if r.code != 130 || !strings.Contains(r.err, "the former password is the one that works") || now != role || password != old || !h.opens(t, role, old) {
			t.Errorf("interrupted at %q: exit %d, role %s\n%s", interrupted.step, r.code, now, r.err)
		}
		h.well(t)
	}
	to, secret := "dhcp", "dhcpdb-app"
	if role == to {
		to, secret = "dhcp_b", "dhcpdb-dhcp-b"
	}
	alternating := []string{
		"keep the former password", "give role " + to + " a new password, in secret " + secret, "database dhcpdb takes it", "keep the former configuration",
		"write secret dhcp-files", "bring it to dhcp-0, dhcp-1", "dhcp-1 reloads", "dhcp-0 reloads, dhcp-1 covers it", "all sessions are new",
		"forget the former configuration", "role " + role + " is locked out", "note the rotation", "forget the former password",
	}
	finished := alternating[len(alternating)-1]
	now := to
	m := aroundLoad(t, func() {
		for _, step := range alternating[:len(alternating)-1] {
			killAt(t, step, command("alternating")...)
			if r := plugin(t, "status", "-n", h.namespace); !strings.Contains(r.out, "kubectl kea credentials rotate -n handmade") {
				t.Errorf("killed at %q, status does not name the command that goes on:\n%s", step, r.out)
			}
		}
		if r := plugin(t, command("same-role")...); r.code != 1 || !strings.Contains(r.out, "an earlier rotation was broken off") {
			t.Errorf("another strategy goes on with it: exit %d\n%s%s", r.code, r.out, r.err)
		}
		killAt(t, finished, command("alternating")...)
		if !strings.Contains(kubectl(t, "-n", h.namespace, "get", "secrets", "-o", "name"), "-before-") {
			now = role // it was killed when all was done: the next one begins anew, back to the first role
		}
		h.rotate(t)
	}, "handmade", "-rate", "10", "-renew", "-clients", "30")
	t.Logf("killed %d times: lost %d of %d, %d NAKs, longest silence %.2f s", len(alternating), m.Lost, m.Started, m.Naks, m.Silence.Longest.Seconds())
	if m.Naks != 0 || m.Duplicates != 0 {
		t.Errorf("%+v", m)
	}
	is, password := h.login(t, h.agreed(t).Secret)
	if is != now || !h.opens(t, now, password) || h.opens(t, role, old) {
		t.Errorf("the servers log in as %s, not %s, or the former password works", is, now)
	}
	for _, step := range []string{"database dhcpdb takes it", "dhcp-0 reloads, dhcp-1 covers it", "note the rotation"} {
		killAt(t, step, command("same-role")...)
	}
	h.rotate(t)
	if _, last := h.login(t, h.agreed(t).Secret); last == password || h.opens(t, now, password) || !h.opens(t, now, last) {
		t.Error("the former password works, or the new one does not")
	}
	h.well(t)
	h.nowhere(t)
}

// What is refused, beforehand and with the reason.
func TestCredentialsInConfigurationRefused(t *testing.T) {
	claims(t, "handmade")
	h := handmade()
	h.well(t)
	before := h.agreed(t)
	_, old := h.login(t, before.Secret)
	if r := plugin(t, "credentials", "rotate", "-n", h.namespace, "--yes", "--strategy", "hope"); r.code != 2 {
		t.Errorf("exit %d\n%s", r.code, r.err)
	}
	if r := plugin(t, "credentials", "rotate", "-n", "network", "--yes", "--strategy", "same-role"); r.code != 1 || !strings.Contains(r.out, "nothing to choose") {
		t.Errorf("a strategy where nothing is reloaded: exit %d\n%s%s", r.code, r.out, r.err)
	}
	key := "dhcp-0-dhcp4.json"
	text := h.secret(t, h.files)[key]
	for name, tt := range map[string]struct {
		do, undo []string
		want     string
	}{
		"Argo CD": {
			[]string{"label", "secret", h.files, "argocd.argoproj.io/instance=dhcp"}, []string{"label", "secret", h.files, "argocd.argoproj.io/instance-"}, "Argo CD writes it",
		},
		"a change that nobody has reloaded": {
			[]string{"patch", "secret", h.files, "--type=merge", "-p", patchOf(t, key, strings.Replace(text, `"valid-lifetime": 3600`, `"valid-lifetime": 3700`, 1))},
			[]string{"patch", "secret", h.files, "--type=merge", "-p", patchOf(t, key, text)},
			"it does not run its file",
		},
	} {
		kubectl(t, append([]string{"-n", h.namespace}, tt.do...)...)
		r := plugin(t, "credentials", "rotate", "-n", h.namespace, "--yes")
		kubectl(t, append([]string{"-n", h.namespace}, tt.undo...)...)
		if r.code != 1 || !strings.Contains(r.out, tt.want) || !strings.Contains(r.err, "nothing was changed") {
			t.Errorf("%s: exit %d\n%s%s", name, r.code, r.out, r.err)
		}
	}
	if _, now := h.login(t, before.Secret); now != old {
		t.Error("a refused rotation changed the password")
	}
	// The Secret has another password than the servers: status says so.
	wrong := fmt.Sprintf("Wrong-by-hand-%d", time.Now().UnixNano())
	world.secrets.learn(wrong)
	kubectl(t, "-n", h.namespace, "patch", "secret", h.files, "--type=merge", "-p", patchOf(t, key, strings.Replace(text, old, wrong, 1)))
	r := plugin(t, "credentials", "status", "-n", h.namespace)
	kubectl(t, "-n", h.namespace, "patch", "secret", h.files, "--type=merge", "-p", patchOf(t, key, text))
	if r.code != 3 || !strings.Contains(r.out, "do not have one login") {
		t.Errorf("exit %d\n%s", r.code, r.out)
	}
	for _, pod := range h.pods {
		kubectl(t, "-n", h.namespace, "annotate", "pod", pod, fmt.Sprintf("e2e-nudge=%d", time.Now().UnixNano()), "--overwrite")
	}
	h.well(t)
}

// patchOf is a merge patch of one key of a Secret.
func patchOf(t *testing.T, key, text string) string {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"stringData": map[string]string{key: text}})
	if err != nil {
		t.Fatal(err)
	}
	return string(patch)
}

// One server, nobody covers, the password in a ConfigMap: there and back to the one that the scenario's manifests have.
func TestCredentialsInConfigMap(t *testing.T) {
	claims(t, "foreign")
	h := byHand{"foreign", "dhcpstore", "leases", "", nil}
	r := plugin(t, "credentials", "status", "-n", h.namespace)
	if r.code != 0 || !strings.Contains(r.out, "configmap address-service-files, key server.json") || !strings.Contains(r.out, "for everybody to read") {
		t.Errorf("exit %d\n%s", r.code, r.out)
	}
	m := aroundLoad(t, func() {
		report := h.rotate(t)
		t.Logf("alone: %d new sessions in %.1f s", report.Ended, report.Seconds)
	}, "foreign", "-rate", "20", "-renew", "-clients", "40")
	t.Logf("lost %d of %d, %d NAKs, longest silence %.2f s", m.Lost, m.Started, m.Naks, m.Silence.Longest.Seconds())
	if m.Naks != 0 || m.Duplicates != 0 {
		t.Errorf("%+v", m)
	}
	h.secret(t, "store-login")
	if text := kubectl(t, "-n", h.namespace, "get", "configmap", "address-service-files", "-o", "jsonpath={.data.server\\.json}"); !strings.Contains(text, "// Written by hand, comments and all.") {
		t.Error("the comment is gone")
	}
	h.rotateTo(t, "lab-only-foreign")
	s := h.secret(t, "store-login")
	if keys := []string{s["username"], s["password"]}; !slices.Equal(keys, []string{"leaseowner", "lab-only-foreign"}) {
		t.Error("the Secret does not hold the given password")
	}
	if r := plugin(t, "credentials", "status", "-n", h.namespace); r.code != 0 {
		t.Errorf("exit %d\n%s", r.code, r.out)
	}
}

// A role of the cluster's spec.managed.roles takes turns with the owner, and gets another password itself.
func TestCredentialsOfAManagedRole(t *testing.T) {
	claims(t, "foreign")
	const owner, other, secret = "leaseowner", "leaseowner_b", "store-login-b"
	h := byHand{"foreign", "dhcpstore", "leases", "", nil}
	first := fmt.Sprintf("Managed-by-hand-%d", time.Now().UnixNano())
	world.secrets.learn(first)
	cluster := func(roles any) {
		t.Helper()
		patch, err := json.Marshal(map[string]any{"spec": map[string]any{"managed": roles}})
		if err != nil {
			t.Fatal(err)
		}
		kubectl(t, "-n", h.namespace, "patch", "clusters.postgresql.cnpg.io", h.cluster, "--type=merge", "-p", string(patch))
	}
	kubectl(t, "-n", h.namespace, "create", "secret", "generic", secret, "--type=kubernetes.io/basic-auth", "--from-literal=username="+other, "--from-literal=password="+first)
	t.Cleanup(func() {
		cluster(nil)
		kubectl(t, "-n", h.namespace, "delete", "secret", secret)
	})
	cluster(map[string]any{"roles": []any{map[string]any{
		"name": other, "login": true, "inRoles": []string{owner}, "passwordSecret": map[string]string{"name": secret},
	}}})
	kubectl(t, "-n", h.namespace, "wait", "clusters.postgresql.cnpg.io/"+h.cluster, "--timeout=60s",
		"--for=jsonpath={.status.managedRolesStatus.byStatus.reconciled[?(@==\""+other+"\")]}="+other)
	var passwords []string
	for _, strategy := range []credentials.Strategy{credentials.Alternating, credentials.SameRole} {
		report := h.rotate(t, "--strategy", string(strategy))
		role, password := h.login(t, secret)
		t.Logf("%s: %d new sessions in %.1f s", strategy, report.Ended, report.Seconds)
		if report.Secret != secret || role != other || report.Ended == 0 || password == first || slices.Contains(passwords, password) {
			t.Errorf("%s: role %s, %+v", strategy, role, report)
		}
		passwords = append(passwords, password)
		found := decode[credentials.Report](t, plugin(t, "credentials", "status", "-n", h.namespace, "-o", "json"))
		if len(found.Credentials) != 1 || found.Credentials[0].Role != other || found.Credentials[0].Login != credentials.Agrees {
			t.Errorf("%s: %+v", strategy, found)
		}
	}
	h.rotateTo(t, "lab-only-foreign", "--strategy", string(credentials.Alternating))
	if role, password := h.login(t, "store-login"); role != owner || password != "lab-only-foreign" {
		t.Errorf("back: role %s", role)
	}
}
