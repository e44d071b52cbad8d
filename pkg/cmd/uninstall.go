package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack"
)

// uninstallLimit bounds an uninstall when --timeout does not.
const uninstallLimit = 5 * time.Minute

// uninstallOptions are the flags of uninstall.
type uninstallOptions struct {
	change
	out     output
	confirm confirm
	parts   []string
}

func newUninstallCmd(env *Env) *cobra.Command {
	o := &uninstallOptions{change: change{env: env}, out: output{env: env}, confirm: confirm{env: env}}
	c := &cobra.Command{
		Use:   "uninstall [NAME]",
		Short: "Remove the servers that install deployed; keeps database, volumes and backups",
		Long: `Remove the servers that install deployed. DHCP ends with them. The database with
all leases, the servers' volumes and the backups stay, unless --delete names
them; a later install of the same file goes on with what is there. What was
written into the object store always stays.`,
		Example: `  # look at what would go and what would stay
  kubectl kea uninstall kea-dhcp --dry-run

  # remove the servers, keep the leases
  kubectl kea uninstall kea-dhcp

  # remove everything
  kubectl kea uninstall kea-dhcp --delete database,volumes,backups`,
		GroupID: groupSetUp,
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return o.run(c.Context(), args) },
	}
	c.ValidArgsFunction = o.complete
	f := c.Flags()
	f.StringSliceVar(&o.parts, "delete", nil, "Delete these `PARTS` too: database, volumes, backups")
	o.bind(c, "Show what would be deleted and kept, and change nothing: none, client or server (the same here)")
	f.Lookup("dry-run").NoOptDefVal = "server"
	o.confirm.bindName(c)
	o.out.bind(c, printer.Choices{Name: true})
	complete(c, "delete", cobra.FixedCompletions([]cobra.Completion{"database", "volumes", "backups"}, cobra.ShellCompDirectiveNoFileComp))
	needs(c,
		rule{"list,delete", "services, configmaps, secrets, serviceaccounts, persistentvolumeclaims", "", "what was deployed"},
		rule{"list,delete", "statefulsets", "apps", "the servers"},
		rule{"list,delete", "cronjobs", "batch", "nightly maintenance"},
		rule{"list,delete", "poddisruptionbudgets", "policy", ""},
		rule{"list,delete", "networkpolicies", "networking.k8s.io", ""},
		rule{"list,delete", "roles", "rbac.authorization.k8s.io", ""},
		rule{"list,delete", "clusters, scheduledbackups, backups", "postgresql.cnpg.io", "delete only with --delete"},
		rule{"patch", "backups", "postgresql.cnpg.io", "to find backups that outlive their cluster again"},
		rule{"list,delete", "objectstores", "barmancloud.cnpg.io", "delete only with --delete"},
		rule{"get,create,update,delete", "leases", "coordination.k8s.io", "one operation at a time"},
	)
	return c
}

func (o *uninstallOptions) complete(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	k, err := o.env.Kube()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, _ := stack.Deployments(c.Context(), k, k.Namespace) // no names is an answer too
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (o *uninstallOptions) run(ctx context.Context, args []string) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	parts := []stack.Part{}
	for _, name := range o.parts {
		p := stack.Part(name)
		if !slices.Contains([]stack.Part{stack.PartDatabase, stack.PartVolumes, stack.PartBackups}, p) {
			return usagef("--delete %q: it takes database, volumes, backups", name)
		}
		parts = append(parts, p)
	}
	ctx, cancel := o.env.deadline(ctx, uninstallLimit)
	defer cancel()
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	name, err := o.choose(ctx, k, args)
	if err != nil {
		return err
	}
	src := stack.Source{Client: k, Now: o.env.Now}
	removal, err := stack.MakeRemoval(ctx, src, k.Namespace, name, parts)
	if err != nil {
		return err
	}
	again := fmt.Sprintf("kubectl kea uninstall %s -n %s", name, k.Namespace)
	if len(o.parts) > 0 {
		again += " --delete " + strings.Join(o.parts, ",")
	}
	lock := o.lock("uninstall", again)
	if removal.Empty() && !o.dry() {
		finished, err := stack.Finish(ctx, src, removal, lock)
		if err != nil || finished {
			return o.end(err, removal, lock, format)
		}
	}
	if len(removal.Changes) == 0 {
		return WithHint(fmt.Errorf("no deployment %s of kubectl kea install in namespace %s", name, k.Namespace), "kubectl kea status -A")
	}
	if o.dry() || format.Human() || removal.Empty() {
		if err := o.out.write(format, removal, o.view(removal)); err != nil {
			return err
		}
	}
	if o.dry() || removal.Empty() {
		return nil
	}
	question := fmt.Sprintf("This ends DHCP by %s in namespace %s.", name, k.Namespace)
	if slices.Contains(parts, stack.PartDatabase) || slices.Contains(parts, stack.PartVolumes) {
		question = "This ends DHCP and deletes all leases of " + name + "."
	}
	if err := o.confirm.askName(ctx, question, name); err != nil {
		return err
	}
	steps := o.env.steps()
	err = stack.Remove(ctx, src, removal, lock, steps)
	steps.Close()
	return o.end(err, removal, lock, format)
}

