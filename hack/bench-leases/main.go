// Command bench-leases fills the lab's large scenario with leases and measures what is asked of `kubectl kea leases`: runs
// that take turns, medians, spread, memory, and whether the targets are met.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
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
	os.Exit(timing.Run(*strict, func(ctx context.Context) (page printer.Page, met bool, err error) {
		r, err := run(ctx, o)
		if err != nil {
			return page, false, err
		}
		return r.page(), r.met(), nil
	}))
}
