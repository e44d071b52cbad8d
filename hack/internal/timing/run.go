package timing

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// Run measures until it is done or interrupted, prints what was measured, and returns the program's exit code: with strict, 1
// also when a target is missed.
func Run(strict bool, measure func(context.Context) (p printer.Page, met bool, err error)) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p, met, err := measure(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return Show(p, !strict || met)
}
