// Command bench measures the plugin beside kubectl on one cluster: runs that
// take turns, medians, their spread, and whether the targets are met.
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
	binary := flag.String("binary", "bin/kubectl-kea", "the plugin")
	namespace := flag.String("namespace", "network", "the namespace to ask about")
	rounds := flag.Int("rounds", 15, "how often each command runs")
	strict := flag.Bool("strict", false, "exit with 1 when a target is missed")
	flag.Parse()
	if *rounds < 1 {
		fmt.Fprintln(os.Stderr, "error: -rounds must be at least 1")
		os.Exit(2)
	}
	os.Exit(timing.Run(*strict, func(ctx context.Context) (page printer.Page, met bool, err error) {
		r, err := measure(ctx, *binary, *namespace, *rounds)
		if err != nil {
			return page, false, err
		}
		return r.page(), r.met(), nil
	}))
}
