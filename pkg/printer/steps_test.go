package printer

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock is a time that passes when told to.
type clock struct{ now time.Time }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

// play goes through all that can happen to steps.
func play(s *Steps, c *clock) {
	s.Start("create the recovery cluster")
	c.pass(2 * time.Second)
	s.Note("1 of 3 instances ready")
	s.Note("1 of 3 instances ready")
	s.Tick()
	c.pass(63 * time.Second)
	s.Done("3 of 3 instances ready")
	s.Start("verify the schema")
	s.Skip("already verified")
	s.Print(Warn.Text("archive is 4m behind"))
	s.Start("switch the Service")
	s.Start("carry 12 leases forward")
	c.pass(time.Second)
	s.Fail("kea-database-1 went away\x1b[2J")
	s.Start("roll back")
	s.Close()
}

func TestStepsInAPipe(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	var b strings.Builder
	play(NewSteps(&b, StepsOptions{Now: func() time.Time { return c.now }}), c)
	want := `create the recovery cluster ...
create the recovery cluster: 1 of 3 instances ready (2s)
✓ create the recovery cluster: 3 of 3 instances ready (65s)
verify the schema ...
· verify the schema: already verified
archive is 4m behind
switch the Service ...
✓ switch the Service
carry 12 leases forward ...
✗ carry 12 leases forward: kea-database-1 went away\x1b[2J (1s)
roll back ...
· roll back: interrupted
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func TestStepsOnATerminal(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	var b strings.Builder
	// Not made by NewSteps, so that no ticker of its own draws between.
	s := &Steps{w: &b, opts: StepsOptions{
		Canvas: Canvas{ASCII: true}, Live: true, Width: func() int { return 36 }, Now: func() time.Time { return c.now },
	}}
	play(s, c)
	want := []string{
		"", "| create the recovery cluster ", "| create the recovery cluster: 1 o~", "/ create the recovery cluster: 1 o~",
		"+ create the recovery cluster: 3 of\n", "  3 instances ready (65s)\n",
		"/ verify the schema ", ". verify the schema: already\n", "  verified\n",
		"archive is 4m behind\n",
		"/ switch the Service ", "+ switch the Service\n",
		"/ carry 12 leases forward ", "x carry 12 leases forward:\n", `  kea-database-1 went away\x1b[2J` + "\n", "  (1s)\n",
		"/ roll back ", ". roll back: interrupted\n",
	}
	got := strings.Split(strings.ReplaceAll(b.String(), eraseLine, ""), "\r")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func TestStepsTickByThemselvesUntilClosed(t *testing.T) {
	var w syncWriter
	s := NewSteps(&w, StepsOptions{Live: true, Now: time.Now})
	s.Start("wait")
	for deadline := time.Now().Add(10 * time.Second); w.count() < 3; {
		if time.Now().After(deadline) {
			t.Fatal("the running step was not redrawn")
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.Close()
	n := w.count()
	s.Close()
	if w.count() != n {
		t.Error("a closed Steps still wrote")
	}
}
