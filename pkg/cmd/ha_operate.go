package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

// haOperationLimit bounds an operation on high availability when --timeout does not. Most take a second, a way back two
// heartbeats.
const haOperationLimit = 2 * time.Minute

// haOperation is what the commands that change the state of high availability have in common.
type haOperation struct {
	change
	out     output
	confirm confirm
	byName  bool // the question asks for the server's name
	kind    ha.Kind
	force   bool
}

func newHAOperation(env *Env, kind ha.Kind) *haOperation {
	return &haOperation{change: change{env: env}, out: output{env: env}, confirm: confirm{env: env}, kind: kind}
}

// bind adds the flags; byName is for what can stop service.
func (o *haOperation) bind(c *cobra.Command, byName bool) {
	o.change.bind(c, "Change nothing: client and server both show what would be done, and what stands against it")
	if o.byName = byName; byName {
		o.confirm.bindName(c)
	} else {
		o.confirm.bindYes(c)
	}
	o.out.bind(c, printer.Choices{Name: true})
	c.ValidArgsFunction = o.env.completeHAServer
	needs(c, append(serverRules(), rule{"get,create,update,delete", "leases", "coordination.k8s.io", "one operation at a time"})...)
}

// haSource connects; done must be called.
func (e *Env) haSource() (src ha.Source, k *kube.Client, done func(), err error) {
	k, err = e.Kube()
	if err != nil {
		return src, nil, nil, err
	}
	connector := inventory.NewConnector(k, e.observeKea())
	src = ha.Source{Reader: k, Namespace: k.Namespace, Connect: ha.Via(connector), Command: ha.Commands(connector), Now: e.Now}
	return src, k, connector.Close, nil
}

// oneServer takes the name of a server or pod.
func oneServer(c *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return WithHint(usagef("which server? name one, as in kea-dhcp-0/dhcp4, or a pod"), "kubectl kea ha status"+inNamespace(c))
	case 1:
		return nil
	}
	return usagef("one server is taken, not %d: %s", len(args), strings.Join(args, " "))
}

// run plans, shows, asks, and does it.
func (o *haOperation) run(ctx context.Context, server string) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, haOperationLimit)
	defer cancel()
	src, k, done, err := o.env.haSource()
	if err != nil {
		return err
	}
	defer done()
	request := ha.Request{Kind: o.kind, Server: server, Force: o.force}
	in, plan, err := o.plan(ctx, src, request)
	if err != nil {
		return err
	}
	if err := o.othersUnfinished(in); err != nil && !o.dry() {
		return err
	}
	refused := plan.Refused()
	if o.dry() || format.Human() || refused != nil {
		if err := o.out.write(format, plan, o.view(plan, false)); err != nil {
			return err
		}
	}
	if refused != nil {
		if !o.dry() {
			if err := o.forget(ctx, k, in, plan); err != nil {
				return err
			}
		}
		return WithHint(errors.New("nothing was changed: see what stands against it, above"), cmp.Or(refused.Next, "kubectl kea ha status -n "+src.Namespace))
	}
	switch {
	case o.dry():
		return nil
	case !plan.Done():
		if err := o.ask(ctx, plan); err != nil {
			return err
		}
	case !leftBehind(in):
		if !format.Human() {
			return o.out.write(format, plan, o.view(plan, true))
		}
		return nil
	}
	steps := o.env.steps()
	lock := o.lock("ha "+string(o.kind), plan.Command())
	lock.Namespace, lock.Deployment = plan.Namespace, ha.DeploymentOf(in, plan)
	err = operation.Locked(ctx, k, lock, haSteps(plan, src), steps)
	steps.Close()
	if err == nil {
		err = o.keepOthers(ctx, k, lock, in)
	}
	if err != nil {
		return o.explain(err, plan)
	}
	if _, plan, err = o.plan(ctx, src, request); err != nil {
		return err
	}
	return o.out.write(format, plan, o.view(plan, true))
}

