package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-kea/kubectl-kea/pkg/cmd"
)

// pageOf is the file name of a command's page.
func pageOf(c *cobra.Command) string {
	return strings.ReplaceAll(c.CommandPath(), " ", "_") + ".md"
}

// index is the reference's first page.
func index(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Commands\n\nWritten by `make docs` from the commands themselves.\n\n| command | what it does |\n| --- | --- |\n")
	for _, c := range visible(root)[1:] {
		fmt.Fprintf(&b, "| [%s](%s) | %s |\n", c.CommandPath(), pageOf(c), cell(c.Short))
	}
	return b.String()
}

// usage is the README's table: the commands of the first level, in the order of
// the help's groups.
func usage(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("| command | what it does |\n| --- | --- |\n")
	for _, group := range root.Groups() {
		for _, c := range root.Commands() {
			if c.GroupID == group.ID && c.IsAvailableCommand() {
				fmt.Fprintf(&b, "| [%s](%s/%s) | %s |\n", c.CommandPath(), reference, pageOf(c), cell(c.Short))
			}
		}
	}
	return b.String()
}

// cell makes text fit into a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// page is one command's page.
func page(c *cobra.Command) string {
	var b strings.Builder
	text := c.Long
	if text == "" {
		text = c.Short
	}
	fmt.Fprintf(&b, "# %s\n\n%s\n", c.CommandPath(), strings.TrimSpace(text))
	block := func(title, text string) {
		if text = strings.TrimRight(text, "\n"); text != "" {
			fmt.Fprintf(&b, "\n## %s\n\n```text\n%s\n```\n", title, text)
		}
	}
	if c.Runnable() && !cmd.OnlyGroups(c) {
		block("Usage", c.UseLine())
	}
	var subs []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			subs = append(subs, fmt.Sprintf("- [%s](%s): %s", sub.CommandPath(), pageOf(sub), sub.Short))
		}
	}
	if len(subs) > 0 {
		fmt.Fprintf(&b, "\n## Commands\n\n%s\n", strings.Join(subs, "\n"))
	}
	block("Examples", c.Example)
	block("Flags", flagsOf(c))
	if c.Parent() == nil {
		block("Flags of every command", c.PersistentFlags().FlagUsages())
	}
	block("Permissions needed", cmd.Permissions(c))
	return b.String()
}

// flagsOf are a command's own flags but --help.
func flagsOf(c *cobra.Command) string {
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			own.AddFlag(f)
		}
	})
	return own.FlagUsages()
}
