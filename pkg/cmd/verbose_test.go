package cmd

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// calls is a command that makes one call of each kind, if anybody observes.
func calls(env *Env) *cobra.Command {
	return &cobra.Command{Use: "calls", RunE: func(*cobra.Command, []string) error {
		observed := env.observeKube()
		if observed == nil {
			return nil
		}
		took := 12345 * time.Microsecond
		observed(kube.Call{Verb: "GET", What: "/api/v1/pods", Code: 200, Duration: took})
		observed(kube.Call{Verb: "dial", What: "network/kea-dhcp-0:8000", Err: errors.New("refused\x1b[2J"), Duration: took})
		env.observeKea()(kea.Call{Command: "ha-heartbeat", Service: kea.DHCP4, Endpoint: "http://kea-dhcp-0:8000/", Attempts: 2, Bytes: 2048, Duration: took})
		env.observeSQL()(keadb.Call{Name: "lease counts", Target: "kea@db:5432/kea", Duration: took})
		return nil
	}}
}

func TestVerbose(t *testing.T) {
	same(t, result{err: lines(
		"kubernetes GET /api/v1/pods 200 in 12.3ms",
		`kubernetes dial network/kea-dhcp-0:8000 refused\x1b[2J in 12.3ms`,
		"kea ha-heartbeat dhcp4 http://kea-dhcp-0:8000/ 2.0 KiB, tried 2 times in 12.3ms",
		"sql lease counts kea@db:5432/kea in 12.3ms",
	)}, runWith(t.Context(), calls, "calls", "-v"))
	same(t, result{}, runWith(t.Context(), calls, "calls"))
}

func TestCallsAreObservedFromManyGoroutines(t *testing.T) {
	many := func(env *Env) *cobra.Command {
		return &cobra.Command{Use: "many", RunE: func(*cobra.Command, []string) error {
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() { env.observeSQL()(keadb.Call{Name: "health", Target: "db"}) })
			}
			all.Wait()
			return nil
		}}
	}
	if got := runWith(t.Context(), many, "many", "-v"); len(got.err) != 20*len("sql health db in 0s\n") {
		t.Errorf("torn lines: %q", got.err)
	}
}
