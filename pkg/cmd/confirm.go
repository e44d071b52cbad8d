package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// errDeclined ends a command whose question was answered with no.
var errDeclined = errors.New("nothing was changed: the question was not answered with yes")

// confirm is how a command that changes something asks before it does.
type confirm struct {
	env  *Env
	yes  bool
	name string
}

// bindYes adds --yes, for commands whose question is y/N.
func (q *confirm) bindYes(c *cobra.Command) {
	c.Flags().BoolVarP(&q.yes, "yes", "y", false, "Do it without asking")
}

// bindName adds --confirm, for commands that ask for a name.
func (q *confirm) bindName(c *cobra.Command) {
	c.Flags().StringVar(&q.name, "confirm", "", "Do it without asking: the `NAME` that the question asks for")
}

// bindBoth adds both, for commands that ask for the name only where clients would wait.
func (q *confirm) bindBoth(c *cobra.Command) {
	q.bindYes(c)
	q.bindName(c)
	c.Flag("yes").Usage = "Answer a y/N question with yes; where clients would wait, --confirm is needed instead"
	c.Flag("confirm").Usage = "The deployment's `NAME`, which is asked for where clients would wait"
}

// ask asks a yes-or-no question. Without a terminal and without --yes it refuses.
func (q *confirm) ask(ctx context.Context, question string) error {
	if q.yes {
		return nil
	}
	if !q.env.InTerminal {
		return WithHint(errors.New("nothing was changed: there is no terminal to ask on"), "add --yes, or --dry-run=server to look only")
	}
	answer, err := q.read(ctx, question, "[y/N] ")
	if err != nil {
		return err
	}
	switch strings.ToLower(answer) {
	case "y", "yes":
		return nil
	}
	return errDeclined
}

// askName asks for the name of what is at stake. Without a terminal and without --confirm it refuses.
func (q *confirm) askName(ctx context.Context, question, name string) error {
	if q.name == name {
		return nil
	}
	if q.name != "" {
		return fmt.Errorf("nothing was changed: --confirm says %q, the name is %q", q.name, name)
	}
	if !q.env.InTerminal {
		return WithHint(errors.New("nothing was changed: there is no terminal to ask on"), "add --confirm="+name)
	}
	answer, err := q.read(ctx, question, fmt.Sprintf("Type %s to go on: ", name))
	if err != nil {
		return err
	}
	if answer != name {
		return fmt.Errorf("nothing was changed: the answer was not %q", name)
	}
	return nil
}

// put shows a question and how it is answered: on one line where there is room, else below it.
func (q *confirm) put(question, prompt string) error {
	canvas := q.env.errCanvas()
	if text := printer.Text(question + " " + prompt); canvas.Width == 0 || text.Width() < canvas.Width {
		_, err := fmt.Fprint(q.env.ErrOut, text)
		return err
	}
	var p printer.Page
	p.Text(printer.Text(question))
	if err := p.Write(q.env.ErrOut, canvas); err != nil {
		return err
	}
	_, err := fmt.Fprint(q.env.ErrOut, prompt)
	return err
}

// read asks and reads one line; Ctrl-C ends it.
func (q *confirm) read(ctx context.Context, question, prompt string) (string, error) {
	if err := q.put(question, prompt); err != nil {
		return "", err
	}
	type line struct {
		text string
		err  error
	}
	lines := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(q.env.In).ReadString('\n')
		lines <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(q.env.ErrOut) // what comes next begins on a line of its own
		return "", ctx.Err()
	case l := <-lines:
		if l.err != nil {
			_, _ = fmt.Fprintln(q.env.ErrOut)
		}
		if l.err != nil && !errors.Is(l.err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", l.err)
		}
		return strings.TrimSpace(l.text), nil
	}
}
