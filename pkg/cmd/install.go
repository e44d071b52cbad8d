package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/stackfile"
)

const (
	// installLimit bounds an install when --timeout does not: three PostgreSQL instances on slow storage take minutes.
	installLimit = 15 * time.Minute
	// peekLimit bounds the look for addresses of a client-side dry run, which works without a cluster too.
	peekLimit = 3 * time.Second
)

// installOptions are the flags of install.
type installOptions struct {
	change
	out             output
	confirm         confirm
	file            string
	printDefaults   bool
	createNamespace bool
	forceConflicts  bool
	wait            bool
}

func newInstallCmd(env *Env) *cobra.Command {
	o := &installOptions{change: change{env: env}, out: output{env: env}, confirm: confirm{env: env}}
	c := &cobra.Command{
		Use:   "install -f FILE",
		Short: "Deploy Kea with its database from a stack file",
		Long: `Deploy Kea with its database from one stack file: a CloudNativePG cluster with
backups, a Service and Secrets for Kea's login, the configuration of each
server, and the servers themselves, in high availability.

It compares the file with the cluster, shows what would change, asks, applies it
step by step, and waits until the servers hand out leases. A second run changes
nothing. A changed file shows the difference and applies it; a Kea that runs is
never restarted or reloaded: the end says which servers still run the old
configuration. What cannot be changed (the name of the database, the mode of
high availability, a smaller volume) is refused with the reason.

Passwords and the certificate authority are made once, in the cluster, and never
shown. Killed anywhere, the same command goes on.`,
		Example: `  # write a stack file with every default and a word about each, and change it
  kubectl kea install --print-defaults > stack.yaml

  # look first, then deploy
  kubectl kea install -f stack.yaml --dry-run=server
  kubectl kea install -f stack.yaml --create-namespace

  # the manifests, for git; install once first, it makes the Secrets
  kubectl kea install -f stack.yaml --dry-run=client -o yaml`,
		GroupID: groupSetUp,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	f := c.Flags()
	f.StringVarP(&o.file, "filename", "f", "", "The stack `FILE`; - is standard input")
	f.BoolVar(&o.printDefaults, "print-defaults", false, "Print a stack file with every field, its default and what it is for")
	f.BoolVar(&o.createNamespace, "create-namespace", false, "Create the namespace when it does not exist")
	f.BoolVar(&o.forceConflicts, "force-conflicts", false, "Take over fields that somebody else set")
	f.BoolVar(&o.wait, "wait", true, "Wait until the servers hand out leases")
	o.bind(c, "Change nothing: client prints the manifests, server shows what would change")
	o.confirm.bindYes(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c,
		rule{"get,list,create,patch", "services, configmaps, secrets, serviceaccounts", "", "what is deployed"},
		rule{"get,list,create,patch", "statefulsets", "apps", "the servers"},
		rule{"get,list,create,patch", "poddisruptionbudgets", "policy", "one server at a time"},
		rule{"get,list,create,patch", "networkpolicies", "networking.k8s.io", "what answers without a password"},
		rule{"get,list,create,patch", "cronjobs", "batch", "nightly maintenance"},
		rule{"get,list,create,patch", "roles", "rbac.authorization.k8s.io", "viewer, operator, admin; whoever makes them must hold what they grant, or escalate"},
		rule{"get,list,create,patch", "clusters, scheduledbackups", "postgresql.cnpg.io", "the database"},
		rule{"get,list,create,patch", "objectstores", "barmancloud.cnpg.io", "backups by the plugin"},
		rule{"get,create,update,delete", "leases", "coordination.k8s.io", "one operation at a time"},
		rule{"get,list", "pods", "", "to wait for them"},
		rule{"create", "pods/portforward", "", "to ask the servers"},
		rule{"create", "namespaces", "", "only with --create-namespace"},
	)
	return c
}

func (o *installOptions) run(ctx context.Context) error {
	if o.printDefaults {
		_, err := io.WriteString(o.env.Out, stackfile.Printed())
		return err
	}
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	s, err := o.env.readStack(o.file)
	if err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, installLimit)
	defer cancel()
	if o.dryRun == "client" {
		return o.printManifests(ctx, s, format)
	}
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	if err := chooseNamespace(s, k); err != nil {
		return err
	}
	return o.install(ctx, k, s, format)
}

