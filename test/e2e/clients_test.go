//go:build e2e

package e2e

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/clients"
)

// startClients has the lab's clients ask; they end with the test at the latest.
func startClients(t *testing.T, args ...string) *clients.Run {
	t.Helper()
	cmd := clients.Command(context.Background(), world.lab, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	r, err := clients.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !r.Over() {
			r.Stop()
			_, _ = r.Wait() // the test has failed before this
		}
	})
	return r
}

// seen waits for the clients' end.
func seen(t *testing.T, r *clients.Run) clients.Seen {
	t.Helper()
	s, err := r.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// underLoad runs clients for a time while something happens, and returns what they saw.
func underLoad(t *testing.T, during func(), args ...string) clients.Seen {
	t.Helper()
	r := startClients(t, args...)
	during()
	return seen(t, r)
}

// around is for how long clients ask before and after something.
const around = 2 * time.Second

// enough is how many exchanges clients begin at least, at a rate a second, around something that took so many seconds.
func enough(rate, seconds float64) int { return int(0.9 * rate * (seconds + 2*around.Seconds())) }

// aroundLoad runs clients for as long as something takes, and from two seconds before to two seconds after it.
func aroundLoad(t *testing.T, during func(), args ...string) clients.Seen {
	t.Helper()
	r := startClients(t, append(args, "-duration", clients.Longest)...)
	s, err := r.Around(around, around, func() error {
		during()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
