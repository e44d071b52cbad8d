package host

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/step"
)

// Down ends the holder (and with it every daemon, container and mount), then removes the network namespace, the cgroups
// and the state. It reports anything that is left as an error. With no lab it does nothing.
func (h *Host) Down(ctx context.Context, log io.Writer) error {
	unshare, holder := h.readPid("unshare"), h.readPid("holder")
	// A pid file may be older than the last boot: only a process that is our unshare is ended.
	if alive(unshare) && commandLineHas(unshare, "unshare") {
		if err := syscall.Kill(unshare, syscall.SIGKILL); err != nil {
			return fmt.Errorf("end the holder %d: %w", unshare, err)
		}
	}
	for deadline := time.Now().Add(30 * time.Second); alive(unshare) || alive(holder); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the holder (pid %d) does not end", holder)
		}
	}
	if _, err := os.Stat(h.netns()); err == nil {
		if err := step.Command(ctx, log, "/", nil, "ip", "netns", "del", h.Name); err != nil {
			return err
		}
	}
	if left := h.removeCgroups(); len(left) > 0 {
		return fmt.Errorf("cgroups are left: %s", strings.Join(left, ", "))
	}
	if mounts := h.mounts(); len(mounts) > 0 {
		return fmt.Errorf("mounts are left: %s", strings.Join(mounts, ", "))
	}
	return os.RemoveAll(h.State)
}

// mounts are the mounts below the lab's state that the host sees; there should be none.
func (h *Host) mounts() []string {
	found := []string{}
	data, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], h.State+"/") {
			found = append(found, f[1])
		}
	}
	return found
}

func commandLineHas(pid int, word string) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && bytes.Contains(data, []byte(word))
}
