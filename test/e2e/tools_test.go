//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// run is what one run of the plugin left.
type run struct {
	out, err string
	code     int
	took     time.Duration
}

// learnSecrets notes the passwords and keys that install made, for plugin to look for in what is printed.
func learnSecrets(t *testing.T) {
	t.Helper()
	var list struct {
		Items []struct{ Data map[string][]byte }
	}
	if err := json.Unmarshal([]byte(kubectl(t, "get", "secrets", "-A", "-l", "kea.fos1.io/deployment", "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	for _, secret := range list.Items {
		if password := string(secret.Data["password"]); password != "" {
			world.secrets.learn(password)
		}
		if lines := strings.Split(string(secret.Data["ca.key"]), "\n"); len(lines) > 1 {
			world.secrets.learn(lines[1])
		}
	}
}

// silent: nothing that is secret is in a text. The passwords that the lab's manifests hold begin with "lab-only".
func silent(t *testing.T, what, text string) {
	t.Helper()
	if strings.Contains(text, "lab-only") {
		t.Errorf("%s printed a password of the lab", what)
	}
	for _, secret := range world.secrets.all() {
		if strings.Contains(text, secret) {
			t.Errorf("%s printed a password or a key", what)
		}
	}
}

// plugin runs kubectl-kea. No output of any run may hold a password.
func plugin(t *testing.T, args ...string) run {
	t.Helper()
	// Clean-ups look too, and t.Context has ended by then.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute)
	defer cancel()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, world.plugin, args...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.Env = append(os.Environ(), "LANG=C.UTF-8")
	start := time.Now()
	err := cmd.Run()
	r := run{out: out.String(), err: errOut.String(), took: time.Since(start)}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("run %v: %v", args, err)
	}
	if len(world.secrets.all()) == 0 || args[0] == "install" {
		learnSecrets(t)
	}
	silent(t, "kubectl kea "+strings.Join(args, " "), r.out+r.err)
	return r
}

// killAt runs a command and kills it, as a power cut does, when it begins a step.
func killAt(t *testing.T, step string, args ...string) {
	t.Helper()
	endAt(t, syscall.SIGKILL, step, args...)
}

// endAt runs a command and sends it a signal when it begins a step.
func endAt(t *testing.T, signal os.Signal, step string, args ...string) run {
	t.Helper()
	r, reached := atStep(t, step, func(p *os.Process) { _ = p.Signal(signal) }, nil, args...)
	if !reached {
		t.Fatalf("it never came to %q:\n%s%s", step, r.out, r.err)
	}
	return r
}

// atStep runs a command, and something else once when it begins a step, if it comes to that. It returns when both have ended.
// more is environment.
func atStep(t *testing.T, step string, do func(*os.Process), more []string, args ...string) (r run, reached bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, world.plugin, args...)
	cmd.Env, cmd.Stdout = append(append(os.Environ(), "LANG=C.UTF-8"), more...), &out
	progress, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := bytes.Buffer{}
	var doing sync.WaitGroup
	for lines := bufio.NewScanner(progress); lines.Scan(); {
		fmt.Fprintln(&seen, lines.Text())
		if !reached && lines.Text() == step+" ..." {
			reached = true
			doing.Go(func() { do(cmd.Process) })
		}
	}
	_ = cmd.Wait() // how it ended is in the exit code
	took := time.Since(start)
	doing.Wait()
	learnSecrets(t)
	silent(t, args[0]+" "+args[1], out.String()+seen.String())
	return run{out: out.String(), err: seen.String(), code: cmd.ProcessState.ExitCode(), took: took}, reached
}

// look is `status -o json` of a namespace.
func look(t *testing.T, namespace string, more ...string) status.Report {
	t.Helper()
	return decode[status.Report](t, plugin(t, append([]string{"status", "-n", namespace, "-o", "json"}, more...)...))
}

func decode[T any](t *testing.T, r run) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(r.out), &value); err != nil {
		t.Fatalf("exit %d, not JSON: %v\n%s%s", r.code, err, r.out, r.err)
	}
	return value
}

// kubectl runs the lab's kubectl and must succeed.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := tryKubectl(args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func tryKubectl(args ...string) (string, error) {
	out, err := exec.Command(world.kubectl, args...).CombinedOutput()
	return string(out), err
}

// psql runs SQL as postgres in a database's primary.
func psql(t *testing.T, namespace, cluster, database, sql string) string {
	t.Helper()
	out, err := tryPsql(t, namespace, cluster, database, sql)
	if err != nil {
		t.Fatalf("%s: %v\n%s", sql, err, out)
	}
	return out
}

