package cmd

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// Env is the world as one run of the tool sees it: streams, terminals, the
// environment, the clock, and clients that are made on first use. Tests build
// their own.
type Env struct {
	genericiooptions.IOStreams
	Version string // of this build, as in v0.1.0
	Getenv  func(string) string
	Now     func() time.Time

	// OutSize and ErrSize tell the size of the terminal behind Out and ErrOut.
	// They are nil where there is none.
	OutSize, ErrSize func() printer.Size
	// InTerminal reports whether somebody can answer a question.
	InTerminal bool

	// Kube is the cluster that the flags choose, prepared on first use, so that
	// help and version need none. NewRoot fills it in when it is nil.
	Kube func() (*kube.Client, error)

	// What the global flags say, for all commands.
	color   printer.ColorMode
	verbose int
	timeout time.Duration
	// reached is set when the command line was right and a command began.
	reached bool
	tracing *sync.Mutex // one line of -v at a time
}

// canvas is what pages on Out are drawn on.
func (e *Env) canvas() printer.Canvas { return e.canvasOf(e.OutSize) }

// errCanvas is what messages on ErrOut are drawn on.
func (e *Env) errCanvas() printer.Canvas { return e.canvasOf(e.ErrSize) }

func (e *Env) canvasOf(size func() printer.Size) printer.Canvas {
	c := printer.Canvas{ASCII: printer.ASCIIOnly(e.Getenv)}
	if printer.Color(e.color, size != nil, e.Getenv) {
		c.Theme = printer.NewTheme()
	}
	if size != nil {
		c.Width = size().Width
	}
	return c
}

// deadline bounds a command by --timeout, or by its own limit where the flag
// was not given. A limit of zero is none.
func (e *Env) deadline(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if e.timeout > 0 {
		limit = e.timeout
	}
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, &timeUpError{limit})
}

// timeUpError says which time is up. It is context.DeadlineExceeded for those who ask.
type timeUpError struct{ limit time.Duration }

// Error implements error.
func (e *timeUpError) Error() string {
	return fmt.Sprintf("it took longer than %s; --timeout gives it more time", e.limit)
}

// Is makes it what it stands for.
func (e *timeUpError) Is(target error) bool { return target == context.DeadlineExceeded }
