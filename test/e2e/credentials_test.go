//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
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
)

// loginSecret is the Secret that the servers of a ward log in with.
const loginSecret = "kea-db-credentials"

// rotationSteps are the steps of a rotation, in their order.
func rotationSteps(w ward) []string {
	return []string{
		"keep the old password", "write the new one to secret " + loginSecret, "database " + w.cluster + " takes it", "bring it to " + strings.Join(w.pods, ", "),
		w.pods[1] + " logs in anew", w.pods[0] + " logs in anew, " + w.pods[1] + " covers it", "note the rotation", "forget the old password",
	}
}

// password is the one in the Secret. It is learnt, so that everything that is printed is searched for it.
func (w ward) password(t *testing.T) string {
	t.Helper()
	var s struct{ Data map[string][]byte }
	if err := json.Unmarshal([]byte(kubectl(t, "-n", w.namespace, "get", "secret", loginSecret, "-o", "json")), &s); err != nil {
		t.Fatal(err)
	}
	world.secrets.learn(string(s.Data["password"]))
	return string(s.Data["password"])
}

// opens reports whether the database takes a password, by a login over the network from a pod of Kea.
func (w ward) opens(t *testing.T, password string) bool {
	t.Helper()
	script := "read -r PGPASSWORD; export PGPASSWORD; unset PGSERVICEFILE PGSERVICE; exec psql -XAtqw -h " + w.service + " -U kea -d " + w.database + " -c 'select 1'"
	cmd := exec.CommandContext(t.Context(), world.kubectl, "-n", w.namespace, "exec", "-i", w.pods[0], "-c", "dhcp4", "--", "sh", "-c", script)
	cmd.Stdin = strings.NewReader(password + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "password authentication failed") {
		t.Fatalf("login: %v\n%s", err, out)
	}
	return err == nil
}

// loginOf is `credentials status -o json` of a ward's one role.
func (w ward) loginOf(t *testing.T) (credentials.Report, run) {
	t.Helper()
	r := plugin(t, "credentials", "status", "-n", w.namespace, "-o", "json")
	return decode[credentials.Report](t, r), r
}

// oneMind: the Secret, the files and the database hold one password, nothing is left over, and no server was restarted or changed
// its state meanwhile.
func (w ward) oneMind(t *testing.T) credentials.Credential {
	t.Helper()
	report, r := w.loginOf(t)
	if r.code != 0 || report.Worst.AtLeast(problem.Critical) || len(report.Credentials) != 1 || len(report.Operations) != 0 {
		t.Fatalf("exit %d: %+v", r.code, report)
	}
	found := report.Credentials[0]
	if found.Login != credentials.Agrees || len(found.Holders) != 2 || len(found.Others) != 0 {
		t.Errorf("%+v", found)
	}
	for _, h := range found.Holders {
		if h.FileIs != credentials.Agrees || h.Sessions < len(h.Servers) || h.WithoutTLS != 0 {
			t.Errorf("%+v", h)
		}
	}
	if out, err := tryKubectl("-n", w.namespace, "get", "secret", loginSecret+"-before-rotation"); err == nil {
		t.Errorf("the old password is still kept:\n%s", out)
	}
	if out, err := tryKubectl("-n", w.namespace, "get", "lease", w.deployment+"-operation"); err == nil {
		t.Errorf("the lock is still there:\n%s", out)
	}
	return found
}

// untouched is what a rotation must not change: restarts, configurations, HA states and who serves.
func (w ward) untouched(t *testing.T) string {
	t.Helper()
	found := []string{kubectl(t, "-n", w.namespace, "get", "pods", w.pods[0], w.pods[1], "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}")}
	for _, relationship := range look(t, w.namespace).Relationships {
		for _, p := range relationship.Peers {
			found = append(found, fmt.Sprint(p.Server, p.State, p.Scopes))
		}
	}
	return strings.Join(found, " ")
}

// haChanges are the changes of state that the servers logged since a moment.
func (w ward) haChanges(t *testing.T, since time.Time) []string {
	t.Helper()
	found := []string{}
	for _, pod := range w.pods {
		for _, c := range []string{"dhcp4", "dhcp6"} {
			for line := range strings.Lines(kubectl(t, "-n", w.namespace, "logs", pod, "-c", c, "--since-time="+since.UTC().Format(time.RFC3339))) {
				if strings.Contains(line, "HA_STATE_TRANSITION") || strings.Contains(line, "_CONFIG_COMPLETE") {
					found = append(found, line)
				}
			}
		}
	}
	return found
}

