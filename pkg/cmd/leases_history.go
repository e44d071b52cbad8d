package cmd

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// eventsOnScreen is how many events a terminal shows unless --limit says otherwise.
const eventsOnScreen = 100

// leasesHistoryOptions are the flags of leases history.
type leasesHistoryOptions struct {
	env          *Env
	source       leaseSource
	out          output
	since, until string
	limit        int // below 0: not given
	all          bool
}

func newLeasesHistoryCmd(env *Env) *cobra.Command {
	o := &leasesHistoryOptions{env: env, source: leaseSource{env: env}, out: output{env: env}}
	c := &cobra.Command{
		Use:   "history ADDRESS|MAC|CLIENT-ID|DUID|HOSTNAME",
		Short: "Show what happened to an address or a client",
		Long: `Show what happened to an address or a client: granted, renewed, released,
declined, expired, moved to another client, deleted; oldest first. What is given
is recognised, as in leases get.

The history is kept in the database by triggers beside Kea's tables, from the
moment on that leases history enable turned it on. What Kea's own forensic log
says of the same addresses is shown beside it, where that is kept.

Some of what clients do never reaches the database and so is in no history: a
client that asks again soon after it got its lease is answered without a change
(from 3.0, within the first quarter of the lifetime), and a decline tells no
client from then on.`,
		Example: `  # who had this address, and when
  kubectl kea leases history 10.10.1.7

  # where was this device yesterday
  kubectl kea leases history 02:00:00:00:00:01 --since yesterday --until today

  # is a history kept, how large is it, how fast does it grow
  kubectl kea leases history status`,
		Args: exactly("WHAT to look for", "an address, hardware address, client id, DUID or host name; or one of enable, disable, status, prune"),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if !c.Flags().Changed("limit") {
			o.limit = -1
		} else if o.limit < 0 {
			return usagef("--limit %d is negative; 0 is no limit", o.limit)
		}
		return o.run(c.Context(), args[0])
	}
	f := c.Flags()
	f.StringVar(&o.since, "since", "", "Only what happened since then: 2h, yesterday, 2025-03-10T14:30:00Z")
	f.StringVar(&o.until, "until", "", "Only what happened before then")
	f.IntVar(&o.limit, "limit", 0, "How many events at most, the latest; 0 for all (default 100 on a terminal)")
	f.BoolVar(&o.all, "all", false, "Show Kea's housekeeping too: rows of leases that had ended before")
	o.source.bindLogin(c)
	o.out.bind(c, printer.Choices{CSV: true})
	o.out.bindHeaders(c)
	needs(c, leaseRules()...)
	c.AddCommand(newHistoryStatusCmd(env), newHistoryEnableCmd(env), newHistoryDisableCmd(env), newHistoryPruneCmd(env))
	return c
}

// bindLogin adds the flags of commands that ask the database and nobody else.
func (s *leaseSource) bindLogin(c *cobra.Command) {
	s.way = string(leases.Auto)
	c.Flags().StringVarP(&s.selector, "selector", "l", "", "Look only at pods and workloads with these labels")
}

func (o *leasesHistoryOptions) run(ctx context.Context, what string) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	wanted, err := leases.ParseWanted(what)
	if err != nil {
		return &UsageError{err}
	}
	span, err := o.span()
	if err != nil {
		return err
	}
	_, d, done, err := o.source.openOne(ctx, lookLimit)
	if err != nil {
		return err
	}
	defer done()
	h, err := d.History(ctx, wanted, span)
	if err != nil {
		return noHistory(err, d)
	}
	if err := o.out.write(format, h, printer.View{
		Page: func() printer.Page {
			canvas := o.out.canvas()
			canvas.Wide = format.Wide()
			return historyPage(h, canvas)
		},
		Records: func() printer.Records { return historyRecords(h) },
	}); err != nil {
		return err
	}
	o.tell(h)
	if len(h.Events)+len(h.Logs) == 0 {
		return &NotFoundError{What: "anything about " + wanted.Text + " in the history of namespace " + d.Inventory.Namespace}
	}
	return nil
}

// tell writes what people are told beside the data.
func (o *leasesHistoryOptions) tell(h leases.History) {
	if h.More {
		o.env.remark("the latest %d events are shown and there are more: --limit 0 shows all, --since and --until choose", len(h.Events))
	}
	o.env.aboutNotes(h.Origin)
}

// span is what the flags ask for.
func (o *leasesHistoryOptions) span() (leases.Span, error) {
	span := leases.Span{Limit: max(o.limit, 0), All: o.all}
	if o.limit < 0 && o.env.OutSize != nil {
		span.Limit = eventsOnScreen
	}
	var err error
	now := o.env.Now()
	if o.since != "" {
		if span.Since, err = leases.ParseSince(o.since, now); err != nil {
			return span, usagef("--since %w", err)
		}
	}
	if o.until != "" {
		if span.Until, err = leases.ParseSince(o.until, now); err != nil {
			return span, usagef("--until %w", err)
		}
	}
	if !span.Until.IsZero() && !span.Since.Before(span.Until) {
		return span, usagef("--since %s is not before --until %s", echoTime(span.Since), echoTime(span.Until))
	}
	return span, nil
}

// historyHint gives an error about a history that is not kept the command that keeps one.
func historyHint(err error, namespace string) error {
	var none *leases.NoHistoryError
	if !errors.As(err, &none) {
		return err
	}
	if none.Since.IsZero() {
		return WithHint(err, "kubectl kea leases history enable -n "+namespace)
	}
	return WithHint(err, "ask for a moment since "+none.Since.UTC().Format(time.RFC3339))
}
