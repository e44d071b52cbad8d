package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

const (
	// historyLimit bounds a change of the triggers, which waits for a moment in which nobody else holds the lease tables.
	historyLimit = 5 * time.Minute
	// defaultKeep is how long events are kept unless somebody says otherwise.
	defaultKeep = "30d"
)

// historyChange is what the commands that change a history have in common.
type historyChange struct {
	change
	source  leaseSource
	out     output
	confirm confirm
	keep    string
	drop    bool
}

func newHistoryChange(env *Env) *historyChange {
	return &historyChange{change: change{env: env}, source: leaseSource{env: env}, out: output{env: env}, confirm: confirm{env: env}}
}

// bind adds the flags that all have.
func (o *historyChange) bind(c *cobra.Command) {
	o.change.bind(c, "Show what would be done and change nothing: none, client or server (the same here)")
	c.Flags().Lookup("dry-run").NoOptDefVal = "server"
	o.source.bindLogin(c)
	o.confirm.bindYes(c)
	o.out.bind(c, printer.Choices{})
	needs(c, append(leaseRules(),
		rule{"get", "secrets", "", "the login that owns Kea's tables, or one that may become it"},
		rule{"get,create,update,delete", "leases", "coordination.k8s.io", "one operation at a time"})...)
}

func newHistoryEnableCmd(env *Env) *cobra.Command {
	o := newHistoryChange(env)
	c := &cobra.Command{
		Use:   "enable",
		Short: "Keep a history of leases from now on",
		Long: `Keep a history of leases from now on: every change of a lease is written into
tables of its own (schema kea_history) in the same database, by triggers on
Kea's lease tables. Run again it mends what is missing, and brings a history
that an older version made up to date.

The triggers never stop a lease: whatever goes wrong in them is a warning in the
database's log and counted, and they wait for nobody for more than a tenth of a
second. They survive restarts of Kea and kea-admin db-upgrade. To make them, the
lease tables are locked against writing for some milliseconds; when somebody
else holds them, the command gives way to Kea and tries again.

No superuser is needed: the role that owns Kea's tables does it. Who may read
the leases may read their history.`,
		Example: `  # from now on, for 30 days
  kubectl kea leases history enable

  # keep a year
  kubectl kea leases history enable --keep 365d`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.enable(c.Context()) },
	}
	c.Flags().StringVar(&o.keep, "keep", "", "How long events are kept: 30d, 12h, forever (default what it is now, else 30d)")
	o.bind(c)
	return c
}

func newHistoryDisableCmd(env *Env) *cobra.Command {
	o := newHistoryChange(env)
	c := &cobra.Command{
		Use:   "disable",
		Short: "Keep no history of leases any more; what was written stays",
		Long: `Keep no history of leases any more. The triggers go, what was written stays and
can be read; --drop deletes that too. A history that is enabled again later is
complete only from then on.`,
		Example: `  kubectl kea leases history disable

  # and delete what was written
  kubectl kea leases history disable --drop`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.disable(c.Context()) },
	}
	c.Flags().BoolVar(&o.drop, "drop", false, "Delete what was written too")
	o.confirm.bindName(c)
	o.bind(c)
	return c
}

func newHistoryPruneCmd(env *Env) *cobra.Command {
	o := newHistoryChange(env)
	c := &cobra.Command{
		Use:   "prune",
		Short: "Delete old events of the history of leases",
		Long: `Delete old events of the history of leases, in small transactions that nobody
waits for. Interrupted, it goes on when it runs again.

Where install deployed Kea this is done every night, by the maintenance of the
database. Elsewhere let a job of your own run this command with --yes.`,
		Example: `  # what is older than enable said
  kubectl kea leases history prune

  # what is older than a week
  kubectl kea leases history prune --keep 7d --yes`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.prune(c.Context()) },
	}
	c.Flags().StringVar(&o.keep, "keep", "", "Keep what is younger: 30d, 12h (default what enable said)")
	o.bind(c)
	return c
}

// historyWork is an opened deployment, and how its histories stand.
type historyWork struct {
	*leases.Deployment
	states leases.HistoryStates
	format printer.Format
	ask    func(context.Context, string) error
}

