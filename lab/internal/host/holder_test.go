package host

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ownLab is a lab of the test's own, with another name and so beside the real one: its network, its cgroups and its
// holder, but no Kubernetes. It needs what the lab needs: Linux, root, ip and nsenter.
func ownLab(t *testing.T) *Host {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	for _, program := range []string{"ip", "nsenter", "unshare"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	h := testHost(t)
	if err := os.Remove(h.pidFile("holder")); err != nil {
		t.Fatal(err)
	}
	h.Name = "kealab-test"
	t.Cleanup(func() {
		log := &bytes.Buffer{}
		if err := h.Down(context.WithoutCancel(t.Context()), log); err != nil {
			t.Errorf("down: %v\n%s", err, log)
		}
		if _, err := os.Stat(h.State); err == nil {
			t.Errorf("%s is left", h.State)
		}
		if _, err := os.Stat(h.netns()); err == nil {
			t.Errorf("%s is left", h.netns())
		}
		for _, hierarchy := range hierarchies() {
			if _, err := os.Stat(filepath.Join(hierarchy, h.Name)); err == nil {
				t.Errorf("a cgroup is left in %s", hierarchy)
			}
		}
	})
	raise(t, h)
	return h
}

func raise(t *testing.T, h *Host) {
	t.Helper()
	log := &bytes.Buffer{}
	if err := h.CreateNetwork(t.Context(), log); err != nil {
		t.Fatalf("network: %v\n%s", err, log)
	}
	if err := h.StartHolder(t.Context()); err != nil {
		t.Fatalf("holder: %v", err)
	}
	if !h.Running() || h.Remains() {
		t.Fatalf("the holder was started: running %v, remains %v", h.Running(), h.Remains())
	}
}

func inside(t *testing.T, h *Host, command ...string) string {
	t.Helper()
	argv := h.Enter(command...)
	out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestHolder(t *testing.T) {
	h := ownLab(t)
	if err := os.WriteFile(filepath.Join(h.State, "seen"), []byte("state"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := inside(t, h, "cat", filepath.Join(h.State, "seen")); got != "state" {
		t.Errorf("inside, the state folder holds %q", got)
	}
	if got := inside(t, h, "hostname"); got != h.Name {
		t.Errorf("inside, the host is %q", got)
	}
	inside(t, h, "touch", "/var/lib/litter", "/run/litter", "/var/log/litter")
	for _, path := range []string{"/var/lib/litter", "/run/litter", "/var/log/litter"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s came out to the host", path)
		}
	}
	if got := inside(t, h, "ip", "-4", "route", "show", "default"); got != "" {
		t.Errorf("there is a way out: %s", got)
	}

	holder := h.readPid("holder")
	if err := h.StartHolder(t.Context()); err != nil || h.readPid("holder") != holder {
		t.Errorf("a second holder was started (%v)", err)
	}

	if err := h.Start("sleep", nil, "sleep", "600"); err != nil {
		t.Fatal(err)
	}
	sleeper := h.readPid("sleep")
	if err := h.Start("sleep", nil, "sleep", "600"); err != nil || h.readPid("sleep") != sleeper {
		t.Errorf("a second daemon was started (%v)", err)
	}
	if daemons := h.Daemons(); len(daemons) != 3 || !daemons["sleep"] || !daemons["holder"] || !daemons["unshare"] {
		t.Errorf("daemons %v", daemons)
	}
}

// The holder dies with everything in it; the next lab starts from nothing.
func TestALabThatDied(t *testing.T) {
	h := ownLab(t)
	if err := h.Start("sleep", nil, "sleep", "600"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(h.readPid("holder"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); h.Running() || h.Lives("sleep"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the daemons outlive their holder")
		}
	}
	if !h.Remains() {
		t.Error("what it left is not noticed")
	}
	if err := h.Down(t.Context(), &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if h.Remains() {
		t.Error("its remains were not cleared")
	}
	raise(t, h)
}

// A restart of the machine, where /run is on a disk, leaves the network's name behind, and nothing under it.
func TestANetworkWithoutANamespace(t *testing.T) {
	h := ownLab(t)
	if err := h.Down(t.Context(), &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.netns(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	raise(t, h)
}

// What entered the lab's network alone (`lab load`, `lab kubectl`) does not belong to the holder, and must not stay either.
func TestDownEndsVisitors(t *testing.T) {
	h := ownLab(t)
	argv := h.InNetwork("sleep", "600")
	visitor := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	if err := visitor.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = visitor.Wait()
	}()
	for deadline := time.Now().Add(10 * time.Second); commandName(visitor.Process.Pid) != "sleep"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the visitor did not come")
		}
	}
	if err := h.Down(t.Context(), &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the visitor is still there")
	}
}

// Another state folder is another lab; there is one network, and it is taken.
func TestAnotherLabIsLeftAlone(t *testing.T) {
	h := ownLab(t)
	other := New(Paths{Source: h.Source, Cache: h.Cache, State: filepath.Join(t.TempDir(), "other")})
	other.Name = h.Name
	if err := other.CheckNoOtherLab(); err == nil || !strings.Contains(err.Error(), other.State) {
		t.Errorf("error %v", err)
	}
	if err := other.Down(t.Context(), &bytes.Buffer{}); err == nil {
		t.Error("the other one's lab was taken down")
	}
	if !h.Running() {
		t.Error("the lab was ended by another one's down")
	}
}

// An interrupt in the middle leaves a holder that is known, and the next run goes on with it.
func TestAnInterruptWhileTheHolderStarts(t *testing.T) {
	h := ownLab(t)
	if err := h.Down(t.Context(), &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if err := h.CreateNetwork(t.Context(), &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.StartHolder(interrupted); err == nil {
		t.Error("the interrupt went unnoticed")
	}
	holder := h.readPid("holder")
	if !h.Running() {
		t.Fatal("the holder that was started is not known")
	}
	raise(t, h)
	if h.readPid("holder") != holder {
		t.Error("a second holder was started")
	}
}
