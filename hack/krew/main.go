// Command krew writes plugins/krew.yaml from the archives of make dist, and
// checks both with krew's own tools.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/release"
)

// committed is where the manifest lives. krew wants the file of a plugin to be
// called after it, so a copy named kea.yaml is what gets checked.
const committed = "plugins/krew.yaml"

func main() {
	version := flag.String("version", release.Version, "the version of the archives")
	dist := flag.String("dist", "dist", "the folder that holds them")
	tools := flag.String("tools", "", "the folder that holds krew and validate-krew-manifest; needed by check")
	exact := flag.Bool("exact", false, "check: the committed checksums must be those of the archives, as in a release")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: krew [flags] write|check")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch flag.Arg(0) {
	case "write":
		err = write(*version, *dist)
	case "check":
		if err = check(ctx, *version, *dist, *tools, *exact); err == nil {
			fmt.Println("krew takes the manifest, and installed the archive of every platform")
		}
	default:
		flag.Usage()
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func write(version, dist string) error {
	manifest, err := render(version, dist, release.Downloads+"/"+version)
	if err != nil {
		return err
	}
	return os.WriteFile(committed, manifest, 0o644)
}
