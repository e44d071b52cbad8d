package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

// restoreList is what the list prints for programs.
type restoreList struct {
	Namespace string             `json:"namespace,omitempty"` // "": of all, each cluster names its own
	Clusters  []restore.Restored `json:"clusters"`
}

// restoreListOptions are the flags of restore list.
type restoreListOptions struct {
	restoreWork
	all bool
}

func newRestoreListCmd(env *Env) *cobra.Command {
	o := &restoreListOptions{restoreWork: newRestoreWork(env)}
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List restored clusters, and those whose place they took",
		Long: `List the clusters that restores made and the ones whose place they took, oldest
first: from which moment, how far they have come, which one is in service, and
what to do next. It reads the objects in the cluster only, and works from any
machine and with every database down.`,
		Example: `  kubectl kea restore list

  # in every namespace
  kubectl kea restore list -A

  # the names of those that are not in service
  kubectl kea restore list -o json | jq -r '.clusters[] | select(.current | not) | .name'`,
		Args: noSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error { return o.list(c.Context()) },
	}
	c.Flags().BoolVarP(&o.all, "all-namespaces", "A", false, "List those of every namespace")
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, restoreLookRules()...)
	return c
}

// restoreLookRules are the permissions of the commands that look.
func restoreLookRules() []rule {
	return []rule{
		{"list", "clusters", "postgresql.cnpg.io", "restored clusters and their records"},
		{"list", "services", "", "which one is in service"},
		{"list", "leases", "coordination.k8s.io", "who works on it now (optional)"},
	}
}

func (o *restoreListOptions) list(ctx context.Context) error {
	s, ctx, done, err := o.begin(ctx, lookLimit)
	if err != nil {
		return err
	}
	defer done()
	where, page := "namespace "+s.namespace, restoreListPage
	if o.all {
		s.namespace, where, page = "", "any namespace", restoreListsPage
	}
	found, err := listRestored(ctx, s)
	if err != nil {
		return err
	}
	if len(found) == 0 && s.format.Human() {
		_, err := fmt.Fprintf(o.env.ErrOut, "No restored clusters in %s.\n", where)
		return err
	}
	return o.out.write(s.format, restoreList{s.namespace, found}, printer.View{
		Page: func() printer.Page { return page(found, o.env.Now(), s.format.Wide()) },
		Names: func() []string {
			names := []string{}
			for _, r := range found {
				names = append(names, clusterResource+"/"+r.Name)
			}
			return names
		},
	})
}
