package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// haDiffOptions are those of `kubectl kea ha diff`.
type haDiffOptions struct {
	env       *Env
	out       output
	selector  string
	maxLeases int
}

// diffLimit bounds the comparison when --timeout does not: leases take their time.
const diffLimit = time.Minute

func newHADiffCmd(env *Env) *cobra.Command {
	o := &haDiffOptions{env: env, out: output{env: env}}
	c := &cobra.Command{
		Use:   "diff",
		Short: "Compare the peers, their files and their logins",
		Long: `Compare what should be the same: what the peers of each relationship run, each
server's file and what the server runs, and the password that it logs in to its
database with and the Secret from which CNPG sets it. Peers that keep their
leases each in a place of its own (memfile, or two databases) are compared in
these too: leases in use that only one of them has, or each for another client.

What must differ does not count: this-server-name, interfaces, sockets, the
peers' URLs, log files. Passwords are compared and never shown. Both sides of a
difference are named, by server and by its path in the configuration.

It exits with 0 when nothing differs, with 3 when something does, and with 1
when nothing does as far as could be compared.`,
		Example: `  kubectl kea ha diff
  kubectl kea ha diff -n branch --max-leases 0
  kubectl kea ha diff -o json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.out.bind(c, printer.Choices{})
	c.Flags().StringVarP(&o.selector, "selector", "l", "", "Look only at pods and workloads with these labels")
	c.Flags().IntVar(&o.maxLeases, "max-leases", 50_000, "How many leases of each server to compare at most, the lowest addresses first; 0 compares none")
	needs(c, append(serverRules(), rule{"list", "clusters", "postgresql.cnpg.io", "which Secret sets the password"})...)
	return c
}

func (o *haDiffOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if o.maxLeases < 0 {
		return usagef("--max-leases %d: it takes a number of leases, or 0", o.maxLeases)
	}
	options := inventory.Options{}
	if o.selector != "" {
		if options.Selector, err = labels.Parse(o.selector); err != nil {
			return usagef("--selector: %w", err)
		}
	}
	ctx, cancel := o.env.deadline(ctx, diffLimit)
	defer cancel()
	kube, err := o.env.Kube()
	if err != nil {
		return err
	}
	connector := inventory.NewConnector(kube, o.env.observeKea())
	defer connector.Close()
	source := ha.DiffSource{Reader: kube, Connect: ha.Via(connector), Now: o.env.Now}
	report, err := ha.GatherDiff(ctx, source, kube.Namespace, options, o.maxLeases)
	var unfinished *inventory.UnfinishedError
	switch {
	case errors.Is(err, inventory.ErrNone):
		return elsewhere(ctx, kube, options, o.selector, "ha diff", err)
	case errors.As(err, &unfinished) && unfinished.Operation.Continue != "":
		return WithHint(err, unfinished.Operation.Continue)
	case err != nil:
		return err
	}
	if err := o.out.write(format, report, printer.View{Page: func() printer.Page { return haDiffPage(report) }}); err != nil {
		return err
	}
	return endOfComparison(ctx, report.Found, report.Complete, kube.Namespace)
}

// endOfComparison is how a comparison ends, which found so many differences.
func endOfComparison(ctx context.Context, found int, complete bool, namespace string) error {
	switch {
	case found > 0:
		return ErrBadAnswer
	case !complete && ctx.Err() != nil:
		return fmt.Errorf("nothing differs in what was compared, and not all was: %w", context.Cause(ctx))
	case !complete:
		return WithHint(errors.New("nothing differs in what could be compared, and not all could"), "kubectl kea status -n "+namespace)
	}
	return nil
}
