// Command bench-history measures what a history of leases costs DHCP clients: exchanges of new clients at half of the rate
// that the servers take without a loss, with the history on and off in turns. It deletes the leases of the scenario.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

func main() {
	o := options{}
	flag.StringVar(&o.binary, "binary", "bin/kubectl-kea", "the plugin")
	flag.StringVar(&o.lab, "lab", "bin/lab", "the lab's driver")
	flag.StringVar(&o.scenario, "scenario", "load-balancing", "the scenario that is asked for leases")
	flag.StringVar(&o.namespace, "namespace", "campus", "its namespace")
	flag.StringVar(&o.cluster, "cluster", "campus-db", "its database cluster")
	flag.IntVar(&o.rounds, "rounds", 5, "how many pairs are measured")
	flag.DurationVar(&o.duration, "duration", 10*time.Second, "how long each run lasts")
	flag.Float64Var(&o.most, "most", 320, "the highest rate that is tried, exchanges a second")
	flag.Float64Var(&o.rate, "rate", 0, "exchanges a second, instead of half of what is lossless")
	strict := flag.Bool("strict", false, "exit with 1 when a target is missed")
	flag.Parse()
	if o.rounds < 1 || o.duration < time.Second || o.most < 10 {
		fmt.Fprintln(os.Stderr, "error: -rounds must be at least 1, -duration 1s, -most 10")
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