func tryPsql(t *testing.T, namespace, cluster, database, sql string) (string, error) {
	t.Helper()
	primary := kubectl(t, "-n", namespace, "get", "clusters.postgresql.cnpg.io", cluster, "-o", "jsonpath={.status.currentPrimary}")
	out, err := tryKubectl("-n", namespace, "exec", primary, "-c", "postgres", "--", "psql", "-d", database, "-Atc", sql)
	return strings.TrimSpace(out), err
}

// lab runs a command of the lab's driver.
func lab(t *testing.T, args ...string) string {
	t.Helper()
	if world.lab == "" {
		t.Fatal("this test needs the lab's machine (KUBECTL_KEA_E2E_CLUSTER is set)")
	}
	cmd := exec.Command(world.lab, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("lab %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// until looks at a namespace again and again until what is said of it comes true, and returns that report.
func until(t *testing.T, namespace, what string, limit time.Duration, ok func(status.Report) error) status.Report {
	t.Helper()
	start := time.Now()
	// A look costs the lab more than the waiting test: the longer it takes, the rarer.
	for pause := 300 * time.Millisecond; ; pause = min(pause*3/2, time.Second) {
		r := look(t, namespace)
		err := ok(r)
		if err == nil {
			t.Logf("%s: after %.1f s", what, time.Since(start).Seconds())
			return r
		}
		if time.Since(start) > limit {
			t.Fatalf("%s: not within %s: %v\n%s", what, limit, err, plugin(t, "status", "-n", namespace).out)
		}
		time.Sleep(pause)
	}
}

// healthy: no problem of a warning or worse, no server that has only just started, nothing unread.
func healthy(r status.Report) error {
	if r.Worst.AtLeast(problem.Warning) || !r.Complete || has(r, "info/not-ready") == nil {
		return fmt.Errorf("worst %q, complete %v: %v %v", r.Worst, r.Complete, codes(r), r.Unread)
	}
	return nil
}

// restored waits until a namespace is healthy again; every test that breaks something ends with it.
func restored(t *testing.T, namespace string) {
	t.Helper()
	until(t, namespace, namespace+" is healthy again", 3*time.Minute, healthy)
}

func codes(r status.Report) []string {
	found := []string{}
	for _, p := range r.Problems {
		found = append(found, string(p.Severity)+"/"+p.Code)
	}
	return found
}

// has returns an error when a problem is missing. want is "severity/code".
func has(r status.Report, want string) error {
	if slices.Contains(codes(r), want) {
		return nil
	}
	return fmt.Errorf("no problem %s in %v", want, codes(r))
}

func find(r status.Report, want string) problem.Problem {
	for _, p := range r.Problems {
		if string(p.Severity)+"/"+p.Code == want {
			return p
		}
	}
	return problem.Problem{}
}

func peer(r status.Report, server string) ha.Peer {
	for _, relationship := range r.Relationships {
		for _, p := range relationship.Peers {
			if p.Server == server {
				return p
			}
		}
	}
	for _, p := range r.Standalone {
		if p.Server == server {
			return p
		}
	}
	return ha.Peer{}
}

func relationship(r status.Report, service string) ha.Relationship {
	for _, relationship := range r.Relationships {
		if string(relationship.Service) == service {
			return relationship
		}
	}
	return ha.Relationship{}
}

func yes(b *bool) bool { return b != nil && *b }

func no(b *bool) bool { return b != nil && !*b }

// keepAway has no node for a new pod of a namespace's servers until the test ends, so that a deleted one stays away. The
// StatefulSet replaces only pods that are deleted.
func keepAway(t *testing.T, namespace string) (comeBack func()) {
	t.Helper()
	const set = "kea-dhcp"
	patch := func(selector string) {
		kubectl(t, "-n", namespace, "patch", "statefulset", set, "--type=merge", "-p", `{"spec":{"template":{"spec":{"nodeSelector":`+selector+`}}}}`)
	}
	patch(`{"kea.fos1.io/e2e":"away"}`)
	done := false
	comeBack = func() {
		if done {
			return
		}
		done = true
		patch("null")
		kubectl(t, "-n", namespace, "delete", "pods", "-l", "app.kubernetes.io/name="+set, "--field-selector=status.phase=Pending", "--grace-period=0", "--force")
	}
	t.Cleanup(comeBack)
	return comeBack
}