// open looks at how things stand. done must be called.
func (o *historyChange) open(ctx context.Context) (*historyWork, func(), error) {
	format, err := o.out.format()
	if err != nil {
		return nil, nil, err
	}
	if err := o.validate(); err != nil {
		return nil, nil, err
	}
	_, d, done, err := o.source.openOne(ctx, lookLimit)
	if err != nil {
		return nil, nil, err
	}
	w := &historyWork{Deployment: d, format: format}
	if w.states, err = d.HistoryStates(ctx); err == nil && len(w.states.Databases) == 0 {
		err = errors.New("there is no database that could keep a history of leases")
		if len(w.states.Notes) > 0 {
			err = fmt.Errorf("%w: %s", err, w.states.Notes[0])
		}
	}
	if err != nil {
		done()
		return nil, nil, leaseHint(err, d.Inventory.Namespace)
	}
	return w, done, nil
}

func (o *historyChange) enable(ctx context.Context) error {
	ctx, cancel := o.env.deadline(ctx, historyLimit)
	defer cancel()
	chosen, err := o.chosenKeep()
	if err != nil {
		return err
	}
	w, done, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	keeps, lines := map[string]time.Duration{}, []printer.Line{}
	for _, s := range w.states.Databases {
		keep := chosen
		if keep < 0 {
			keep, _ = leases.ParseKeep(defaultKeep)
			if s.Enabled {
				keep, _ = leases.ParseKeep(forever(s.Keep))
			}
		}
		keeps[s.Database] = keep
		lines = append(lines, enablePlan(s, keep)...)
	}
	return o.apply(ctx, w, lines, "Keep a history of leases?", "history enable", func(ctx context.Context, k *leases.HistoryKeeper, note func(string)) (string, error) {
		did, err := k.Enable(ctx, keeps[k.Database], note)
		if err == nil && len(did) == 0 {
			err = &operation.Skipped{Reason: "it is as it should be"}
		}
		return strings.Join(did, ", "), err
	})
}

// forever is how long events are kept, as ParseKeep reads it.
func forever(keep string) string {
	if keep == "" {
		return "forever"
	}
	return keep
}

// chosenKeep is what --keep says, below 0 when it says nothing.
func (o *historyChange) chosenKeep() (time.Duration, error) {
	if o.keep == "" {
		return -1, nil
	}
	keep, err := leases.ParseKeep(o.keep)
	if err != nil {
		return 0, usagef("--keep %w, or forever", err)
	}
	return keep, nil
}

// enablePlan says what enabling does in a database; nothing when all is as it should be.
func enablePlan(s leases.HistoryState, keep time.Duration) []printer.Line {
	var lines []printer.Line
	switch {
	case !s.Enabled && s.Events == 0:
		lines = append(lines, printer.Text("make schema kea_history beside Kea's tables"), printer.Text("make a trigger each on lease4 and lease6: the tables are locked against writing for some milliseconds"))
	case !s.Enabled:
		lines = append(lines, printer.Text("make a trigger each on lease4 and lease6; what was written before stays, between then and now there is a gap"))
	case len(s.Missing) > 0:
		lines = append(lines, printer.Textf("make the trigger on %s again; the history is complete from now on only", strings.Join(s.Missing, " and ")))
	}
	if s.Enabled && s.Outdated {
		lines = append(lines, printer.Text("bring the triggers' functions up to date"))
	}
	if kept := leases.FormatKeep(keep); !s.Enabled || kept != s.Keep {
		lines = append(lines, printer.Textf("keep events %s", map[bool]string{true: "for ever", false: "for " + kept}[kept == ""]))
	}
	for i := range lines {
		lines[i] = printer.Concat(printer.Bold.Text(s.Database), printer.Text(": "), lines[i])
	}
	return lines
}

func (o *historyChange) disable(ctx context.Context) error {
	ctx, cancel := o.env.deadline(ctx, historyLimit)
	defer cancel()
	w, done, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	var lines []printer.Line
	for _, s := range w.states.Databases {
		switch {
		case o.drop && (s.Enabled || s.Bytes > 0):
			lines = append(lines, printer.Concat(printer.Bold.Text(s.Database), printer.Bad.Textf(": delete the history, about %s, and what keeps it", count(int(s.Events), "event"))))
		case s.Enabled:
			lines = append(lines, printer.Concat(printer.Bold.Text(s.Database), printer.Text(": take the triggers away; what was written stays")))
		}
	}
	if o.drop {
		w.ask = func(ctx context.Context, _ string) error {
			return o.confirm.askName(ctx, "This deletes the history of leases.", w.Name())
		}
	}
	return o.apply(ctx, w, lines, "Keep no history of leases any more?", "history disable", func(ctx context.Context, k *leases.HistoryKeeper, note func(string)) (string, error) {
		return "", k.Disable(ctx, o.drop, note)
	})
}