// end says how it ended.
func (o *uninstallOptions) end(err error, removal stack.Removal, lock operation.Options, format printer.Format) error {
	switch {
	case err != nil:
		return o.unfinished(err, lock.State.Continue)
	case !format.Human():
		return o.out.write(format, removal, o.view(removal))
	}
	return removedPage(removal).Write(o.env.Out, o.env.canvas())
}

func (o *uninstallOptions) view(r stack.Removal) printer.View {
	return printer.View{
		Page:  func() printer.Page { return removalPage(r, o.dry()) },
		Names: func() []string { return changeNames(r.Changes) },
	}
}

// choose is the deployment that is meant: the one named, or the only one.
func (o *uninstallOptions) choose(ctx context.Context, k *kube.Client, args []string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	names, err := stack.Deployments(ctx, k, k.Namespace)
	switch {
	case err != nil:
		return "", err
	case len(names) == 0:
		return "", WithHint(fmt.Errorf("no deployment of kubectl kea install in namespace %s", k.Namespace), "kubectl kea status -A")
	case len(names) > 1:
		return "", WithHint(usagef("which of %s?", strings.Join(names, ", ")), "kubectl kea uninstall "+names[0])
	}
	return names[0], nil
}

// removalPage shows what would go and what would stay.
func removalPage(r stack.Removal, dryRun bool) printer.Page {
	var page printer.Page
	deleted, kept := 0, 0
	t := printer.Table{Columns: []printer.Column{{Header: "action"}, {Header: "kind"}, {Header: "name"}, {Header: "note"}}}
	for _, c := range r.Changes {
		if c.Action == stack.Delete {
			deleted++
		} else {
			kept++
		}
		t.Add(actionTone(c.Action).Text(string(c.Action)), printer.Text(c.Kind), printer.Text(c.Name), printer.Text(c.Note))
	}
	page.Text(printer.Concat(printer.Bold.Text(r.Deployment), printer.Text(" in "), printer.Bold.Text("namespace "+r.Namespace),
		printer.Textf(": %s to delete, %d to keep", count(deleted, "object"), kept)))
	page.Blank()
	page.Table(t)
	if dryRun {
		page.Blank()
		page.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return page
}

// removedPage is the end of an uninstall.
func removedPage(r stack.Removal) printer.Page {
	var page printer.Page
	kept, archived := []string{}, false
	for _, c := range r.Changes {
		if c.Action == stack.Keep {
			kept = append(kept, c.Kind+" "+c.Name)
		}
		archived = archived || c.Kind == "ScheduledBackup" && c.Action == stack.Delete
	}
	text := "deleted"
	if len(kept) > 0 {
		text = "the servers are deleted; kept: " + strings.Join(kept, ", ")
	}
	page.Indented(0, 2, printer.Concat(printer.Good.Text("✓"), printer.Textf(" %s in namespace %s: %s", r.Deployment, r.Namespace, text)))
	if archived {
		page.Indented(0, 2, printer.Concat(printer.Dim.Text("note:"), printer.Text(" what was archived stays in the object store, and a cluster archives into an empty folder only: a new one of the same name needs another spec.database.backup.serverName")))
	}
	return page
}
