package cmd

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// completeHAServer offers the pods that run Kea, and their servers, as the first argument.
func (e *Env) completeHAServer(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return e.completeObjects(c, func(ctx context.Context, k *kube.Client) ([]string, error) {
		in, err := inventory.Discover(ctx, k, k.Namespace, inventory.Options{})
		if err != nil {
			return nil, err
		}
		names := []string{}
		for _, s := range in.Servers {
			if !slices.Contains(names, s.Pod) {
				names = append(names, s.Pod)
			}
			names = append(names, s.Name())
		}
		return names, nil
	})
}
