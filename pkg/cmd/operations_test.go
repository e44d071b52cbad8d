package cmd

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// ended is a process of this machine that has ended.
func ended(t *testing.T) int {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	return c.ProcessState.Pid()
}

func TestAlive(t *testing.T) {
	for name, tt := range map[string]struct {
		pid  int
		want bool
	}{
		"ourselves":               {os.Getpid(), true},
		"our parent":              {os.Getppid(), true},
		"one that has ended":      {ended(t), false},
		"nobody said which":       {0, true},
		"nonsense":                {-1, true},
		"a number beyond any pid": {1 << 30, false},
	} {
		if got := alive(tt.pid); got != tt.want {
			t.Errorf("%s, %d: %v", name, tt.pid, got)
		}
	}
	// Somebody else's process may not be signalled, and it lives.
	if runtime.GOOS != "windows" && !alive(1) {
		t.Error("process 1 is not alive")
	}
}

func TestLockOptions(t *testing.T) {
	env, _, _ := testEnv()
	dead := ended(t)
	o := (&change{env: &env}).lock("install", "kubectl kea install -n network -f stack.yaml")
	if o.State.Kind != "install" || o.State.Process != os.Getpid() || o.State.Continue != "kubectl kea install -n network -f stack.yaml" || !strings.Contains(o.State.By, "@") {
		t.Errorf("%+v", o.State)
	}
	forced := (&change{env: &env, takeOver: true}).lock("install", "")
	for name, tt := range map[string]struct {
		held                 operation.State
		takeOver, overForced bool
	}{
		"our own, which lives":        {operation.State{By: o.State.By, Process: os.Getppid()}, false, true},
		"our own, which has ended":    {operation.State{By: o.State.By, Process: dead}, true, true},
		"our own, without a process":  {operation.State{By: o.State.By}, false, true},
		"on another machine":          {operation.State{By: "ann@elsewhere", Process: dead}, false, true},
		"nobody knows who holds what": {operation.State{}, false, true},
	} {
		if got := o.TakeOver(tt.held); got != tt.takeOver {
			t.Errorf("%s: taken over %v", name, got)
		}
		if got := forced.TakeOver(tt.held); got != tt.overForced {
			t.Errorf("%s, with --take-over: %v", name, got)
		}
	}
}
