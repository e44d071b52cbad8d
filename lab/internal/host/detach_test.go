package host

import (
	"slices"
	"syscall"
	"testing"
)

// A process that was started can be told by its command line at once: the kernel says that it runs before it has one, and
// the lab took such a daemon for one that had ended.
func TestDetachedProcessHasACommandLine(t *testing.T) {
	h := New(Paths{State: t.TempDir()})
	for range 300 {
		pid, err := h.detach("sleeper", "sleep", "30")
		if err != nil {
			t.Fatal(err)
		}
		if got := commandLine(pid); !slices.Equal(got, []string{"sleep", "30"}) {
			t.Errorf("its command line is %q", got)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		var status syscall.WaitStatus
		_, _ = syscall.Wait4(pid, &status, 0, nil)
	}
}
