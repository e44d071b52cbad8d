//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

func networkWard() ward {
	return ward{"network", "hot-standby", "kea-dhcp", "kea-database", "kea-database", "kea", []string{"kea-dhcp-0", "kea-dhcp-1"}}
}

// detour is a way to the API server that one command takes and nobody else, so that it can be cut.
type detour struct {
	listener   net.Listener
	to         string
	kubeconfig string
	away       atomic.Bool
	mu         sync.Mutex
	open       []net.Conn
}

func newDetour(t *testing.T) *detour {
	t.Helper()
	text, err := os.ReadFile(os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	server := strings.TrimSpace(kubectl(t, "config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"))
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	d := &detour{to: address.Host, kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	if d.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.listener.Close() })
	if err := os.WriteFile(d.kubeconfig, bytes.ReplaceAll(text, []byte(server), []byte("https://"+d.listener.Addr().String())), 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := d.listener.Accept()
			if err != nil {
				return
			}
			d.forward(c)
		}
	}()
	return d
}

// forward lets a connection through; while the way is cut nobody answers it.
func (d *detour) forward(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = append(d.open, c)
	if d.away.Load() {
		return
	}
	onward, err := net.Dial("tcp", d.to)
	if err != nil {
		_ = c.Close()
		return
	}
	d.open = append(d.open, onward)
	for _, pair := range [][2]net.Conn{{c, onward}, {onward, c}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
		}()
	}
}

// end closes every connection.
func (d *detour) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.open {
		_ = c.Close()
	}
	d.open = nil
}

// cut takes the way away for a while: open connections end, new ones get no answer.
func (d *detour) cut(duration time.Duration) {
	d.away.Store(true)
	d.end()
	time.Sleep(duration)
	d.away.Store(false)
	d.end()
}

// tended has clients ask and renew while something happens, for as long as it takes, and says what they saw. No address may be
// given twice.
func (w ward) tended(t *testing.T, what string, during func()) {
	t.Helper()
	m := aroundLoad(t, during, w.scenario, "-rate", "20", "-renew", "-clients", "40")
	t.Logf("%s: lost %d of %d, %d NAKs, longest silence %.2f s", what, m.Lost, m.Started, m.Naks, m.Silence.Longest.Seconds())
	if m.Duplicates != 0 || m.Started == 0 || m.Lost == m.Started {
		t.Errorf("%s: %d duplicates, lost %d of %d", what, m.Duplicates, m.Lost, m.Started)
	}
}

// normal: both servers of each family are where they belong, whether or not something is unfinished.
func normal(r status.Report) error {
	for _, relationship := range r.Relationships {
		for _, p := range relationship.Peers {
			if p.State != kea.StateHotStandby || p.SeenState == nil || *p.SeenState != kea.StateHotStandby {
				return fmt.Errorf("%s is %s", p.Server, p.State)
			}
		}
	}
	return nil
}

// survives rotates while something goes wrong at a step, and again where that ended with an error. In between either the
// old password is back everywhere, or status names what is unfinished; in the end all agree on one password that works.
func (w ward) survives(t *testing.T, step string, more []string, fault func()) {
	t.Helper()
	args := []string{"credentials", "rotate", "-n", w.namespace, "--yes"}
	passwords := []string{w.password(t)}
	reached := false
	r := willing(t, func() (r run) {
		r, reached = atStep(t, step, func(*os.Process) { fault() }, more, args...)
		return r
	})
	if !reached {
		t.Fatalf("it never came to %q:\n%s%s", step, r.out, r.err)
	}
	passwords = append(passwords, w.password(t))
	t.Logf("at %q: exit %d after %.1f s: %s", step, r.code, r.took.Seconds(), lastWords(r.err))
	if r.code != 0 {
		back := strings.Contains(r.err, "begins anew")
		report := plugin(t, "status", "-n", w.namespace)
		if named := strings.Contains(report.out, "kubectl kea credentials rotate -n "+w.namespace); named == back {
			t.Errorf("the old password is back: %v; status names the unfinished rotation: %v\n%s", back, named, report.out)
		}
		if back && passwords[1] != passwords[0] {
			t.Error("it says that the old password is back, and the Secret has another one")
		}
		until(t, w.namespace, "both servers are where they belong", 5*time.Minute, normal)
		w.rotateAgain(t, args)
		passwords = append(passwords, w.password(t))
	}
	restored(t, w.namespace)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		if report, _ := w.loginOf(t); len(report.Unread) == 0 { // a busy machine does not answer every question in time
			break
		}
	}
	w.oneMind(t)
	last := passwords[len(passwords)-1]
	for _, p := range passwords {
		if works := w.opens(t, p); works != (p == last) {
			t.Errorf("a password works: %v; it is the one in the Secret: %v", works, p == last)
		}
	}
}

