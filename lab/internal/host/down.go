package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/step"
)

// Down ends the holder (and with it every daemon, container and mount), then removes the network namespace, the cgroups
// and the state. It reports anything that is left as an error. With no lab it does nothing, and what a lab that died left
// it removes as well.
func (h *Host) Down(ctx context.Context, log io.Writer) error {
	if err := h.CheckNoOtherLab(); err != nil {
		return err
	}
	// A pid file may be older than the last boot: only a process that is our own is ended.
	if unshare := h.readPid("unshare"); h.Lives("unshare") {
		if err := syscall.Kill(unshare, syscall.SIGKILL); err != nil {
			return fmt.Errorf("end the holder %d: %w", unshare, err)
		}
	}
	for deadline := time.Now().Add(30 * time.Second); h.Lives("unshare") || h.Lives("holder"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the holder (pid %d) does not end", h.readPid("holder"))
		}
	}
	if err := h.endVisitors(); err != nil {
		return err
	}
	if _, err := os.Stat(h.netns()); err == nil {
		if err := step.Command(ctx, log, "/", nil, "ip", "netns", "del", h.Name); err != nil {
			return err
		}
	}
	if left := h.removeCgroups(); len(left) > 0 {
		return fmt.Errorf("cgroups are left: %s", strings.Join(left, ", "))
	}
	if mounts := MountsBelow(h.State); len(mounts) > 0 {
		return fmt.Errorf("mounts are left: %s", strings.Join(mounts, ", "))
	}
	return os.RemoveAll(h.State)
}

// MountsBelow are the mounts below a folder that the host sees.
func MountsBelow(dir string) []string {
	data, _ := os.ReadFile("/proc/self/mounts")
	return mountsIn(string(data), dir)
}

func mountsIn(table, dir string) []string {
	found := []string{}
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], dir+"/") {
			found = append(found, f[1])
		}
	}
	return found
}

// endVisitors ends the processes that still use the lab's network: they entered it from outside (`lab load`, `lab
// kubectl`) and do not belong to the holder. Left alone, they would keep the namespace alive without a name.
func (h *Host) endVisitors() error {
	if !isNamespace(h.netns()) {
		return nil
	}
	signal := syscall.SIGTERM
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		left := h.visitors()
		switch waited := time.Since(start); {
		case len(left) == 0:
			return nil
		case waited > 10*time.Second:
			return fmt.Errorf("processes in the lab's network do not end: %v", left)
		case waited > 3*time.Second:
			signal = syscall.SIGKILL
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, signal)
		}
	}
}

// CheckNoOtherLab fails when the network belongs to a lab with another state folder: there is one network, and so one lab
// a machine.
func (h *Host) CheckNoOtherLab() error {
	for _, pid := range h.visitors() {
		if h.belongsToAnotherLab(commandLine(pid)) {
			return fmt.Errorf("a lab with another state folder than %s runs on this machine (process %d): use its KEALAB_STATE, which `ps -ww %d` shows", h.State, pid, pid)
		}
	}
	return nil
}

// visitors are the processes in the lab's network namespace, as the host numbers them.
func (h *Host) visitors() []int {
	namespace, err := os.Stat(h.netns())
	if err != nil {
		return nil
	}
	found := []int{}
	entries, _ := filepath.Glob("/proc/[0-9]*/ns/net")
	for _, entry := range entries {
		theirs, err := os.Stat(entry)
		if err != nil || !os.SameFile(namespace, theirs) {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(entry, "/")[2])
		if err == nil && pid != os.Getpid() && alive(pid) {
			found = append(found, pid)
		}
	}
	return found
}