// rotated rotates in a namespace, and must succeed.
func rotated(t *testing.T, namespace string, more ...string) credentials.Rotation {
	t.Helper()
	r := plugin(t, append([]string{"credentials", "rotate", "-n", namespace, "--yes", "-o", "json"}, more...)...)
	if r.code != 0 {
		t.Fatalf("rotate: exit %d\n%s%s", r.code, r.out, r.err)
	}
	return decode[credentials.Rotation](t, r)
}

func (w ward) rotate(t *testing.T, more ...string) credentials.Rotation {
	t.Helper()
	return rotated(t, w.namespace, more...)
}

// A rotation while clients come and renew: nobody is lost or refused, no server changes its state. A machine that is busy with
// something else loses clients without any rotation: one of three has to be clean.
func TestCredentialsRotateUnderLoad(t *testing.T) {
	w := recoveryWard()
	w.up(t)
	var (
		report credentials.Rotation
		m      clients.Seen
		old    string
		since  time.Time
	)
	before := w.untouched(t)
	for range 3 {
		old, since = w.password(t), time.Now()
		m = aroundLoad(t, func() { report = w.rotate(t) }, w.scenario, "-rate", "20", "-renew", "-clients", "40")
		t.Logf("%d sessions renewed in %.1f s; lost %d of %d, %d NAKs, longest silence %.2f s", report.Ended, report.Seconds, m.Lost, m.Started, m.Naks, m.Silence.Longest.Seconds())
		if m.Lost == 0 && m.Naks == 0 {
			break
		}
	}
	if m.Lost != 0 || m.Naks != 0 || m.Duplicates != 0 || m.Started < enough(20, report.Seconds) {
		t.Errorf("%+v", m)
	}
	if !slices.Equal(report.Keys, []string{"password", "pg_service.conf"}) || report.Ended < 4 || len(report.Remarks) != 0 {
		t.Errorf("%+v", report)
	}
	if w.password(t) == old || w.opens(t, old) || !w.opens(t, w.password(t)) {
		t.Error("the old password works, or the new one does not")
	}
	found := w.oneMind(t)
	if found.Rotated == nil || found.Rotated.Time.Before(since.Add(-time.Second)) || !strings.Contains(found.Rotated.By, "kubectl kea credentials rotate -n recovery") {
		t.Errorf("it is not noted: %+v", found.Rotated)
	}
	for _, h := range found.Holders {
		if h.Since == nil || h.Since.Before(since) {
			t.Errorf("%s has sessions of before the rotation: since %v", h.Pod, h.Since)
		}
	}
	if after := w.untouched(t); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	if changes := w.haChanges(t, since); len(changes) > 0 {
		t.Errorf("the servers changed: %s", strings.Join(changes, ""))
	}
	w.nowhere(t)
}

func (w ward) nowhere(t *testing.T) {
	t.Helper()
	nowhere(t, w.namespace, "secrets,pods,leases,services,clusters.postgresql.cnpg.io", w.pods, "dhcp4", "dhcp6", "ctrl-agent")
}

// nowhere: no password that there ever was stands in events, annotations of these kinds, arguments of pods or logs of their
// containers.
func nowhere(t *testing.T, namespace, kinds string, pods []string, containers ...string) {
	t.Helper()
	silent(t, "events", kubectl(t, "-n", namespace, "get", "events", "-o", "json"))
	silent(t, "annotations", kubectl(t, "-n", namespace, "get", kinds, "-o", `jsonpath={range .items[*]}{.metadata}{end}`))
	for _, pod := range pods {
		silent(t, "arguments in "+pod, kubectl(t, "-n", namespace, "exec", pod, "-c", containers[0], "--", "sh", "-c", "cat /proc/*/cmdline /proc/*/environ 2>/dev/null | tr '\\0' '\\n'"))
		for _, c := range containers {
			silent(t, "logs of "+pod, kubectl(t, "-n", namespace, "logs", pod, "-c", c, "--tail=2000"))
		}
	}
}

