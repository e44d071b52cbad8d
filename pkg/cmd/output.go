package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// output is the -o of one command, and where it prints tables --no-headers.
type output struct {
	env       *Env
	choices   printer.Choices
	spec      string
	noHeaders bool
}

// bind adds -o. The choices are the formats beside those that every command
// has.
func (o *output) bind(c *cobra.Command, choices printer.Choices) {
	choices.Dialects = dialects(o.env.OutSize != nil)
	o.choices = choices
	var short []string
	for _, n := range choices.Names() {
		if !strings.Contains(n, "-file") {
			short = append(short, n)
		}
	}
	c.Flags().StringVarP(&o.spec, "output", "o", "", "Output format: "+strings.Join(short, ", "))
	complete(c, "output", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []cobra.Completion
		for _, n := range choices.Names() {
			names = append(names, strings.TrimSuffix(n, "…"))
		}
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
}

// bindHeaders adds --no-headers.
func (o *output) bindHeaders(c *cobra.Command) {
	c.Flags().BoolVar(&o.noHeaders, "no-headers", false, "Leave out the headers of tables")
}

// format parses the flag.
func (o *output) format() (printer.Format, error) {
	f, err := printer.ParseFormat(o.spec, o.choices)
	if err != nil {
		return f, &UsageError{err}
	}
	return f, nil
}

// write writes a value to Out.
func (o *output) write(f printer.Format, value any, view printer.View) error {
	return f.Write(o.env.Out, value, view, o.canvas())
}

func (o *output) canvas() printer.Canvas {
	canvas := o.env.canvas()
	canvas.NoHeaders = o.noHeaders
	return canvas
}

// manifest is the format of a manifest: YAML for people.
func (o *output) manifest(f printer.Format) (printer.Format, error) {
	if !f.Human() {
		return f, nil
	}
	return printer.ParseFormat("yaml", o.choices)
}
