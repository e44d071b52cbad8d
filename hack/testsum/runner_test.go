//go:build unix

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestChecks(t *testing.T) {
	var b strings.Builder
	sum := suite{name: "good", command: []string{"sh", "-c", "echo quiet"}}.run(t.Context(), &b)
	sum.add(suite{name: "bad", command: []string{"sh", "-c", "echo loud; exit 3"}}.run(t.Context(), &b))
	if diff := cmp.Diff(tally{passed: 1, failed: 1, blame: []string{"failed: bad: loud"}}, sum, cmp.AllowUnexported(tally{})); diff != "" {
		t.Errorf("tally (-want +got):\n%s", diff)
	}
	if text := b.String(); strings.Contains(text, "quiet") || !strings.Contains(text, "      loud\n") {
		t.Errorf("output of a check that passes is shown, or of one that fails is not:\n%s", text)
	}
}

func TestACommandThatFailsWithoutATestFails(t *testing.T) {
	var b strings.Builder
	if got := (suite{name: "x", json: true, command: []string{"sh", "-c", "exit 1"}}).run(t.Context(), &b); got.failed != 1 || len(got.blame) != 1 {
		t.Errorf("tally %+v, want one failure", got)
	}
}

// An interrupted suite gets to clean up, also when it was started by a shell.
func TestAnInterruptReachesTheSuite(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, interrupt)
	const script = `sh -c 'trap "echo cleaned up; exit 1" INT; echo begin; while :; do sleep 0.05; done'; exit 1`
	var b strings.Builder
	start := time.Now()
	sum := suite{name: "long", command: []string{"sh", "-c", script}}.run(ctx, &b)
	if sum.failed != 1 || !strings.Contains(b.String(), "cleaned up") || time.Since(start) > 30*time.Second {
		t.Errorf("after %s, tally %+v:\n%s", time.Since(start), sum, b.String())
	}
}
