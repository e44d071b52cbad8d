package step

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func runner(t *testing.T) (*Runner, *bytes.Buffer, string) {
	t.Helper()
	out := &bytes.Buffer{}
	dir := filepath.Join(t.TempDir(), "steps")
	r, err := New(out, dir)
	if err != nil {
		t.Fatal(err)
	}
	return r, out, dir
}

func TestAStepPrintsItsNameItsTimeAndItsNote(t *testing.T) {
	r, out, dir := runner(t)
	err := r.Run(t.Context(), Step{Name: "add-ons applied", Do: func(_ context.Context, log io.Writer) (string, error) {
		fmt.Fprintln(log, "in the log")
		return "cached", nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ok", "add-ons applied", " s in all", "(cached)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out.String(), "in the log") {
		t.Errorf("a step that went well shows its log:\n%s", out)
	}
	if log, err := os.ReadFile(filepath.Join(dir, "add-ons-applied.log")); err != nil || string(log) != "in the log\n" {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestAFailedStepShowsTheEndOfItsLog(t *testing.T) {
	r, out, dir := runner(t)
	cause := errors.New("no such package")
	err := r.Run(t.Context(), Step{Name: "programs", Do: func(_ context.Context, log io.Writer) (string, error) {
		for i := range 100 {
			fmt.Fprintf(log, "line %d.\n", i)
		}
		return "", cause
	}})
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), `"programs"`) {
		t.Errorf("error %v does not name the step and its cause", err)
	}
	for _, want := range []string{"FAILED", "programs", "line 99.", "line 75.", filepath.Join(dir, "programs.log")} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out.String(), "line 74.") {
		t.Errorf("the output shows more than the log's end:\n%s", out)
	}
}

func TestAChainEndsAtTheFirstFailure(t *testing.T) {
	r, _, _ := runner(t)
	ran := []string{}
	do := func(name string, err error) Step {
		return Step{Name: name, Do: func(context.Context, io.Writer) (string, error) { ran = append(ran, name); return "", err }}
	}
	if err := r.Chain(t.Context(), do("a", nil), do("b", io.ErrUnexpectedEOF), do("c", nil)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
	if got := strings.Join(ran, ""); got != "ab" {
		t.Errorf("ran %s, want ab", got)
	}
}

func TestAFailureCancelsTheChainsBesideIt(t *testing.T) {
	r, _, _ := runner(t)
	var cancelled atomic.Bool
	err := r.Side(t.Context(),
		func(ctx context.Context) error { <-ctx.Done(); cancelled.Store(true); return ctx.Err() },
		func(context.Context) error { return io.ErrUnexpectedEOF })
	if !errors.Is(err, io.ErrUnexpectedEOF) || !cancelled.Load() {
		t.Errorf("error %v, the other chain cancelled: %v", err, cancelled.Load())
	}
	if err := r.Side(t.Context(), func(context.Context) error { return nil }, func(context.Context) error { return nil }); err != nil {
		t.Errorf("two good chains: %v", err)
	}
}

func TestNoStepStartsAfterAnInterrupt(t *testing.T) {
	r, _, _ := runner(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := r.Run(ctx, Step{Name: "late", Do: func(context.Context, io.Writer) (string, error) {
		t.Error("the step ran")
		return "", nil
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestCommand(t *testing.T) {
	log := &bytes.Buffer{}
	if err := Command(t.Context(), log, "/", []string{"LAB_TEST=yes"}, "sh", "-c", "pwd; echo $LAB_TEST; echo oops >&2"); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); got != "/\nyes\noops\n" {
		t.Errorf("log %q", got)
	}
	err := Command(t.Context(), log, "/", nil, "sh", "-c", "exit 3")
	if err == nil || !strings.Contains(err.Error(), "sh -c exit 3") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("error %v does not tell the command and its end", err)
	}
}

// What mmdebstrap needs: it is asked to end, its children too, and it may clean up.
func TestAnInterruptedCommandMayCleanUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	log := &bytes.Buffer{}
	start := time.Now()
	err := Command(ctx, log, "/", nil, "sh", "-c", `trap "echo cleaned; exit 1" TERM; sleep 60; echo "not interrupted"`)
	if err == nil || !strings.HasSuffix(log.String(), "cleaned\n") {
		t.Errorf("error %v, log %q", err, log)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v: the child was not asked to end", took)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if got := Tail(path, 2); got != "" {
		t.Errorf("of no file: %q", got)
	}
	if err := os.WriteFile(path, []byte("a\nb\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Tail(path, 2); got != "    b\n    c" {
		t.Errorf("got %q", got)
	}
}

func TestLogName(t *testing.T) {
	for name, want := range map[string]string{
		"programs":                       "programs.log",
		"dns, s3, cnpg and barman ready": "dns-s3-cnpg-and-barman-ready.log",
		"a/b":                            "a-b.log",
	} {
		if got := LogName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
