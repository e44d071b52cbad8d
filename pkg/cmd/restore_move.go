package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

// moveLimit bounds a cutover when --timeout does not. Most of it is carrying leases, with service running.
const moveLimit = 30 * time.Minute

// restoreWork is what the commands that go on with a restore have in common.
type restoreWork struct {
	change
	out     output
	confirm confirm
}

func newRestoreWork(env *Env) restoreWork {
	return restoreWork{change: change{env: env}, out: output{env: env}, confirm: confirm{env: env}}
}

// session is one run of such a command.
type session struct {
	restore.Source
	namespace string
	format    printer.Format
}

// begin checks the flags and connects. done must be called; the context ends with the limit.
func (o *restoreWork) begin(ctx context.Context, limit time.Duration) (s session, _ context.Context, done func(), err error) {
	if s.format, err = o.out.format(); err != nil {
		return s, ctx, nil, err
	}
	if o.dryRun != "" { // a command that changes nothing has no such flag
		if err := o.validate(); err != nil {
			return s, ctx, nil, err
		}
	}
	k, err := o.env.Kube()
	if err != nil {
		return s, ctx, nil, err
	}
	connector := inventory.NewConnector(k, o.env.observeKea())
	s.Source = restore.Source{Client: k, Pods: k, Connector: connector, Observe: o.env.observeSQL(), Now: o.env.Now}
	s.namespace = k.Namespace
	ctx, cancel := o.env.deadline(ctx, limit)
	return s, ctx, func() { cancel(); connector.Close() }, nil
}

// show writes a plan where somebody is to see it, and reports whether to go on: not after a dry run, and not with a plan that
// something stands against.
func (o *restoreWork) show(s session, plan any, view printer.View, blocked bool) (bool, error) {
	if o.dry() || s.format.Human() || blocked {
		if err := o.out.write(s.format, plan, view); err != nil {
			return false, err
		}
	}
	if blocked {
		return false, errors.New("nothing was changed: see what stands against it, above")
	}
	return !o.dry(), nil
}

// explain gives an error its next command.
func (o *restoreWork) explain(err error, namespace string) error {
	var none *restore.NoRestoreError
	var choice *backup.ChoiceError
	switch {
	case errors.As(err, &choice) && len(choice.Clusters) > 1:
		return WithHint(fmt.Errorf("%w: name the cluster that is meant", err), "kubectl kea restore list -n "+namespace)
	case errors.As(err, &none) && none.Missing:
		return WithHint(&NotFoundError{What: "cluster " + none.Cluster + " in namespace " + namespace}, "kubectl kea restore list -n "+namespace)
	case errors.As(err, &none) && o.dryRun == "": // a command that changes nothing
		return WithHint(err, "kubectl kea restore list -n "+namespace)
	case errors.As(err, &none):
		return WithHint(fmt.Errorf("nothing was changed: %w", err), "kubectl kea restore list -n "+namespace)
	}
	return err
}

// moveOptions are the flags of cutover and rollback.
type moveOptions struct {
	restoreWork
	request    restore.MoveRequest
	carry      string
	printPatch bool
}

func newRestoreCutoverCmd(env *Env) *cobra.Command {
	o := &moveOptions{restoreWork: newRestoreWork(env), request: restore.MoveRequest{Direction: restore.Cutover}}
	c := &cobra.Command{
		Use:   "cutover NAME",
		Short: "Take a restored cluster into service, and carry the leases along",
		Long: `Take a restored cluster into service: Kea's servers go on with its database, and
no address is handed out twice.

Every lease that was granted or renewed since the moment of the restore is
carried forward first, while Kea goes on serving. Then the servers pause for a
second or two: what changed meanwhile is carried too, the Service that they
reach their database by is turned, a fresh login through it is proven from
inside their pods, and their sessions in the old cluster are ended. They answer
again when each has been seen in the new database. Neither Kea nor its
configuration is restarted or reloaded, and high availability does not notice.
At the end a short-lived pod asks for an address of every network as kubectl kea
probe does, if you may create Jobs: exit code 3 when somebody would get none.

An error before the servers answer again takes everything back. Killed anywhere,
no lease is lost and the same command goes on; restore abort ends it instead, as
long as no server has written to the new database. Afterwards the old cluster is
fenced and kept: restore rollback goes back to it.

Leases and their history are carried, and nothing else: host reservations in the
database are those of the moment of the restore.`,
		Example: `  # what would be carried, and what stands against it
  kubectl kea restore cutover kea-database-20250310-143000 --dry-run=server

  # do it, without a question
  kubectl kea restore cutover kea-database-20250310-143000 --confirm=kea-database-20250310-143000

  # DANGER: carry two VLANs only; leases of all others since then are forgotten
  kubectl kea restore cutover kea-database-20250310-143000 --carry-leases vlan=10,20`,
		Args:              exactName("which restored cluster?"),
		ValidArgsFunction: env.completeRestored,
		RunE: func(c *cobra.Command, args []string) error {
			o.request.To = args[0]
			return o.run(c.Context())
		},
	}
	o.bindMove(c)
	c.Flags().BoolVar(&o.request.Carry.Guard, "guard", false,
		"Where nothing can be carried: extend every lease that was valid at the moment of the restore")
	c.Flags().BoolVar(&o.printPatch, "print-patch", false, "Print what to do by hand, and change nothing")
	return c
}

