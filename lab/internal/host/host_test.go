package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// testHost is a host whose folders are the test's own. The holder is said to be process 996.
func testHost(t *testing.T) *Host {
	t.Helper()
	dir := t.TempDir()
	h := New(Paths{Source: filepath.Join(dir, "source"), Cache: filepath.Join(dir, "cache"), State: filepath.Join(dir, "state")})
	for _, d := range []string{h.Source, h.Cache, h.Run()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writePid(t, h, "holder", 996)
	return h
}

func writePid(t *testing.T, h *Host, name string, pid int) {
	t.Helper()
	if err := os.WriteFile(h.pidFile(name), []byte(strconv.Itoa(pid)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOwns(t *testing.T) {
	h := testHost(t)
	script := "hostname kealab\nfor d in /run; do true; done"
	kubelet := h.Enter("/state/bin/hyperkube", "kubelet", "--config=/x")
	for _, test := range []struct {
		what, name string
		argv       []string
		want       bool
	}{
		{"the holder", "holder", []string{"bash", "-ec", script}, true},
		{"its parent", "unshare", []string{"unshare", "--mount", "bash", "-ec", script}, true},
		{"the holder's pid is its parent's", "holder", []string{"unshare", "--mount", "bash", "-ec", script}, false},
		{"another bash", "holder", []string{"bash", "-ec", "hostname kealab2\n"}, false},
		{"a bash", "holder", []string{"bash"}, false},
		{"the kubelet", "kubelet", kubelet, true},
		{"another daemon of the lab", "kube-proxy", kubelet, false},
		{"containerd", "containerd", h.Enter("containerd", "--config", "/x"), true},
		{"the bridge", "bridge", h.Enter("/state/run/lab", "bridge", "127.0.0.1:6443"), true},
		{"a daemon of an earlier holder", "kubelet", append([]string{"nsenter", "-t", "7"}, kubelet[3:]...), false},
		{"only the way in", "kubelet", h.Enter(), false},
		{"somebody's editor", "kubelet", []string{"vi", "kubelet"}, false},
		{"nobody", "kubelet", nil, false},
	} {
		if got := h.owns(test.name, test.argv); got != test.want {
			t.Errorf("%s: owns(%s, %q) = %v", test.what, test.name, test.argv, got)
		}
	}
}

func TestBelongsToAnotherLab(t *testing.T) {
	h := testHost(t)
	script := func(state string) string {
		return "hostname kealab\nmkdir /run/state; mount --bind " + state + " /run/state\nwhile :; do wait; done"
	}
	for _, test := range []struct {
		what string
		argv []string
		want bool
	}{
		{"our holder", []string{"bash", "-ec", script(h.State)}, false},
		{"another's", []string{"bash", "-ec", script("/var/lib/kealab")}, true},
		{"its parent", []string{"unshare", "--fork", "bash", "-ec", script("/var/lib/kealab")}, true},
		{"one whose folder begins as ours", []string{"bash", "-ec", script(h.State + "2")}, true},
		{"a daemon", h.Enter("/state/bin/hyperkube", "kubelet"), false},
		{"nobody", nil, false},
	} {
		if got := h.belongsToAnotherLab(test.argv); got != test.want {
			t.Errorf("%s: %v", test.what, got)
		}
	}
}

// A restart of the machine leaves pid files whose numbers are others' by now.
func TestAStrangersPidIsNotOurs(t *testing.T) {
	h := testHost(t)
	stranger := exec.CommandContext(t.Context(), "sleep", "60")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = stranger.Process.Kill()
		_ = stranger.Wait()
	}()
	for _, name := range []string{"holder", "unshare", "kubelet"} {
		writePid(t, h, name, stranger.Process.Pid)
	}
	if h.Running() || h.Lives("kubelet") || h.Daemons()["kubelet"] {
		t.Error("a stranger is taken for the lab")
	}
	if !h.Remains() {
		t.Error("what a dead lab left is not noticed")
	}
	if !alive(stranger.Process.Pid) {
		t.Error("the stranger does not live")
	}
}

func TestRemainsOfNothing(t *testing.T) {
	h := testHost(t)
	if h.Remains() || h.Running() {
		t.Error("a lab that was interrupted before its holder started leaves nothing to clear")
	}
}

func TestProcess(t *testing.T) {
	if got := commandLine(os.Getpid()); len(got) == 0 || got[0] != os.Args[0] {
		t.Errorf("own command line %q", got)
	}
	if commandLine(-1) != nil || alive(0) || alive(-1) || !alive(os.Getpid()) {
		t.Error("no process is taken for one, or we for none")
	}
	for stat, want := range map[string]bool{
		"12 (sleep) S 1 1": false, "12 (a ) Z) R 1": false, "12 (sleep) Z 1 1": true, "12 (a (b) Z 1": true, "": true,
	} {
		if got := isZombie([]byte(stat)); got != want {
			t.Errorf("isZombie(%q) = %v", stat, got)
		}
	}
}

func TestIsNamespace(t *testing.T) {
	if !isNamespace("/proc/self/ns/net") {
		t.Error("our own network namespace is none")
	}
	file := filepath.Join(t.TempDir(), "kealab")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if isNamespace(file) || isNamespace(file+"2") {
		t.Error("a name without a namespace is taken for one")
	}
}

func TestMountsIn(t *testing.T) {
	table := "nsfs /run/netns/kealab nsfs rw 0 0\ntmpfs /var/lib/kealab/run tmpfs rw 0 0\ntmpfs /var/lib/kealab2 tmpfs rw 0 0\n\n"
	if got := mountsIn(table, "/var/lib/kealab"); fmt.Sprint(got) != "[/var/lib/kealab/run]" {
		t.Errorf("%v", got)
	}
}

func TestMirrorOf(t *testing.T) {
	const debian = "http://deb.example/debian/"
	for _, test := range []struct{ what, text, want string }{
		{"one", debian + " Debian main\n", debian},
		{"security and updates beside it", "http://deb.example/debian-security/ Debian-Security main\n" + debian + " Debian main\n" + debian + " Debian main\n", debian},
		{"other components first", debian + "x Debian contrib\n" + debian + " Debian main\n", debian},
		{"a third party's", "http://other.example/ Other main\n", ""},
		{"a label of two words", "http://other.example/ Debian Backports main\n", ""},
		{"nothing", "", ""},
	} {
		got, err := mirrorOf(test.text)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%s: %q, %v", test.what, got, err)
		}
	}
}

func TestModuleVersion(t *testing.T) {
	h := testHost(t)
	text := "module lab\n\nrequire (\n\tk8s.io/kubernetes v1.36.4\n\tk8s.io/kubectl v0.0.0 // indirect\n)\n\nrequire example.com/one v2.0.0+incompatible\n\nreplace k8s.io/kubectl => k8s.io/kubectl v0.36.4\n"
	if err := os.WriteFile(filepath.Join(h.Source, "go.mod"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for module, want := range map[string]string{
		"k8s.io/kubernetes": "v1.36.4", "k8s.io/kubectl": "v0.0.0", "k8s.io/kube": "", "k8sXio/kubernetes": "",
	} {
		got, err := h.ModuleVersion(module)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", module, got, err)
		}
	}
}

func TestModuleVersionOfTheLab(t *testing.T) {
	lab := Paths{Source: "../.."}
	version, err := lab.ModuleVersion("k8s.io/kubernetes")
	if err != nil || !strings.HasPrefix(version, "v1.") {
		t.Fatalf("%q, %v", version, err)
	}
	for _, p := range programs(version) {
		if p.name == "hyperkube" && !strings.Contains(p.ldflags, "version.gitVersion="+version+" ") {
			t.Errorf("hyperkube does not know its version: %s", p.ldflags)
		}
	}
}

func TestProgramKey(t *testing.T) {
	h := testHost(t)
	write := func(name, content string) string {
		path := filepath.Join(h.Source, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		key, _ := h.programKey()
		return key
	}
	write("go.mod", "module lab")
	write("go.sum", "")
	first := write("cmd/hyperkube/main.go", "package main")
	if first == "" || write("README.md", "text") != first || write("cmd/lab/main.go", "package main") != first {
		t.Error("the key changes with what no program is built from")
	}
	for name, content := range map[string]string{"go.mod": "module lab2", "cmd/pause/main.go": "package main", "cmd/hyperkube/main.go": "package main // 2"} {
		if write(name, content) == first {
			t.Errorf("the key does not change with %s", name)
		}
	}
}

func TestPrune(t *testing.T) {
	h := testHost(t)
	at := func(name string) string { return filepath.Join(h.Cache, name) }
	for _, name := range []string{"bin-a", "bin-b", "bin-c", "images"} {
		if err := os.MkdirAll(at(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h.prune("bin-", at("bin-a"), at("bin-c"))
	left, _ := filepath.Glob(at("*"))
	if got := fmt.Sprint(left); got != fmt.Sprint([]string{at("bin-a"), at("bin-c"), at("images")}) {
		t.Errorf("left %s", got)
	}
}

func TestLock(t *testing.T) {
	h := testHost(t)
	said := &bytes.Buffer{}
	unlock, err := h.Lock(t.Context(), said)
	if err != nil || said.Len() > 0 {
		t.Fatalf("%v, %q", err, said)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := h.Lock(impatient, said); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second gets the lock: %v", err)
	}
	if want := fmt.Sprintf("(pid %d)\n", os.Getpid()); strings.Count(said.String(), want) != 1 {
		t.Errorf("said %q, want %q once", said, want)
	}
	unlock()
	again, err := h.Lock(t.Context(), said)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestVisitorsOfNoNetwork(t *testing.T) {
	h := testHost(t)
	h.Name = "kealab-test-without-a-namespace"
	if got := h.visitors(); len(got) > 0 {
		t.Errorf("visitors %v", got)
	}
	if err := h.endVisitors(); err != nil {
		t.Error(err)
	}
}

func TestNewPaths(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	for _, name := range []string{"KEALAB_CACHE", "KEALAB_STATE", "XDG_CACHE_HOME"} {
		t.Setenv(name, "")
	}
	if p := NewPaths("/src"); p.Cache != "/home/me/.cache/kealab" || p.State != "/var/lib/kealab" || p.Source != "/src" {
		t.Errorf("%+v", p)
	}
	t.Setenv("XDG_CACHE_HOME", "/xdg")
	if p := NewPaths("/src"); p.Cache != "/xdg/kealab" {
		t.Errorf("%+v", p)
	}
	t.Setenv("KEALAB_CACHE", "/c")
	t.Setenv("KEALAB_STATE", "/s")
	if p := NewPaths("/src"); p.Cache != "/c" || p.State != "/s" || p.Kubeconfig() == p.KubeconfigInside() {
		t.Errorf("%+v", p)
	}
}
