package clients

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// driver writes a program in the place of the lab's.
func driver(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lab")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil { //nolint:gosec // it has to be run
		t.Fatal(err)
	}
	return path
}

const says = `trap 'echo "{\"started\": 7, \"lost\": 2, \"naks\": 1, \"silence\": {\"longest_ns\": 1500000000}, \"held\": [{\"address\": \"10.0.0.1\", \"client\": \"$*\"}]}"; exit 0' INT
while :; do sleep 0.01; done
`

func TestAround(t *testing.T) {
	happened := errors.New("it happened")
	seen, err := Around(t.Context(), driver(t, says), 50*time.Millisecond, 0, func() error { return happened }, "small", "-rate", "3")
	if !errors.Is(err, happened) {
		t.Error(err)
	}
	if seen.Started != 7 || seen.Lost != 2 || seen.Naks != 1 || seen.Silence.Longest != 1500*time.Millisecond ||
		len(seen.Held) != 1 || seen.Held[0].Client != "load small -rate 3 -duration 10m -o json" {
		t.Errorf("%+v", seen)
	}
}

func TestWhatGoesWrong(t *testing.T) {
	for script, want := range map[string]string{
		"echo no such scenario >&2; exit 1": "no such scenario",
		"echo started":                      "started",
	} {
		r, err := Start(Command(t.Context(), driver(t, script), "small"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Wait(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", script, err)
		}
		if !r.Over() {
			t.Error("it is over and does not say so")
		}
	}
	if _, err := Start(Command(t.Context(), filepath.Join(t.TempDir(), "lab"), "small")); err == nil {
		t.Error("a driver that is not there was started")
	}
}