// rotateAgain runs the same command after a rotation that failed. Once is enough, but on a machine that is so busy with something
// else that servers do not answer in time: of three, one has to succeed, and the others have to take everything back.
func (w ward) rotateAgain(t *testing.T, args []string) {
	t.Helper()
	for try := 1; ; try++ {
		r := willing(t, func() run { return plugin(t, args...) })
		if r.code == 0 {
			return
		}
		t.Logf("run again, try %d: exit %d after %.1f s: %s", try, r.code, r.took.Seconds(), lastWords(r.err))
		if try == 3 || !strings.Contains(r.err, "begins anew") {
			t.Errorf("run again: exit %d\n%s%s", r.code, r.out, r.err)
			return
		}
		until(t, w.namespace, "both servers are where they belong", 5*time.Minute, normal)
	}
}

// willing rotates until nothing stands against it beforehand: what was broken may still be starting, and a machine with much
// else to do does not answer every question in time.
func willing(t *testing.T, rotate func() run) run {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Second) {
		if r := rotate(); r.code == 0 || !strings.Contains(r.err, "nothing was changed: see what stands against it") || time.Now().After(end) {
			return r
		}
	}
}

// lastWords are the lines of a run that say how it ended.
func lastWords(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}

// The API server does not answer for ten seconds, where that hurts most: the Secret is written and nobody has the new password
// yet; the serving server is paused, and its partner covers it. Only the command loses it.
func TestCredentialsRotateWithoutTheAPIServer(t *testing.T) {
	claims(t, "network")
	w := networkWard()
	restored(t, w.namespace)
	d := newDetour(t)
	w.tended(t, "API server away", func() {
		for i, into := range map[int]time.Duration{2: 0, 5: 700 * time.Millisecond} {
			w.survives(t, rotationSteps(w)[i], []string{"KUBECONFIG=" + d.kubeconfig}, func() {
				time.Sleep(into)
				d.cut(10 * time.Second)
			})
		}
	})
}

// The operator is stopped while it should set the password. Everybody in the lab is without it meanwhile: there is one such
// case, and the operator is back within 25 s however the rotation goes.
func TestCredentialsRotateWithoutTheOperator(t *testing.T) {
	w := networkWard()
	restored(t, w.namespace)
	replicas := func(n string) {
		if out, err := tryKubectl("-n", "cnpg-system", "scale", "deployment", "cnpg-controller-manager", "--replicas="+n); err != nil {
			t.Errorf("scale the operator: %v\n%s", err, out)
		}
	}
	var back sync.Once
	comeBack := func() { back.Do(func() { replicas("1") }) }
	t.Cleanup(comeBack)
	w.tended(t, "operator stopped", func() {
		replicas("0")
		late := time.AfterFunc(25*time.Second, comeBack)
		defer late.Stop()
		w.survives(t, rotationSteps(w)[2], nil, func() {
			time.Sleep(10 * time.Second)
			comeBack()
		})
	})
}