func (o *historyChange) prune(ctx context.Context) error {
	chosen, err := o.chosenKeep()
	switch {
	case err != nil:
		return err
	case chosen == 0:
		return usagef("--keep forever deletes nothing")
	}
	w, done, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	keeps, lines := map[string]time.Duration{}, []printer.Line{}
	for _, s := range w.states.Databases {
		keep := chosen
		if keep < 0 {
			if keep, _ = leases.ParseKeep(forever(s.Keep)); keep == 0 {
				continue // for ever
			}
		}
		if s.Events == 0 || !s.Oldest.Before(w.states.Time.Add(-keep)) {
			continue
		}
		keeps[s.Database] = keep
		lines = append(lines, printer.Concat(printer.Bold.Text(s.Database), printer.Textf(": delete what is older than %s; the oldest is of %s", leases.FormatKeep(keep), s.Oldest.UTC().Format(time.RFC3339))))
	}
	return o.apply(ctx, w, lines, "Delete it?", "history prune", func(ctx context.Context, k *leases.HistoryKeeper, note func(string)) (string, error) {
		keep, ok := keeps[k.Database]
		if !ok {
			return "", &operation.Skipped{Reason: "nothing is old enough"}
		}
		n, err := k.Prune(ctx, keep, func(n int64) { note(fmt.Sprintf("%d events deleted", n)) })
		return count(int(n), "event") + " deleted", err
	})
}

// apply shows what is to be done, asks, and does it to every database, in one named step each.
func (o *historyChange) apply(ctx context.Context, w *historyWork, lines []printer.Line, question, kind string,
	do func(context.Context, *leases.HistoryKeeper, func(string)) (string, error),
) error {
	if err := o.showPlan(w, lines); err != nil || len(lines) == 0 || o.dry() {
		return err
	}
	ask := o.confirm.ask
	if w.ask != nil {
		ask = w.ask
	}
	if err := ask(ctx, question); err != nil {
		return err
	}
	keepers, err := w.HistoryKeepers(ctx)
	defer func() {
		for _, k := range keepers {
			k.Close(ctx)
		}
	}()
	if err != nil {
		return historyLoginHint(err)
	}
	all := []operation.Step{}
	for _, k := range keepers {
		all = append(all, operation.Step{Name: strings.TrimPrefix(kind, "history ") + " the history in " + k.Database, Do: func(ctx context.Context, note func(string)) (string, error) {
			return do(ctx, k, note)
		}})
	}
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	again := "kubectl kea leases " + kind + " -n " + w.Inventory.Namespace
	if o.keep != "" {
		again += " --keep " + o.keep
	}
	if o.drop {
		again += " --drop"
	}
	lock := o.lock("leases "+kind, again)
	lock.Namespace, lock.Deployment = w.Inventory.Namespace, w.Name()
	steps := o.env.steps()
	err = operation.Locked(ctx, k, lock, all, steps)
	steps.Close()
	if err != nil {
		return o.unfinished(historyLoginHint(err), again)
	}
	if w.format.Human() {
		return nil
	}
	states, err := w.HistoryStates(ctx)
	if err != nil {
		return err
	}
	return o.out.write(w.format, states, printer.View{})
}

// showPlan says what is to be done. Formats for programs get how things stand, when nothing is done.
func (o *historyChange) showPlan(w *historyWork, lines []printer.Line) error {
	if !w.format.Human() {
		if len(lines) > 0 && !o.dry() {
			return nil
		}
		return o.out.write(w.format, w.states, printer.View{})
	}
	var p printer.Page
	if len(lines) == 0 {
		p.Text(printer.Text("nothing to do"))
	}
	for _, l := range lines {
		p.Indented(0, 2, l)
	}
	if o.dry() {
		p.Blank()
		p.Text(printer.Dim.Text("dry run: nothing was changed"))
	}
	return p.Write(o.env.Out, o.out.canvas())
}

// historyLoginHint gives an error of changing a history its next command.
func historyLoginHint(err error) error {
	var barred *inventory.NoLoginError
	switch {
	case errors.As(err, &barred):
		return WithHint(err, "it needs to read the Secret with Kea's own password: the operator role of kubectl kea install may")
	case errors.Is(err, keadb.ErrLocked):
		return WithHint(err, "a long transaction holds the lease tables, such as a dump that is being loaded; try again when it is over")
	case errors.Is(err, keadb.ErrPermission):
		return WithHint(err, "Kea's role neither owns its tables nor may become who does: grant it that role")
	}
	return err
}