// A rotation is killed at each of its steps, and run again: one password works in the end, and everybody has it. Interrupted, it
// puts the old one back. Between a kill and the next run the files may lag behind the database: a server that opens one more
// session then is refused, and drops the packet.
func TestCredentialsRotateKilled(t *testing.T) {
	claims(t, "recovery")
	w := recoveryWard()
	w.up(t)
	args := []string{"credentials", "rotate", "-n", w.namespace, "--yes"}
	before := w.untouched(t)
	for _, step := range rotationSteps(w)[:6] {
		old := w.password(t)
		r := endAt(t, os.Interrupt, step, args...)
		if r.code != 130 || !strings.Contains(r.err, "the old password is the one that works") || w.password(t) != old {
			t.Errorf("interrupted at %q: exit %d, the password has changed: %v\n%s", step, r.code, w.password(t) != old, r.err)
		}
		w.oneMind(t)
	}
	first := w.password(t)
	m := aroundLoad(t, func() {
		for _, step := range rotationSteps(w) {
			killAt(t, step, args...)
			w.password(t)
			if r := plugin(t, "credentials", "status", "-n", w.namespace); !strings.Contains(r.out, "kubectl kea credentials rotate -n recovery") {
				t.Errorf("killed at %q, status does not name the command that goes on:\n%s", step, r.out)
			}
		}
		w.rotate(t)
	}, w.scenario, "-rate", "10", "-renew", "-clients", "30")
	t.Logf("killed 8 times: lost %d of %d, %d NAKs, longest silence %.2f s", m.Lost, m.Started, m.Naks, m.Silence.Longest.Seconds())
	if m.Naks != 0 || m.Duplicates != 0 || m.Lost > m.Started/20 {
		t.Errorf("%+v", m)
	}
	last := w.password(t)
	if last == first || !w.opens(t, last) {
		t.Error("the password is the old one, or does not work")
	}
	for _, secret := range world.secrets.all() {
		if secret != last && len(secret) == len(last) && w.opens(t, secret) {
			t.Error("a password works that was replaced")
		}
	}
	w.oneMind(t)
	if after := w.untouched(t); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	w.nowhere(t)
}

// A password from standard input; a dry run; a file that a pod has not got; what is refused.
func TestCredentialsRefused(t *testing.T) {
	claims(t, "recovery")
	w := recoveryWard()
	w.up(t)
	old := w.password(t)
	for _, mode := range []string{"client", "server"} {
		if r := plugin(t, "credentials", "rotate", "-n", w.namespace, "--dry-run="+mode); r.code != 0 || !strings.Contains(r.out, "dry run: nothing was changed") {
			t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
		}
	}
	for name, tt := range map[string]struct {
		do, undo []string
		want     string
	}{
		"Argo CD": {
			[]string{"label", "secret", loginSecret, "argocd.argoproj.io/instance=kea"},
			[]string{"label", "secret", loginSecret, "argocd.argoproj.io/instance-"},
			"Argo CD writes it",
		},
		"Flux": {
			[]string{"label", "secret", loginSecret, "kustomize.toolkit.fluxcd.io/name=kea"},
			[]string{"label", "secret", loginSecret, "kustomize.toolkit.fluxcd.io/name-"},
			"Flux writes it",
		},
		"External Secrets": {
			[]string{"patch", "secret", loginSecret, "--type=merge", "-p", `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ExternalSecret","name":"vault","uid":"1"}]}}`},
			[]string{"patch", "secret", loginSecret, "--type=merge", "-p", `{"metadata":{"ownerReferences":null}}`},
			"ExternalSecret vault writes it",
		},
	} {
		kubectl(t, append([]string{"-n", w.namespace}, tt.do...)...)
		r := plugin(t, "credentials", "rotate", "-n", w.namespace, "--yes")
		kubectl(t, append([]string{"-n", w.namespace}, tt.undo...)...)
		if r.code != 1 || !strings.Contains(r.out, tt.want) || !strings.Contains(r.err, "nothing was changed") {
			t.Errorf("%s: exit %d\n%s%s", name, r.code, r.out, r.err)
		}
	}
	if r := plugin(t, "credentials", "rotate", "-n", w.namespace, "--role", "nobody"); r.code != 4 || !strings.Contains(r.err, "there are: role kea of cluster kea-database") {
		t.Errorf("exit %d\n%s", r.code, r.err)
	}
	if w.password(t) != old {
		t.Error("a refused rotation changed the password")
	}
	given := fresh("Given:by/hand")
	world.secrets.learn(given)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, world.plugin, "credentials", "rotate", "-n", w.namespace, "--yes", "--password-stdin")
	cmd.Stdin = strings.NewReader(given + "\n")
	out, err := cmd.CombinedOutput()
	silent(t, "rotate --password-stdin", string(out))
	var exit *exec.ExitError
	if errors.As(err, &exit) || err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if w.password(t) != given || !w.opens(t, given) {
		t.Error("the password is not the given one, or does not work")
	}
	w.oneMind(t)
	w.rotate(t)
}
