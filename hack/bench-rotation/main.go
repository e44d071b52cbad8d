// Command bench-rotation measures what DHCP clients notice of a rotation of the database's password, of a change of Kea's
// configuration, and of a server that is taken out of service and back: with clients at half of the rate that the servers take
// without a loss, of several kinds. It changes the scenarios' passwords.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

func main() {
	o := options{}
	flag.StringVar(&o.binary, "binary", "bin/kubectl-kea", "the plugin")
	flag.StringVar(&o.lab, "lab", "bin/lab", "the lab's driver")
	scenarios := flag.String("scenarios", "hot-standby,load-balancing", "the scenarios; one that is not raised is passed over")
	only := flag.String("clients", strings.Join(mixNames(), ","), "the kinds of clients")
	flag.IntVar(&o.rounds, "rounds", 5, "rotations, and maintenances, with each kind of clients")
	flag.Float64Var(&o.most, "most", 640, "the highest rate that is tried, exchanges a second")
	flag.Float64Var(&o.rate, "rate", 0, "exchanges a second, instead of half of what is lossless")
	strict := flag.Bool("strict", false, "exit with 1 when a target is missed")
	flag.Parse()
	for _, name := range strings.Split(*scenarios, ",") {
		i := slices.IndexFunc(known(), func(s scenario) bool { return s.name == name })
		if i < 0 {
			usage("no scenario %q", name)
		}
		o.scenarios = append(o.scenarios, known()[i])
	}
	for _, name := range strings.Split(*only, ",") {
		i := slices.Index(mixNames(), name)
		if i < 0 {
			usage("no clients %q, there are: %s", name, strings.Join(mixNames(), ", "))
		}
		o.mixes = append(o.mixes, mixes()[i])
	}
	if o.rounds < 1 {
		usage("-rounds is at least 1")
	}
	os.Exit(timing.Run(*strict, func(ctx context.Context) (page printer.Page, met bool, err error) {
		r, err := run(ctx, o)
		if err != nil {
			return page, false, err
		}
		return r.page(), r.met(), nil
	}))
}

func usage(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "error: "+format+"\n", args...)
	os.Exit(2)
}
