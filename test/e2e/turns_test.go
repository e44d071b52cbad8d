//go:build e2e

package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// Tests that claim namespaces run side by side, those of one namespace one after the other in the order of the source. Tests
// that claim nothing run before all of these, alone: they look at the whole lab, break what all of it shares, or judge what
// clients notice, which a busy machine spoils.

// places are how many tests run at once on two cores: much of their time is waiting.
const places = 2

// seconds is about how long a test takes.
func seconds(test string) int {
	known := map[string]int{
		"TestBackupCreate": 45, "TestBackupVerify": 150, "TestBackupVerifyFails": 60, "TestConfig": 65, "TestCredentialsInConfigurationKilled": 100, "TestCredentialsOfAManagedRole": 60,
		"TestCredentialsRotateKilled": 95, "TestCredentialsRotateWithoutTheAPIServer": 40, "TestDatabasePackages": 230, "TestHistoryOfRealClients": 60,
		"TestInstallInterrupted": 110, "TestInstallKeepsHistory": 60, "TestLeasesAtATime": 30, "TestLeasesWithoutDatabase": 35, "TestPostgreSQLPrimaryDeleted": 50,
		"TestProbeOfASmallStack": 110, "TestRestoreChain": 350, "TestRestoreDeadSource": 140, "TestRestoreInTree": 130, "TestRestorePrepare": 40,
		"TestRolloutBesideADeadPartner": 60, "TestRolloutIsKilled": 90, "TestRolloutIsTakenBack": 60, "TestRolloutUnderLoad": 60,
	}
	if n, ok := known[test]; ok {
		return n
	}
	return 10
}

// turns gives the tests their turns.
type turns struct {
	mu    sync.Mutex
	queue []*turn // in the order of the source, without those that are over
}

// turn is one test's.
type turn struct {
	namespaces []string
	seconds    int
	on         bool
	begin      chan struct{}
}

// claims lets a test run beside those of other namespaces. It is a test's first call.
func claims(t *testing.T, namespaces ...string) {
	t.Helper()
	world.turns.take(t, &turn{namespaces: namespaces, seconds: seconds(t.Name()), begin: make(chan struct{})})
}

func (ts *turns) take(t *testing.T, own *turn) {
	t.Helper()
	ts.mu.Lock()
	ts.queue = append(ts.queue, own)
	ts.mu.Unlock()
	t.Parallel() // goes on when all others have queued up and those that run alone are over
	t.Cleanup(func() { ts.end(own) })
	since := time.Now()
	ts.next()
	<-own.begin
	t.Cleanup(func() {
		if t.Failed() {
			goOn(t, own.namespaces)
		}
	})
	t.Logf("waited %.1f s for its turn", time.Since(since).Seconds())
}

// goOn goes on with what a failed test left unfinished, so that it does not stand against all that comes after.
func goOn(t *testing.T, namespaces []string) {
	t.Helper()
	for _, n := range namespaces {
		var r status.Report
		if json.Unmarshal([]byte(plugin(t, "status", "-n", n, "-o", "json").out), &r) != nil {
			continue // nothing is known of this one; whoever comes next says so
		}
		for _, o := range r.Operations {
			args := strings.Fields(strings.TrimPrefix(o.Continue, "kubectl kea "))
			switch {
			case len(args) == 0:
				t.Logf("it left %s unfinished at %q, and nothing goes on with it", o.Kind, o.Step)
				continue
			case len(args) > 2 && args[0] == "restore" && (args[1] == string(restore.Cutover) || args[1] == string(restore.Rollback)):
				args = append(args, "--confirm="+args[2]) // these ask for the cluster's name
			default:
				args = append(args, "--yes")
			}
			again := plugin(t, args...)
			t.Logf("it left %s unfinished at %q; %s: exit %d\n%s%s", o.Kind, o.Step, o.Continue, again.code, again.out, again.err)
		}
	}
}

func (ts *turns) end(own *turn) {
	ts.mu.Lock()
	ts.queue = slices.DeleteFunc(ts.queue, func(other *turn) bool { return other == own })
	ts.mu.Unlock()
	ts.next()
}

// next begins what can begin: of the first of each namespace those with the most work behind them, for they would be the last.
func (ts *turns) next() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	free := places
	ready, ahead := []*turn{}, map[string]bool{}
	for _, other := range ts.queue {
		first := !slices.ContainsFunc(other.namespaces, func(n string) bool { return ahead[n] })
		for _, n := range other.namespaces {
			ahead[n] = true
		}
		switch {
		case other.on:
			free--
		case first:
			ready = append(ready, other)
		}
	}
	slices.SortStableFunc(ready, func(a, b *turn) int { return ts.behind(b) - ts.behind(a) })
	for _, one := range ready {
		if free > 0 {
			free--
			one.on = true
			close(one.begin)
		}
	}
}

// behind is how many seconds of turns wait for a namespace of this one, its own with them.
func (ts *turns) behind(one *turn) int {
	sum := 0
	for _, other := range ts.queue {
		if slices.ContainsFunc(other.namespaces, func(n string) bool { return slices.Contains(one.namespaces, n) }) {
			sum += other.seconds
		}
	}
	return sum
}