// count is a number of things: "1 mistake", "3 mistakes".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// install plans, shows, asks, applies.
func (o *installOptions) install(ctx context.Context, k *kube.Client, s *v1alpha1.Stack, format printer.Format) error {
	connector := inventory.NewConnector(k, o.env.observeKea())
	defer connector.Close()
	src := stack.Source{Client: k, Connect: ha.Via(connector), Now: o.env.Now, Pods: k, Observe: o.env.observeSQL()}
	options := stack.Options{CreateNamespace: o.createNamespace, ForceConflicts: o.forceConflicts}
	plan, err := stack.Make(ctx, src, s, options)
	if err != nil {
		return err
	}
	if o.dry() || format.Human() || plan.Blocked() {
		if err := o.out.write(format, plan, o.view(plan, o.dry())); err != nil {
			return err
		}
	}
	if plan.Blocked() {
		return errors.New("nothing was changed: see what stands against it, above")
	}
	if o.dry() {
		return nil
	}
	if plan.Pending() > 0 {
		if err := o.confirm.ask(ctx, fmt.Sprintf("Apply this to namespace %s?", plan.Namespace)); err != nil {
			return err
		}
	}
	steps := o.env.steps()
	result, err := stack.Apply(ctx, src, plan, options, o.wait, o.lock("install", o.again(plan)), steps)
	steps.Close()
	if err != nil {
		return o.explain(err, plan)
	}
	plan.Lagging = result.Lagging
	if !format.Human() {
		plan.Problems = append(plan.Problems, result.Problems...)
		return o.out.write(format, plan, o.view(plan, false))
	}
	canvas := o.env.canvas()
	page := installedPage(plan, result.Relays, o.wait)
	problemsPart(&page, result.Problems, canvas)
	return page.Write(o.env.Out, canvas)
}

// view draws a plan.
func (o *installOptions) view(p stack.Plan, dryRun bool) printer.View {
	return printer.View{
		Page:  func() printer.Page { return planPage(p, dryRun, o.out.canvas()) },
		Names: func() []string { return changeNames(p.Changes) },
	}
}

// again is the command that goes on where this one was interrupted.
func (o *installOptions) again(p stack.Plan) string {
	command := fmt.Sprintf("kubectl kea install -n %s -f %s", p.Namespace, o.file)
	if o.forceConflicts {
		command += " --force-conflicts"
	}
	return command
}

// explain gives an apply's error its next command.
func (o *installOptions) explain(err error, p stack.Plan) error {
	var late *stack.NotReadyError
	if errors.As(err, &late) && errors.Is(err, context.DeadlineExceeded) {
		return WithHint(err, fmt.Sprintf("kubectl -n %s get pods,events; the same command again waits on", p.Namespace))
	}
	return o.unfinished(err, o.again(p))
}

// printManifests is the client-side dry run. It works without a cluster, and reads the Services' addresses where there
// is one.
func (o *installOptions) printManifests(ctx context.Context, s *v1alpha1.Stack, format printer.Format) error {
	services := corev1.ServiceList{}
	if k, err := o.env.Kube(); err == nil {
		if err := chooseNamespace(s, k); err != nil {
			return err
		}
		peek, cancel := context.WithTimeout(ctx, peekLimit)
		defer cancel()
		_ = k.List(peek, &services, client.InNamespace(s.Metadata.Namespace)) // nothing found is fine too
	}
	if s.Metadata.Namespace == "" {
		s.Metadata.Namespace = "default"
	}
	manifests, warnings, err := stack.Manifests(s, services.Items)
	if err != nil {
		return err
	}
	var p printer.Page
	for _, w := range warnings {
		p.Indented(0, 9, printer.Concat(printer.Warn.Text("warning:"), printer.Text(" "+w)))
	}
	if err := p.Write(o.env.ErrOut, o.env.errCanvas()); err != nil {
		return err
	}
	if format.Human() || format.String() == "yaml" {
		_, err := io.WriteString(o.env.Out, manifests.YAML())
		return err
	}
	return o.out.write(format, manifests.List(), printer.View{Names: manifests.Names})
}
