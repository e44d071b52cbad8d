package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/config"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack"
)

const (
	// rolloutLimit bounds a rollout when --timeout does not: a pair takes seconds, with Kea's own heartbeat half a minute.
	rolloutLimit = 15 * time.Minute
	// rolloutKind is how the lock names a rollout.
	rolloutKind = "config rollout"
)

// configApplyOptions are the flags of config apply.
type configApplyOptions struct {
	configChange
	change
	out     output
	confirm confirm
	outage  bool
}

func newConfigApplyCmd(env *Env) *cobra.Command {
	o := &configApplyOptions{configChange: configChange{meant: meant{env: env}}, change: change{env: env}, out: output{env: env}, confirm: confirm{env: env}}
	c := &cobra.Command{
		Use:   "apply",
		Short: "Change Kea's configuration, one server at a time, with DHCP going on",
		Long: `Change the configuration of servers that run: single values, whole files, or
what a changed stack file makes. Files keep their comments, their order and
their includes; only what changes is written.

It shows the differences, the order and what clients notice, and asks.
Beforehand each server's own Kea reads the new file, and a new access to a
database is tried by a login. Then the Secret or ConfigMap is changed, the pods
get the file at once, and the servers reload, the standby first: each while its
partner answers its clients, or takes over from it where the two have a database
each. Each proves by a lease query, its state and its own configuration that it
runs the new one. An error or Ctrl-C takes everything back. A server without a
partner makes its clients wait; the question then asks for the deployment's
name.

--set and --unset go into the files of all servers. A path that begins with
subnet4 or subnet6 is for that family alone; one that both have changes both,
unless --service says which.

Without -f, --file, --set or --unset nothing new is written: it finishes what a
killed run began (kubectl kea config abort takes that back instead), or else
every server that does not run its file reloads it, as after kubectl kea
install.

With -f, what a reload does not bring is named and left to kubectl kea install:
images, ports, addresses, resources.`,
		Example: `  kubectl kea config apply --set 'subnet4[id=10].valid-lifetime=7200' --dry-run=server
  kubectl kea config apply --set 'subnet4[id=10].valid-lifetime=7200'

  # add a host reservation, in the files of all DHCPv4 servers; remove one
  kubectl kea config apply --set 'subnet4[id=10].reservations[hw-address=02:00:00:00:00:01]={"hw-address":"02:00:00:00:00:01","ip-address":"192.0.2.20"}'
  kubectl kea config apply --unset 'subnet4[id=10].reservations[hw-address=02:00:00:00:00:02]'

  # what a changed stack file says, without a restart
  kubectl kea config apply -f stack.yaml

  # go on with a run that was killed; have all servers run what their files say
  kubectl kea config apply`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.configChange.bind(c)
	c.Flags().BoolVar(&o.outage, "accept-outage", false, "Reload a server although its partner is down: NOBODY serves until it goes to partner-down")
	o.change.bind(c, "Change nothing: client shows the plan, server also asks the API server whether it takes the objects")
	o.confirm.bindBoth(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, rolloutRules()...)
	return c
}

// rolloutRules are the permissions for a rollout.
func rolloutRules() []rule {
	return append(serverRules(),
		rule{"get, create, patch, delete", "secrets", "", "files in Secrets, and what was there before, until the end"},
		rule{"patch", "configmaps", "", "files in ConfigMaps"},
		rule{"get, patch", "pods", "", "bringing the changed files to the pods at once"},
		rule{"create", "pods/exec", "", "Kea's own look at a new file, and the hash of the file in each pod"},
		rule{"get, create, update, delete", "leases", "coordination.k8s.io", "one operation at a time"})
}

// rolloutSource connects. done must be called.
func (e *Env) rolloutSource(k *kube.Client) (src rollout.Source, done func()) {
	connector := inventory.NewConnector(k, e.observeKea())
	return rollout.Source{Client: k, Pods: k, Connector: connector, Observe: e.observeSQL(), Now: e.Now}, connector.Close
}

func (o *configApplyOptions) run(ctx context.Context) error {
	env := o.change.env
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := errors.Join(o.configChange.validate(), o.change.validate()); err != nil {
		return err
	}
	ctx, cancel := env.deadline(ctx, rolloutLimit)
	defer cancel()
	k, err := env.Kube()
	if err != nil {
		return err
	}
	request, left, err := o.request(ctx, k)
	if err != nil {
		return err
	}
	src, done := env.rolloutSource(k)
	defer done()
	plan, err := rollout.PlanConfig(ctx, src, request)
	if err != nil {
		return explainRollout(err)
	}
	end := plan.Idle() || plan.Blocked() || o.dry()
	if end || format.Human() {
		if err := o.out.write(format, plan, rolloutView(plan, left, o.dry(), o.out.canvas)); err != nil {
			return err
		}
	}
	switch {
	case plan.Blocked() && plan.Continues:
		return WithHint(errors.New("nothing was changed: see what stands against it, above"), abortCommand(plan.Namespace))
	case slices.ContainsFunc(plan.Problems, func(x problem.Problem) bool { return x.Code == "not-editable" }):
		return WithHint(errors.New("nothing was changed: see what stands against it, above"), "kubectl kea config render -n "+plan.Namespace)
	case plan.Blocked():
		return errors.New("nothing was changed: see what stands against it, above")
	case plan.Idle(), o.dryRun == "client":
		return nil
	case o.dryRun == "server":
		return rollout.TryWrite(ctx, src, plan)
	}
	if err := o.ask(ctx, plan); err != nil {
		return err
	}
	return o.apply(ctx, src, plan, format)
}

// request is what the flags ask for. left is what a stack file says and a reload does not bring.
func (o *configApplyOptions) request(ctx context.Context, k *kube.Client) (r rollout.Request, left []string, err error) {
	change, s, err := o.wanted(ctx, k)
	if err != nil {
		return r, nil, err
	}
	in, err := o.change.env.discover(ctx, k, "config apply")
	if err != nil {
		return r, nil, err
	}
	if err := othersBegan(in); err != nil {
		return r, nil, err
	}
	servers, err := o.named(in, &change, s)
	if err != nil {
		return r, nil, err
	}
	r = rollout.Request{Namespace: k.Namespace, Edits: change.Edits, Texts: map[rollout.Object]kea.Secret{}, Outage: o.outage}
	for _, server := range servers {
		if len(o.servers) > 0 || o.service != "" {
			r.Servers = append(r.Servers, server.Name())
		}
		text, ok := change.Texts[server.Name()]
		if !ok {
			continue
		}
		file, err := in.ConfigFile(server)
		if err != nil {
			return r, nil, fmt.Errorf("%s: %w", server.Name(), err)
		}
		object := rollout.Object{Kind: file.Kind, Name: file.Name, Key: file.Key}
		if other, ok := r.Texts[object]; ok && !other.Equal(text) {
			return r, nil, usagef("--file: two files for %s, which several servers share", config.ObjectText(file))
		}
		r.Texts[object] = text
	}
	if r.Reload = o.behind(ctx, k, in, servers); s != nil {
		for server := range change.Texts {
			if !slices.ContainsFunc(servers, func(i inventory.Server) bool { return i.Name() == server }) {
				left = append(left, "server "+server+", which is not there yet")
			}
		}
		more, err := o.leftToInstall(ctx, k, s)
		return r, append(left, more...), err
	}
	return r, nil, nil
}

// behind are the servers that do not run their files. They reload also where these say already what is asked for.
func (o *configApplyOptions) behind(ctx context.Context, k *kube.Client, in *inventory.Inventory, servers []inventory.Server) []string {
	connector := inventory.NewConnector(k, o.change.env.observeKea())
	defer connector.Close()
	found := []string{}
	for i, observation := range ha.Gather(ctx, servers, ha.Via(connector), o.change.env.Now) {
		file, err := in.ConfigFile(servers[i])
		if err == nil && config.Behind(servers[i].File, observation, file.Changed) != "" {
			found = append(found, servers[i].Name())
		}
	}
	return found
}

// leftToInstall are the other objects that the stack file changes. Who may not look at all of them is not told.
func (o *configApplyOptions) leftToInstall(ctx context.Context, k *kube.Client, s *v1alpha1.Stack) ([]string, error) {
	connector := inventory.NewConnector(k, o.change.env.observeKea())
	defer connector.Close()
	src := stack.Source{Client: k, Connect: ha.Via(connector), Now: o.change.env.Now, Pods: k, Observe: o.change.env.observeSQL()}
	plan, err := stack.Make(ctx, src, s, stack.Options{})
	if err != nil {
		return nil, err
	}
	left := []string{}
	for _, c := range plan.Changes {
		if (c.Action == stack.Create || c.Action == stack.Update) && c.Name != s.ConfigMap() {
			left = append(left, strings.ToLower(c.Kind)+" "+c.Name)
		}
	}
	return left, nil
}

// othersBegan refuses to go on with what another command began: a rotation of passwords rolls out configurations too.
func othersBegan(in *inventory.Inventory) error {
	for _, pending := range in.Operations {
		if pending.Kind != rolloutKind {
			return WithHint(fmt.Errorf("nothing was changed: the %s of %s is not finished", pending.Kind, pending.By), pending.Continue)
		}
	}
	return nil
}

func (o *configApplyOptions) ask(ctx context.Context, p rollout.Plan) error {
	question := fmt.Sprintf("Change the configuration of %s in namespace %s?", plural(len(p.Files), "server"), p.Namespace)
	if p.Continues {
		question = "Go on with the rollout in namespace " + p.Namespace + "?"
	}
	return askRollout(ctx, &o.confirm, question, p)
}

// askRollout asks for the deployment's name where clients are left alone for a while, else yes or no.
func askRollout(ctx context.Context, q *confirm, question string, p rollout.Plan) error {
	if leavesAlone(p) {
		return q.askName(ctx, question+" Clients wait meanwhile.", p.Deployment)
	}
	return q.ask(ctx, question)
}

// leavesAlone: somebody's clients are served by nobody for a while.
func leavesAlone(p rollout.Plan) bool {
	return slices.ContainsFunc(p.Moves, func(m rollout.Move) bool { return m.Way == rollout.WayAlone && m.Serves() })
}

// apply does it.
func (o *configApplyOptions) apply(ctx context.Context, src rollout.Source, plan rollout.Plan, format printer.Format) error {
	again := "kubectl kea config apply -n " + plan.Namespace
	lock := o.lock(rolloutKind, again)
	lock.State.Abort = abortCommand(plan.Namespace)
	steps := o.change.env.steps()
	report, err := rollout.Apply(ctx, src, plan, lock, steps)
	steps.Close()
	var reverted *operation.Reverted
	switch {
	case errors.As(err, &reverted): // nothing is left to go on from
		return err
	case err != nil:
		return o.unfinished(err, again)
	}
	return o.out.write(format, report, rolledView(report, plan))
}

// explainRollout gives an error of a plan its next command.
func explainRollout(err error) error {
	var unknown *rollout.UnknownServerError
	if errors.As(err, &unknown) {
		return WithHint(&NotFoundError{fmt.Sprintf("server %s in namespace %s (there are: %s)", unknown.Name, unknown.Namespace, strings.Join(unknown.Servers, ", "))},
			"kubectl kea ha status -n "+unknown.Namespace)
	}
	return err
}

func abortCommand(namespace string) string { return "kubectl kea config abort -n " + namespace }
