package cmd

import (
	"fmt"

	"github.com/spf13/cobra"
)

// arrange gives the whole tree the same manners: a command that only has
// subcommands does not take a wrong one for a question about its help, the help
// is grouped, and it is known whether a command was reached or the command line
// was wrong before.
func arrange(root *cobra.Command, env *Env) {
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		canvas := env.canvas()
		_ = helpPage(c, canvas.Width).Write(env.Out, canvas)
	})
	root.SetHelpCommand(newHelpCmd())
	for _, g := range []*cobra.Group{
		{ID: groupLook, Title: "See what is there:"},
		{ID: groupSafe, Title: "Keep its data safe:"},
		{ID: groupSetUp, Title: "Set it up:"},
		{ID: groupOther, Title: "Other:"},
	} {
		for _, c := range root.Commands() {
			if c.GroupID == g.ID && !root.ContainsGroup(g.ID) {
				root.AddGroup(g)
			}
		}
	}
	walk(root, func(c *cobra.Command) {
		if c.HasSubCommands() && !c.Runnable() {
			c.SuggestionsMinimumDistance = 2
			annotate(c, grouping, "true")
			c.Args = noSuchCommand
			c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		}
		if run := c.RunE; run != nil {
			c.RunE = env.reach(run)
		}
	})
}

// reach notes that a command line led to a command.
func (e *Env) reach(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		e.reached = true
		return run(c, args)
	}
}

// walk visits a command and all below it.
func walk(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		walk(sub, visit)
	}
}

// noSuchCommand refuses arguments of a command that only has subcommands.
func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q for %q", args[0], c.CommandPath())
	if like := c.SuggestionsFor(args[0]); len(like) > 0 {
		return WithHint(err, c.CommandPath()+" "+like[0])
	}
	return err
}

// noArguments is for commands that take flags only.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return WithHint(usagef("what is %q? %s takes flags only", args[0], c.CommandPath()), c.CommandPath()+" --help")
}

// newHelpCmd is `kubectl kea help COMMAND`, for those who know it from
// elsewhere. Unlike cobra's own it does not accept commands that do not exist.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:    "help [command]",
		Short:  "Show the help of a command",
		Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			if err == nil {
				err = noSuchCommand(about, rest)
			}
			if err != nil {
				return &UsageError{err}
			}
			return about.Help()
		},
	}
}