func newRestoreRollbackCmd(env *Env) *cobra.Command {
	o := &moveOptions{restoreWork: newRestoreWork(env), request: restore.MoveRequest{Direction: restore.Rollback}}
	c := &cobra.Command{
		Use:   "rollback [NAME]",
		Short: "Go back to the cluster that was in service before a cutover",
		Long: `Go back to the cluster that was in service before a cutover. Its fence is
lifted; every lease that was granted or renewed since the cutover is carried
back into it, in the same steps and with the same short pause as in a cutover.

The restored cluster is fenced and kept: restore rollback once more goes forward
to it again, restore cleanup removes it.`,
		Example: `  # what would be carried back
  kubectl kea restore rollback --dry-run=server

  kubectl kea restore rollback --confirm=kea-database`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("one cluster can be gone back to, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: env.completeRestored,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.request.To = args[0]
			}
			return o.run(c.Context())
		},
	}
	o.bindMove(c)
	return c
}

// bindMove adds the flags that both have.
func (o *moveOptions) bindMove(c *cobra.Command) {
	bindCarry(c, &o.carry)
	o.bind(c, "Change nothing: client and server both show what would be done")
	o.confirm.bindName(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, restoreRules()...)
}

// bindCarry adds --carry-leases.
func bindCarry(c *cobra.Command, carry *string) {
	c.Flags().StringVar(carry, "carry-leases", "all",
		"Which leases a cutover carries along: all, vlan=10,users, or none: then addresses in use are given to others")
	complete(c, "carry-leases", cobra.FixedCompletions([]cobra.Completion{"all", "none", "vlan="}, cobra.ShellCompDirectiveNoFileComp))
}

// exactName takes one name.
func exactName(question string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return WithHint(usagef("%s name it", question), "kubectl kea restore list"+inNamespace(c))
		case len(args) > 1:
			return usagef("one name is taken, not %d: %s", len(args), strings.Join(args, " "))
		}
		return nil
	}
}

func (o *moveOptions) run(ctx context.Context) error {
	guard := o.request.Carry.Guard
	var err error
	if o.request.Carry, err = restore.ParseCarrying(o.carry); err != nil {
		return usagef("--carry-leases: %w", err)
	}
	if o.request.Carry.Guard = guard; guard && !o.request.Carry.None {
		return usagef("--guard is for --carry-leases none: leases that are carried need no guard")
	}
	s, ctx, done, err := o.begin(ctx, moveLimit)
	if err != nil {
		return err
	}
	defer done()
	o.request.Namespace = s.namespace
	plan, err := restore.PlanMove(ctx, s.Source, o.request)
	if err != nil {
		return o.explain(err, s.namespace)
	}
	if o.printPatch {
		return patchPage(plan).Write(o.env.Out, o.env.canvas())
	}
	if on, err := o.show(s, plan, o.planView(plan), plan.Blocked()); err != nil || !on {
		return err
	}
	return o.move(ctx, s, plan)
}

// move asks, and does what the plan says.
func (o *moveOptions) move(ctx context.Context, s session, plan restore.MovePlan) error {
	if err := o.confirm.askName(ctx, moveQuestion(plan), plan.To); err != nil {
		return err
	}
	again := o.again(plan)
	lock := o.lock(string(plan.Direction), again)
	lock.State.Abort = "kubectl kea restore abort -n " + plan.Namespace
	steps := o.env.steps()
	report, err := restore.Move(ctx, s.Source, plan, lock, steps)
	steps.Close()
	if err != nil {
		return o.unfinished(err, again)
	}
	err = o.out.write(s.format, report, printer.View{
		Page:  func() printer.Page { return movedPage(report, plan, o.out.canvas()) },
		Names: func() []string { return []string{clusterResource + "/" + report.To} },
	})
	if err == nil && report.Proof != nil && len(report.Proof.Problems) > 0 {
		return ErrBadAnswer
	}
	return err
}

// moveQuestion says what is at stake.
func moveQuestion(p restore.MovePlan) string {
	text := fmt.Sprintf("Take cluster %s into service in the place of %s?", p.To, p.From)
	if p.Carry.None {
		text = "DANGER: nothing is carried along; addresses in use will be given to other clients. " + text
	}
	return text
}

func (o *moveOptions) planView(p restore.MovePlan) printer.View {
	return printer.View{
		Page:  func() printer.Page { return movePlanPage(p, o.dry(), o.env.Now(), o.out.canvas()) },
		Names: func() []string { return []string{clusterResource + "/" + p.To} },
	}
}

// again is the command that goes on where this one was interrupted.
func (o *moveOptions) again(p restore.MovePlan) string {
	command := fmt.Sprintf("kubectl kea restore %s %s -n %s", p.Direction, p.To, p.Namespace)
	if text := p.Carry.String(); text != "all" {
		command += " --carry-leases " + text
	}
	if p.Carry.Guard {
		command += " --guard"
	}
	return command
}