// plan looks at the servers and works out what is to be done.
func (o *haOperation) plan(ctx context.Context, src ha.Source, r ha.Request) (*inventory.Inventory, ha.Plan, error) {
	in, observations, err := src.Look(ctx)
	if err != nil {
		return nil, ha.Plan{}, WithHint(err, hintOr(err, "kubectl kea status -A"))
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, ha.Plan{}, fmt.Errorf("look at the servers: %w", cause)
	}
	plan, err := ha.MakePlan(src.Namespace, observations, r)
	var unknown *ha.UnknownServerError
	if errors.As(err, &unknown) {
		return nil, plan, WithHint(&NotFoundError{fmt.Sprintf("server %s in namespace %s (there are: %s)", unknown.Name, unknown.Namespace, strings.Join(unknown.Servers, ", "))},
			"kubectl kea ha status -n "+src.Namespace)
	}
	return in, plan, err
}

// hintOr is the hint that an error has, else the one given.
func hintOr(err error, otherwise string) string {
	if hint := hintOf(err); hint != "" {
		return hint
	}
	return otherwise
}

// haKind is how the lock names the operations of ha.
const haKind = "ha "

// othersUnfinished refuses to change servers in the middle of what another command began with them. What brings service
// back is refused only while a cutover has them paused: an install may be unfinished because nobody serves.
func (o *haOperation) othersUnfinished(in *inventory.Inventory) error {
	helps := o.kind == ha.MaintenanceCancel || o.kind == ha.ForceTakeover
	for _, pending := range in.Operations {
		pauses := pending.Kind == string(restore.Cutover) || pending.Kind == string(restore.Rollback)
		if !strings.HasPrefix(pending.Kind, haKind) && (pauses || !helps) {
			return WithHint(fmt.Errorf("nothing was changed: the %s of %s is not finished", pending.Kind, pending.By), pending.Continue)
		}
	}
	return nil
}

// keepOthers leaves in the cluster what another command had left there, which our lock has taken the place of.
func (o *haOperation) keepOthers(ctx context.Context, c client.Client, lock operation.Options, in *inventory.Inventory) error {
	object := "lease " + operation.LockName(lock.Deployment)
	for _, pending := range in.Operations {
		if strings.HasPrefix(pending.Kind, haKind) || pending.Object != object {
			continue
		}
		lock.State = operation.State{
			Kind: pending.Kind, Step: pending.Step, Started: pending.Started, By: pending.By, Continue: pending.Continue, Abort: pending.Abort,
		}
		kept, err := operation.Acquire(ctx, c, lock)
		if err != nil {
			return err
		}
		return kept.Leave(ctx)
	}
	return nil
}

// forget removes the note of an earlier run that did not come to its end where the pair has become healthy by itself: such a
// run leaves nothing else in the cluster, and what it was to do is refused now. One that is still at work is left alone.
func (o *haOperation) forget(ctx context.Context, c client.Client, in *inventory.Inventory, plan ha.Plan) error {
	options := o.lock(haKind+string(o.kind), plan.Command())
	options.Namespace, options.Deployment = plan.Namespace, ha.DeploymentOf(in, plan)
	object := "lease " + operation.LockName(options.Deployment)
	if !plan.Healthy() || !slices.ContainsFunc(in.Operations, func(p inventory.Operation) bool { return strings.HasPrefix(p.Kind, haKind) && p.Object == object }) {
		return nil
	}
	lock, err := operation.Acquire(ctx, c, options)
	var held *operation.HeldError
	if errors.As(err, &held) {
		return nil
	}
	if err == nil {
		err = lock.Release(ctx)
	}
	if err != nil {
		return fmt.Errorf("end the unfinished operation: %w", err)
	}
	_, err = fmt.Fprintln(o.env.ErrOut, "the unfinished operation is over: the pair is healthy, and nothing of it is left")
	return err
}

// leftBehind: an earlier run was killed and its lock still says so.
func leftBehind(in *inventory.Inventory) bool {
	return slices.ContainsFunc(in.Operations, func(p inventory.Operation) bool { return strings.HasPrefix(p.Kind, haKind) })
}

// haSteps are the plan's steps. What is refused before anything was sent leaves nothing unfinished.
func haSteps(plan ha.Plan, src ha.Source) []operation.Step {
	steps := []operation.Step{}
	for i, s := range plan.Steps(src) {
		step := operation.Step(s)
		if i == 0 {
			step.Do = func(ctx context.Context, note func(string)) (string, error) {
				result, err := s.Do(ctx, note)
				var refused *ha.RefusedError
				if errors.As(err, &refused) {
					err = &operation.Reverted{Err: err}
				}
				return result, err
			}
		}
		steps = append(steps, step)
	}
	return steps
}

