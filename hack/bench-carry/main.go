// Command bench-carry measures what it takes to carry leases forward from one database to another, as Kea's own role and
// through the API server: with service running, and in the pause of service. It makes two databases beside Kea's, and drops
// them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

func main() {
	o := options{}
	flag.StringVar(&o.namespace, "namespace", "network", "the namespace of the scenario")
	flag.StringVar(&o.cluster, "cluster", "kea-database", "its database cluster")
	flag.IntVar(&o.rounds, "rounds", 5, "how often everything is carried")
	flag.BoolVar(&o.history, "history", true, "keep a history of leases meanwhile")
	tables := flag.String("tables", "11000/2000,100000/20000,1000000/20000", "the tables: leases, and how many of them are newer than the restore")
	strict := flag.Bool("strict", false, "exit with 1 when a target is missed")
	flag.Parse()
	var err error
	if o.tables, err = parse(*tables); err != nil || o.rounds < 1 {
		fmt.Fprintln(os.Stderr, "error: -rounds must be at least 1, and -tables like 1000/100,2000/100")
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

// parse reads the tables.
func parse(text string) ([]table, error) {
	var all []table
	for part := range strings.SplitSeq(text, ",") {
		leases, newer, _ := strings.Cut(part, "/")
		n, err := strconv.Atoi(leases)
		if err != nil {
			return nil, err
		}
		m, err := strconv.Atoi(newer)
		if err != nil {
			return nil, err
		}
		if m < 2 || n < 2*m {
			return nil, strconv.ErrRange
		}
		all = append(all, table{leases: n, newer: m})
	}
	return all, nil
}
