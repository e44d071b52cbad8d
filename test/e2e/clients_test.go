//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// measured is what the lab's clients saw.
type measured struct {
	Started    int `json:"started"`
	Lost       int `json:"lost"`
	Naks       int `json:"naks"`
	Duplicates int `json:"duplicates"`
	Silence    struct {
		Longest time.Duration `json:"longest_ns"`
	} `json:"silence"`
	// Held are the addresses that the clients believe to have at the end; only with -held.
	Held []struct {
		Address string `json:"address"`
		Client  string `json:"client"`
	} `json:"held"`
}

// clients are a run of the lab's.
type clients struct {
	cmd      *exec.Cmd
	out, err bytes.Buffer
}

func startClients(t *testing.T, args ...string) *clients {
	t.Helper()
	c := &clients{cmd: exec.Command(world.lab, append(append([]string{"load"}, args...), "-o", "json")...)}
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.err
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.cmd.ProcessState == nil {
			c.stop()
			_ = c.cmd.Wait() // the test has failed before this
		}
	})
	return c
}

// stop has them end early, with their result.
func (c *clients) stop() { _ = c.cmd.Process.Signal(os.Interrupt) }

// result waits for their end.
func (c *clients) result(t *testing.T) measured {
	t.Helper()
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("load: %v\n%s%s", err, c.out.String(), c.err.String())
	}
	var m measured
	if err := json.Unmarshal(c.out.Bytes(), &m); err != nil {
		t.Fatalf("load: %v\n%s", err, c.out.String())
	}
	return m
}

// underLoad runs clients for a time while something happens, and returns what they saw.
func underLoad(t *testing.T, during func(), args ...string) measured {
	t.Helper()
	c := startClients(t, args...)
	during()
	return c.result(t)
}

// around is for how long clients ask before and after something.
const around = 2 * time.Second

// enough is how many exchanges clients begin at least, at a rate a second, around something that took so many seconds.
func enough(rate, seconds float64) int { return int(0.9 * rate * (seconds + 2*around.Seconds())) }

// aroundLoad runs clients for as long as something takes, and from two seconds before to two seconds after it.
func aroundLoad(t *testing.T, during func(), args ...string) measured {
	t.Helper()
	c := startClients(t, append(args, "-duration", "10m")...)
	time.Sleep(around)
	during()
	time.Sleep(around)
	c.stop()
	return c.result(t)
}
