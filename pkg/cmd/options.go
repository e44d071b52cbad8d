package cmd

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newOptionsCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "options",
		Short:   "List all flags that every command takes",
		Long:    "List all flags that every command takes, also those of kubectl that its own\nhelp leaves out.",
		GroupID: groupOther,
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			all := pflag.NewFlagSet("options", pflag.ContinueOnError)
			c.Root().PersistentFlags().VisitAll(func(f *pflag.Flag) {
				shown := *f
				shown.Hidden = false
				all.AddFlag(&shown)
			})
			_, err := fmt.Fprintf(env.Out, "These flags go with every command:\n\n%s", all.FlagUsages())
			return err
		},
	}
}
