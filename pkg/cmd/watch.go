package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// watch is the -w of one command.
type watch struct {
	on       bool
	interval time.Duration
}

// bind adds the flags.
func (w *watch) bind(c *cobra.Command) {
	c.Flags().BoolVarP(&w.on, "watch", "w", false, "Show it again and again, until Ctrl-C")
	c.Flags().DurationVar(&w.interval, "interval", 2*time.Second, "With --watch, how long to wait between two looks")
}

// validate checks the flags.
func (w *watch) validate() error {
	if w.interval < 100*time.Millisecond {
		return usagef("--interval %s is too short; 100ms is the least", w.interval)
	}
	return nil
}

// gather is one look: the value to show and its view.
type gather func(ctx context.Context) (value any, view printer.View, err error)

// run looks and shows until the context ends. Formats for people are redrawn in
// place, the others follow each other. Once a look has succeeded, a failure is
// shown in place of the answer and the watch goes on.
func (w *watch) run(ctx context.Context, o *output, f printer.Format, look gather) (err error) {
	screen := printer.NewScreen(o.env.Out, o.env.OutSize)
	defer func() {
		if closed := screen.Close(); err == nil {
			err = closed
		}
	}()
	for first := true; ; first = false {
		value, view, err := look(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && first:
			return err
		case err != nil && f.Human():
			err = screen.Draw(errorPage(err).Lines(o.canvas()))
		case err != nil:
			err = errorPage(err).Write(o.env.ErrOut, o.env.errCanvas())
		case f.Human():
			canvas := o.canvas()
			canvas.Wide = f.Wide()
			err = screen.Draw(view.Page().Lines(canvas))
		default:
			err = o.write(f, value, view)
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(w.interval):
		}
	}
}
