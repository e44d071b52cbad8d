package cmd

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// completeScript is what kubectl runs to complete a plugin's command line.
const completeScript = `#!/bin/sh
# kubectl runs this program to complete the command line of kubectl kea. Put it
# under the name kubectl_complete-kea into a folder of your PATH.
exec kubectl kea __complete "$@"
`

// addCompletion adds cobra's completion command and, below it, the script that
// kubectl itself needs.
func addCompletion(root *cobra.Command, env *Env) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.GroupID = groupOther
		c.Short = "Complete command lines in your shell"
		c.Long = `Complete command lines of kubectl kea in your shell.

kubectl completes its plugins with the help of a program kubectl_complete-kea on
the PATH; kubectl kea completion kubectl prints it. The other subcommands print
scripts for calling kubectl-kea by itself.`
		c.AddCommand(newCompletionKubectlCmd(env))
	}
}

func newCompletionKubectlCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "kubectl",
		Short: "Print the program with which kubectl completes kubectl kea",
		Example: `  kubectl kea completion kubectl > ~/.local/bin/kubectl_complete-kea
  chmod +x ~/.local/bin/kubectl_complete-kea`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(env.Out, completeScript)
			return err
		},
	}
}

// completeNamespace offers the namespaces that have Kea servers: the only ones worth looking at. A completion must be
// quick and silent, so a cluster that does not answer offers nothing.
func (e *Env) completeNamespace(c *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
	defer cancel()
	kube, err := e.Kube()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, err := inventory.Namespaces(ctx, kube, inventory.Options{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeCluster offers the CNPG clusters of the namespace.
func (e *Env) completeCluster(c *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return e.completeObjects(c, func(ctx context.Context, k *kube.Client) ([]string, error) {
		clusters, err := cnpg.ListClusters(ctx, k, k.Namespace)
		names := []string{}
		for i := range clusters {
			names = append(names, clusters[i].Name)
		}
		return names, err
	})
}

// completeBackup offers the backups of the namespace, newest first, as the first argument.
func (e *Env) completeBackup(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, directive := e.completeObjects(c, func(ctx context.Context, k *kube.Client) ([]string, error) {
		backups, err := cnpg.ListBackups(ctx, k, k.Namespace)
		names := []string{}
		for _, b := range backups {
			names = append(names, cobra.CompletionWithDesc(b.Name, b.Phase))
		}
		return names, err
	})
	return names, directive | cobra.ShellCompDirectiveKeepOrder
}

// completeObjects offers what list finds, quickly and silently or not at all.
func (e *Env) completeObjects(c *cobra.Command, list func(context.Context, *kube.Client) ([]string, error)) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
	defer cancel()
	k, err := e.Kube()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, err := list(ctx, k)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
