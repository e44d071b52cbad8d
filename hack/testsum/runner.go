package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// patience is how long an interrupted suite may clean up behind itself: a lab
// that it raised has to come down.
const patience = 5 * time.Minute

// run runs a suite. On an interrupt the suite is told, and waited for.
func (s suite) run(ctx context.Context, w io.Writer) tally {
	c := exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	c.WaitDelay = patience
	tellGroup(c)
	if s.json {
		return s.runTests(c, w)
	}
	return s.runCheck(c, w)
}

func (s suite) runTests(c *exec.Cmd, w io.Writer) tally {
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return s.failed(w, err, tally{})
	}
	sum, err := read(out, w, s.verbose)
	if waited := c.Wait(); err == nil {
		err = waited
	}
	if err != nil && sum.failed == 0 {
		return s.failed(w, err, sum)
	}
	return sum
}

// failed counts the suite itself as one failure more.
func (s suite) failed(w io.Writer, err error, sum tally) tally {
	fmt.Fprintf(w, "FAIL  %s: %v\n", s.name, err)
	sum.add(tally{failed: 1, blame: []string{fmt.Sprintf("failed: %s: %v", s.name, err)}})
	return sum
}

func (s suite) runCheck(c *exec.Cmd, w io.Writer) tally {
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	start := time.Now()
	err := c.Run()
	took := time.Since(start).Seconds()
	if err != nil {
		fmt.Fprintf(w, "FAIL  %s: %v (%.1fs)\n%s", s.name, err, took, indent([]string{out.String()}))
		return tally{failed: 1, blame: []string{"failed: " + s.name + ": " + said(strings.SplitAfter(out.String(), "\n"))}}
	}
	fmt.Fprintf(w, "ok    %s (%.1fs)\n", s.name, took)
	return tally{passed: 1}
}
