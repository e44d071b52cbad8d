package cmd

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// counter is a command that counts its looks; some of them fail, and the last
// one is interrupted.
func counter(failing, last int, interrupt func()) func(*Env) *cobra.Command {
	return func(env *Env) *cobra.Command {
		out, w, n := output{env: env}, watch{}, 0
		c := &cobra.Command{Use: "count", RunE: func(c *cobra.Command, _ []string) error {
			f, err := out.format()
			if err != nil {
				return err
			}
			if err := w.validate(); err != nil {
				return err
			}
			w.interval = 1
			return w.run(c.Context(), &out, f, func(context.Context) (any, printer.View, error) {
				n++
				if n == failing {
					return nil, printer.View{}, errors.New("no answer")
				}
				if n == last {
					interrupt()
				}
				return n, printer.View{Page: func() printer.Page {
					var p printer.Page
					p.Text(printer.Text(strconv.Itoa(n)))
					return p
				}}, nil
			})
		}}
		out.bind(c, printer.Choices{})
		w.bind(c)
		return c
	}
}

func TestWatch(t *testing.T) {
	for _, tt := range []struct {
		name    string
		failing int
		args    []string
		want    result
	}{
		{"frames", 0, nil, result{out: "1\n---\n2\n---\n3\n", code: ExitInterrupted}},
		{"a failure is shown and passes", 2, nil, result{out: "1\n---\nerror: no answer\n---\n3\n", code: ExitInterrupted}},
		{"for programs failures go elsewhere", 2, []string{"-o", "json"}, result{out: "1\n3\n", err: "error: no answer\n", code: ExitInterrupted}},
		{"the first failure ends it", 1, nil, result{err: "error: no answer\n", code: ExitFailed}},
		{"too often", 0, []string{"--interval=1ms"}, result{
			err: lines("error: --interval 1ms is too short; 100ms is the least", "hint: kubectl kea count --help"), code: ExitUsage,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			same(t, tt.want, runWith(ctx, counter(tt.failing, 4, interrupt), append([]string{"count", "-w"}, tt.args...)...))
		})
	}
}
