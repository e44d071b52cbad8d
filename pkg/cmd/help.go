package cmd

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// helpPage is the help of a command.
func helpPage(c *cobra.Command, width int) printer.Page {
	var p printer.Page
	text := c.Long
	if text == "" {
		text = c.Short
	}
	verbatim(&p, 0, text)
	p.Heading("Usage:")
	for _, line := range usageLines(c) {
		p.Indented(2, 4, printer.Text(line))
	}
	commands(&p, c)
	section(&p, "Examples:", 0, c.Example)
	section(&p, "Flags:", 0, flagUsages(c.LocalNonPersistentFlags(), width))
	section(&p, "Flags of every command:", 0, flagUsages(c.Root().PersistentFlags(), width))
	section(&p, "Permissions needed:", 2, Permissions(c))
	if c.HasAvailableSubCommands() {
		p.Blank()
		p.Text(printer.Textf(`Use "%s [command] --help" for more about a command.`, c.CommandPath()))
	}
	return p
}

// usageLines say how a command is called.
func usageLines(c *cobra.Command) []string {
	var lines []string
	if c.Runnable() && !OnlyGroups(c) {
		lines = append(lines, c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		lines = append(lines, c.CommandPath()+" [command]")
	}
	return lines
}

// commands lists the subcommands, those of a group together.
func commands(p *printer.Page, c *cobra.Command) {
	list := func(title, group string) {
		t := printer.Table{Indent: 2, Columns: []printer.Column{{}, {}}}
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() && sub.GroupID == group {
				t.Add(printer.Text(sub.Name()), printer.Text(sub.Short))
			}
		}
		if len(t.Rows) > 0 {
			p.Heading(title)
			p.Table(t)
		}
	}
	for _, g := range c.Groups() {
		list(g.Title, g.ID)
	}
	list("Commands:", "")
}

// section adds text as it stands under a title, unless there is none.
func section(p *printer.Page, title string, indent int, text string) {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return
	}
	p.Heading(title)
	verbatim(p, indent, text)
}

func verbatim(p *printer.Page, indent int, text string) {
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\t", "    "), "\n") {
		p.Indented(indent, indent+4, printer.Text(line))
	}
}

// flagUsages lists flags, fitted to the terminal.
func flagUsages(flags *pflag.FlagSet, width int) string {
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" { // whoever reads this has found it
			shown.AddFlag(f)
		}
	})
	return shown.FlagUsagesWrapped(width)
}
