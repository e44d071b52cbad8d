// Command bench-restore measures what a restore adds to a recovery cluster that somebody writes by hand, and what a cutover
// costs DHCP clients: with 100,000 leases, a fifth of them newer than the restore's target, and clients at half of the rate
// that the servers take without a loss. It replaces the leases of the scenario.
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
	flag.StringVar(&o.scenario, "scenario", "recovery", "the scenario")
	flag.StringVar(&o.namespace, "namespace", "recovery", "its namespace")
	flag.StringVar(&o.cluster, "cluster", "kea-database", "its database cluster, in service")
	flag.IntVar(&o.leases, "leases", 100_000, "leases in the database")
	flag.IntVar(&o.newer, "newer", 20_000, "of them granted or renewed after the target, half and half")
	flag.IntVar(&o.overhead, "overhead", 5, "pairs of recoveries, by hand and by restore; 0 for none")
	flag.IntVar(&o.cutovers, "cutovers", 5, "cutovers that are measured; 0 for none")
	flag.BoolVar(&o.none, "none", true, "also a cutover that carries no leases, to see the danger")
	flag.DurationVar(&o.duration, "duration", 20*time.Second, "how long clients ask during each cutover")
	flag.Float64Var(&o.most, "most", 320, "the highest rate that is tried, exchanges a second")
	flag.Float64Var(&o.rate, "rate", 0, "exchanges a second, instead of half of what is lossless")
	strict := flag.Bool("strict", false, "exit with 1 when a target is missed")
	flag.Parse()
	if o.newer > o.leases || o.leases > 250_000 || o.overhead < 0 || o.cutovers < 0 {
		fmt.Fprintln(os.Stderr, "error: -newer is at most -leases, and that 250000, which the pool holds")
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