// ask says what is at stake.
func (o *haOperation) ask(ctx context.Context, plan ha.Plan) error {
	if o.byName {
		return o.confirm.askName(ctx, haQuestion(plan), plan.Server)
	}
	return o.confirm.ask(ctx, haQuestion(plan))
}

func haQuestion(p ha.Plan) string {
	server := p.Server
	if server == "" {
		server = p.Acts[0].Server
		if len(p.Acts) > 1 {
			server = plural(len(p.Acts), "server")
		}
	}
	switch p.Operation {
	case ha.MaintenanceStart:
		return "Take " + server + " out of service?"
	case ha.MaintenanceCancel:
		return "Bring " + server + " back into service?"
	case ha.ForceTakeover:
		return "Have " + server + " take over?"
	default:
		return "Send " + p.Acts[0].Command + " to " + server + "?"
	}
}

// explain gives an error its next command.
func (o *haOperation) explain(err error, plan ha.Plan) error {
	var refused *ha.RefusedError
	if errors.As(err, &refused) {
		return WithHint(err, hintOr(err, refused.Act.Next))
	}
	return o.unfinished(err, plan.Command())
}

func (o *haOperation) view(p ha.Plan, after bool) printer.View {
	return printer.View{
		Page: func() printer.Page {
			if after {
				return haDonePage(p)
			}
			return haPlanPage(p, o.dry())
		},
		Names: func() []string {
			names := []string{}
			for _, a := range p.Acts {
				names = append(names, "server/"+a.Server)
			}
			return names
		},
	}
}

// haPlanPage shows what would be done, what it costs, and what stands against it.
func haPlanPage(p ha.Plan, dryRun bool) printer.Page {
	var page printer.Page
	page.Text(printer.Concat(printer.Textf("ha %s in ", p.Operation), printer.Bold.Text("namespace "+p.Namespace)))
	if len(p.Acts) == 0 {
		page.Text(printer.Good.Text("no server is in maintenance"))
	}
	row := func(name string, text printer.Line) {
		page.Indented(2, 11, printer.Concat(printer.Dim.Textf("%-9s", name), text))
	}
	for _, a := range p.Acts {
		page.Blank()
		page.Text(printer.Concat(printer.Bold.Text(a.Server), printer.Text(haStates(a))))
		switch {
		case a.Refused != "":
			row("refused", printer.Bad.Text(a.Refused))
			continue
		case a.Done != "":
			row("done", printer.Good.Text(a.Done))
			continue
		case a.Command != "":
			row("send", printer.Textf("%s to %s", a.Command, a.To))
		default:
			row("send", printer.Text("nothing: they are on their way"))
		}
		row("until", printer.Text(a.Wanted))
		for _, cost := range a.Costs {
			row("cost", costTone(cost).Text(cost))
		}
	}
	if dryRun {
		page.Blank()
		page.Text(printer.Dim.Text("dry run: nothing was changed"))
	} else if p.Refused() == nil && !p.Done() {
		page.Blank()
	}
	return page
}

// haStates is how the server and its partner are.
func haStates(a ha.Act) string {
	text := " is " + cmp.Or(string(a.State), "not reached")
	if a.Partner != "" {
		text += ", its partner " + a.Partner + " is " + cmp.Or(string(a.PartnerState), "not reached")
	}
	return text
}

// haDonePage says how the servers are now.
func haDonePage(p ha.Plan) printer.Page {
	var page printer.Page
	for _, a := range p.Acts {
		page.Indented(0, 2, printer.Concat(printer.Bold.Text(a.Server), printer.Text(haStates(a))))
	}
	if p.Operation == ha.MaintenanceStart {
		page.Indented(0, 2, printer.Concat(printer.Dim.Text("it may be stopped, restarted or reloaded now; back into service: "),
			printer.Accent.Text("kubectl kea ha maintenance cancel "+p.Server+" -n "+p.Namespace)))
	}
	return page
}

// costTone: what costs nothing is not shouted.
func costTone(cost string) printer.Tone {
	switch {
	case strings.HasPrefix(cost, "DANGER"):
		return printer.Bad
	case strings.HasPrefix(cost, "none"):
		return printer.Good
	}
	return printer.Warn
}
