package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// bindGlobals adds the flags that every command has.
func bindGlobals(root *cobra.Command, env *Env) *kubeFlags {
	flags := root.PersistentFlags()
	kube := &kubeFlags{}
	kube.bind(flags)
	env.color = printer.ColorAuto
	flags.Var(&env.color, "color", "Whether to use colour; auto looks at the terminal, NO_COLOR and CLICOLOR_FORCE")
	flags.DurationVar(&env.timeout, "timeout", 0, "How long the command may take (with --watch, each look), as in 30s or 5m; by default its own limit")
	flags.CountVarP(&env.verbose, "verbose", "v", "Show each call to Kubernetes, Kea and the database with its time")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if env.timeout < 0 {
			return fmt.Errorf("--timeout %s is negative", env.timeout)
		}
		return nil
	}
	complete(root, "color", cobra.FixedCompletions([]cobra.Completion{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	complete(root, "context", kube.completeContext)
	complete(root, "namespace", env.completeNamespace)
	return kube
}

// complete offers values for a flag that the command has.
func complete(c *cobra.Command, flag string, values cobra.CompletionFunc) {
	// It fails for a flag that is missing or already completed, which a test of
	// the tree would show; a completion less is no reason to stop a command.
	_ = c.RegisterFlagCompletionFunc(flag, values)
}
