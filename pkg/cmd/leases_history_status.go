package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// historyStatusOptions are the flags of leases history status.
type historyStatusOptions struct {
	env    *Env
	source leaseSource
	out    output
}

func newHistoryStatusCmd(env *Env) *cobra.Command {
	o := &historyStatusOptions{env: env, source: leaseSource{env: env}, out: output{env: env}}
	c := &cobra.Command{
		Use:   "status",
		Short: "Show whether a history of leases is kept, how large it is and how fast it grows",
		Long: `Show whether a history of leases is kept, since when it is complete, how large
it is and how fast it grows. The command exits with 3 when a history is meant to
be kept and is not complete.`,
		Example: `  kubectl kea leases history status`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.source.bindLogin(c)
	o.out.bind(c, printer.Choices{})
	needs(c, leaseRules()...)
	return c
}

func (o *historyStatusOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, lookLimit)
	defer cancel()
	_, d, done, err := o.source.openOne(ctx, lookLimit)
	if err != nil {
		return err
	}
	defer done()
	states, err := d.HistoryStates(ctx)
	if err != nil {
		return leaseHint(err, d.Inventory.Namespace)
	}
	if err := o.out.write(format, states, printer.View{Page: func() printer.Page { return historyStatePage(states, o.env.Now()) }}); err != nil {
		return err
	}
	o.env.aboutNotes(states.Origin)
	bad := false
	for _, s := range states.Databases {
		if !s.Kept || s.Outdated {
			o.env.remark("kubectl kea leases history enable -n %s %s", d.Inventory.Namespace,
				map[bool]string{true: "mends that", false: "keeps one"}[s.Enabled])
		}
		bad = bad || s.Enabled && !s.Kept
	}
	if bad {
		return ErrBadAnswer
	}
	return nil
}
