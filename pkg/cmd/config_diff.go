package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/config"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// configDiffOptions are the flags of config diff.
type configDiffOptions struct {
	configChange
	out output
}

func newConfigDiffCmd(env *Env) *cobra.Command {
	o := &configDiffOptions{configChange: configChange{meant: meant{env: env}}, out: output{env: env}}
	c := &cobra.Command{
		Use:   "diff",
		Short: "Show what a change of configuration means for each server",
		Long: `Show what would change for each server: in its file, and compared with what it
runs. The change is a stack file, whole files, or single values; without one,
each server's file is compared with what it runs.

Values are compared, not text: comments, order and spacing do not count.
Elements of lists are matched by what identifies them, as a subnet by its id.
Passwords are compared and never shown. What a file does not say does not count
against what runs, since nobody can tell it from Kea's defaults.

A path is spelled as here: subnet4[id=10].valid-lifetime. Elements go by what
identifies them, by any of their members ([hw-address=...]), or by position.

It exits with 0 when nothing differs, with 3 when something does, and with 1
when nothing does as far as could be compared.`,
		Example: `  # does everybody run what its file says?
  kubectl kea config diff

  kubectl kea config diff -f stack.yaml
  kubectl kea config diff --set 'subnet4[id=10].valid-lifetime=7200'
  kubectl kea config diff --file kea-dhcp-0/dhcp4=kea-dhcp4.conf`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.bind(c)
	o.out.bind(c, printer.Choices{})
	needs(c, serverRules()...)
	return c
}

func (o *configDiffOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, diffLimit)
	defer cancel()
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	change, s, err := o.wanted(ctx, k)
	if err != nil {
		return err
	}
	in, err := o.env.discover(ctx, k, "config diff")
	if err != nil {
		return err
	}
	servers, err := o.named(in, &change, s)
	if err != nil {
		return err
	}
	connector := inventory.NewConnector(k, o.env.observeKea())
	defer connector.Close()
	report := config.Compare(in, ha.Gather(ctx, servers, ha.Via(connector), o.env.Now), change)
	if err := o.out.write(format, report, printer.View{Page: func() printer.Page { return configDiffPage(report) }}); err != nil {
		return err
	}
	return endOfComparison(ctx, report.Found, report.Complete, report.Namespace)
}
