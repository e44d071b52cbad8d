// Command bench-leases fills the lab's large scenario with leases and measures what is asked of `kubectl kea leases`: runs
// that take turns, medians, spread, memory, and whether the targets are met.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
)

func main() {
	o := options{}
	flag.StringVar(&o.binary, "binary", "bin/kubectl-kea", "the plugin")
	flag.StringVar(&o.namespace, "namespace", "large", "the namespace of the scenario")
	flag.IntVar(&o.leases, "leases", 1_000_000, "how many leases there are to be")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each command runs")
	strict := flag.Bool("strict", false, "exit with 1 when a target is missed")
	flag.Parse()
	if o.rounds < 1 || o.leases < 1000 {
		fmt.Fprintln(os.Stderr, "error: -rounds must be at least 1, and -leases at least 1000")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	if code := timing.Show(r.page(), !*strict || r.met()); code != 0 {
		os.Exit(code)
	}
}
