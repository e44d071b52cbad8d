// Command testsum is `make test`: it runs every suite of the project, shows what
// fails and what is skipped, and ends with one line that counts the tests.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx))
}

// run runs the suites one after the other, also after one that failed, and
// returns the exit code.
func run(ctx context.Context) int {
	var sum tally
	var notes []string
	for _, s := range suites(host()) {
		if ctx.Err() != nil {
			break
		}
		if s.skip != "" {
			notes = append(notes, fmt.Sprintf("%s did not run: %s", s.name, s.skip))
			if s.required {
				sum.failed++
			}
			continue
		}
		fmt.Printf("\n== %s\n", s.name)
		sum.add(s.run(ctx, os.Stdout))
	}
	if ctx.Err() != nil {
		notes = append(notes, "interrupted: not everything ran")
		sum.failed++
	}
	fmt.Println()
	for _, n := range append(sum.blame, notes...) {
		fmt.Println(n)
	}
	fmt.Println(sum)
	if sum.failed > 0 {
		return 1
	}
	return 0
}
