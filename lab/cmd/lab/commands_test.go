package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/cluster"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/host"
)

// aLabThatIsDown has the real scenarios and a state folder of its own.
func aLabThatIsDown(t *testing.T) *lab {
	t.Helper()
	dir := t.TempDir()
	return &lab{Cluster: cluster.New(host.New(host.Paths{Source: "../..", Cache: filepath.Join(dir, "cache"), State: filepath.Join(dir, "state")}))}
}

func TestStatusOfALabThatIsDown(t *testing.T) {
	err := aLabThatIsDown(t).status(t.Context(), nil)
	var exit *exitError
	if !errors.As(err, &exit) || exit.code != 1 || exit.err != nil {
		t.Errorf("error %#v, want exit code 1 without a word", err)
	}
}

func TestCommandsThatNeedTheLab(t *testing.T) {
	l := aLabThatIsDown(t)
	for name, run := range map[string]func() error{
		"shell":         func() error { return l.shell(t.Context(), nil) },
		"kubectl":       func() error { return l.kubectl(t.Context(), []string{"get", "pods"}) },
		"kubeconfig":    func() error { return l.kubeconfig(t.Context(), nil) },
		"scenario up":   func() error { return l.scenario(t.Context(), []string{"up", "branch"}) },
		"scenario down": func() error { return l.scenario(t.Context(), []string{"down", "branch"}) },
		"load":          func() error { return l.load(t.Context(), []string{"branch"}) },
	} {
		if err := run(); !errors.Is(err, errDown) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestAWrongNameChangesNothing(t *testing.T) {
	l := aLabThatIsDown(t)
	for name, run := range map[string]func() error{
		"up":       func() error { return l.up(t.Context(), []string{"hot-standby", "nope"}) },
		"scenario": func() error { return l.scenario(t.Context(), []string{"up", "nope"}) },
		"load":     func() error { return l.load(t.Context(), []string{"nope"}) },
	} {
		if err := run(); err == nil || errors.Is(err, errDown) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for _, dir := range []string{l.State, l.Cache} {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s was made", dir)
		}
	}
}

func TestLogs(t *testing.T) {
	l := aLabThatIsDown(t)
	for _, path := range []string{"kubelet.log", "etcd.log", "steps/programs.log", "steps/notes.txt"} {
		path = filepath.Join(l.Logs(), path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := logNames(l.Logs()); err != nil || !slices.Equal(got, []string{"etcd", "kubelet", "steps/programs"}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, name := range []string{"none", "../pki/ca", "steps"} {
		if err := l.logs(t.Context(), []string{name}); err == nil {
			t.Errorf("there is a log %q", name)
		}
	}
	if err := l.logs(t.Context(), []string{"steps/programs"}); err != nil {
		t.Error(err)
	}
}
