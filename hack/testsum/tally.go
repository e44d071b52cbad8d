package main

import "fmt"

// tally counts tests.
type tally struct {
	passed, failed, skipped int
	// blame is a line for each failure: which test it was and what it said first. At the end of an hour's output nobody finds
	// them otherwise, and what a run leaves to read is often its end alone.
	blame []string
}

func (t *tally) add(o tally) {
	t.passed += o.passed
	t.failed += o.failed
	t.skipped += o.skipped
	t.blame = append(t.blame, o.blame...)
}

// String is the last line of make test.
func (t tally) String() string {
	s := fmt.Sprintf("%d passed, %d failed", t.passed, t.failed)
	if t.skipped > 0 {
		s += fmt.Sprintf(", %d skipped", t.skipped)
	}
	return s
}
