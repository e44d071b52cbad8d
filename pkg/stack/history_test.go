package stack

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// TestHistoryIsPlanned: a history is made at the end of the install of a stack that asks for one, and of no other. Where the
// database cannot be looked at, that is said.
func TestHistoryIsPlanned(t *testing.T) {
	asking := strings.Replace(office, "spec:\n", "spec:\n  database: {auditEnabled: true, auditRetention: 7d}\n", 1)
	src := newCluster(t).source()
	if got := src.planHistory(t.Context(), load(t, office), true); got != nil {
		t.Errorf("got %+v", got)
	}
	s := load(t, asking)
	if got := retention(s); got != 7*24*time.Hour {
		t.Errorf("events are kept for %s", got)
	}
	for exists, note := range map[bool]string{false: "of leases, in the database", true: "of leases, when the database answers"} {
		got := src.planHistory(t.Context(), s, exists)
		if got == nil || got.Action != Create || got.Kind != "history" || got.Name != "kea" || got.Note != note {
			t.Errorf("got %+v", got)
		}
	}
	last := func(text string, wait bool) operation.Step {
		r := &run{Source: src, s: load(t, text)}
		steps := r.steps(wait)
		return steps[len(steps)-1]
	}
	for _, tt := range []struct {
		text string
		wait bool
		want bool
	}{{asking, true, true}, {asking, false, false}, {office, true, false}} {
		if got := last(tt.text, tt.wait).Name == "history of leases"; got != tt.want {
			t.Errorf("waiting %v: a step for the history: %v", tt.wait, got)
		}
	}
}
