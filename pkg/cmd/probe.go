package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/probe"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// probeLimit bounds a probe when --timeout does not.
const probeLimit = 3 * time.Minute

// probeOptions are the flags of probe.
type probeOptions struct {
	change
	out     output
	source  leaseSource
	family  leaseFilter
	vlans   []string
	servers []string
	image   string
	options probe.Options
}

func newProbeCmd(env *Env) *cobra.Command {
	o := &probeOptions{change: change{env: env}, out: output{env: env}, source: leaseSource{env: env, way: string(leases.Auto)}}
	c := &cobra.Command{
		Use:   "probe",
		Short: "Ask every server for an address of every VLAN, as a client would",
		Long: `Ask every server for an address of every VLAN, as a client behind a relay would:
who answers, with which address, and how fast. It asks from a short-lived pod in
the namespace of the servers, which says in the relay's link selection (v6: its
link-address) which VLAN its client is on.

An offer is no lease: nothing is taken from anybody. With --full a lease is
taken from each server that offers one, and given back.

A standby that is silent is healthy, and in load-balancing each client belongs
to one server. A VLAN in which nobody answers is critical and makes the command
exit with 3; the likeliest reason is said.

The pod runs with no privilege, is removed at the end, and ends by itself should
the command be killed. Its image is one that is in use in the namespace, which
needs perl: PostgreSQL's has it, and every other that is built on Debian.`,
		Example: `  # does every VLAN get addresses, and from whom
  kubectl kea probe

  # of one VLAN, through to a lease and its release
  kubectl kea probe --vlan users --full

  # does one server answer DHCPv6
  kubectl kea probe --server kea-dhcp-0 -6

  # the manifest of the pod
  kubectl kea probe --dry-run=client`,
		GroupID: groupLook,
		Args:    noArguments,
		PreRunE: noEmptyFlags,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	f := c.Flags()
	f.StringSliceVar(&o.vlans, "vlan", nil, "VLANs, by number or name")
	complete(c, "vlan", o.family.completeVLAN)
	f.StringSliceVar(&o.servers, "server", nil, "Servers, by name (kea-dhcp-0/dhcp4) or pod (kea-dhcp-0)")
	complete(c, "server", env.completeServer)
	o.family.source = &o.source
	o.family.bindFamilies(c)
	f.BoolVar(&o.options.Full, "full", false, "Take a lease from each server that offers one, and give it back")
	f.DurationVar(&o.options.Wait, "wait", time.Second, "How long a server may take to answer; each packet is sent twice")
	f.StringVar(&o.image, "image", "", "Image of the pod, with perl in it; default: one in use in the namespace")
	f.StringVarP(&o.source.selector, "selector", "l", "", "Look only at pods and workloads with these labels")
	f.StringVar(&o.source.vlanMap, "vlan-map", "", "VLANs of subnets that do not name theirs: 10=10.10.0.0/16,20=10.20.0.0/16, or @FILE with such lines")
	bindDryRun(c, &o.dryRun, "Ask nobody: client prints the manifest of the pod, server has the API server check it, too")
	o.out.bind(c, printer.Choices{Name: true})
	o.out.bindHeaders(c)
	needs(c, append(serverRules(),
		rule{"create, delete", "jobs", "batch", "the pod that asks, and its end"},
		rule{"create", "pods/exec", "", "having it send and receive"},
		rule{"list", "clusters", "postgresql.cnpg.io", "an image that is in use; --image needs none"})...)
	return c
}

func (o *probeOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	if o.options.Wait < 500*time.Millisecond || o.options.Wait > time.Minute {
		return usagef("--wait %s: it takes 500ms to 1m", o.options.Wait)
	}
	asked, err := o.source.request(0)
	if err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, probeLimit)
	defer cancel()
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	connector := inventory.NewConnector(k, o.env.observeKea())
	defer connector.Close()
	steps := o.env.steps()
	defer steps.Close()
	source := probe.Source{Client: k, Pods: k, Connector: connector, Progress: steps, Now: o.env.Now}
	wanted := probe.Wanted{VLANs: o.vlans, Servers: o.servers, Services: o.family.services()}
	p, err := probe.Look(ctx, source, k.Namespace, asked.Inventory, inventory.VLANRules{Map: asked.VLANs}, wanted, o.options, o.image)
	if err != nil {
		return o.explain(ctx, k, asked.Inventory, err)
	}
	if o.dry() {
		return o.look(ctx, k, p, format)
	}
	report, err := p.Run(ctx)
	steps.Close()
	if errors.Is(err, probe.ErrNoPerl) {
		return WithHint(fmt.Errorf("%w: %s", err, p.Job.Spec.Template.Spec.Containers[0].Image), "kubectl kea probe --image IMAGE, with perl in it: any built on Debian")
	}
	if err != nil {
		return err
	}
	err = o.out.write(format, report, printer.View{
		Page: func() printer.Page {
			canvas := o.out.canvas()
			canvas.Wide = format.Wide()
			return probePage(report, canvas)
		},
		Names: func() []string { return answering(report) },
	})
	if err == nil && report.Worst == problem.Critical {
		err = ErrBadAnswer
	}
	return err
}

// explain gives an error of looking its next command.
func (o *probeOptions) explain(ctx context.Context, k *kube.Client, options inventory.Options, err error) error {
	var unknown *leases.UnknownError
	switch {
	case errors.As(err, &unknown) && unknown.What == "server":
		return WithHint(&missingError{fmt.Errorf("--server: %w", err)}, "kubectl kea ha status -n "+k.Namespace)
	case errors.As(err, &unknown):
		return unknownPlace("--vlan", err, k.Namespace)
	case errors.Is(err, inventory.ErrNone):
		return elsewhere(ctx, k, options, o.source.selector, "probe", err)
	case errors.Is(err, probe.ErrNothing):
		return WithHint(err, "kubectl kea leases usage -n "+k.Namespace)
	}
	return leaseHint(err, k.Namespace)
}

// look is a dry run.
func (o *probeOptions) look(ctx context.Context, k *kube.Client, p *probe.Probe, format printer.Format) error {
	if o.dryRun == "server" {
		if err := k.Create(ctx, p.Job.DeepCopy(), client.DryRunAll); err != nil {
			return fmt.Errorf("check the probe's job: %w", err)
		}
		if format.Human() {
			o.env.remark("dry run: nobody was asked")
			return nil
		}
	}
	format, err := o.out.manifest(format)
	if err != nil {
		return err
	}
	return o.out.write(format, p.Job, printer.View{Names: func() []string { return []string{"job.batch/" + p.Job.GenerateName} }})
}

// answering are the servers that answered, by name.
func answering(r probe.Report) []string {
	names := []string{}
	for _, l := range r.Links {
		for _, s := range l.Servers {
			if name := "server/" + s.Server; s.Clients > 0 && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// completeServer offers the servers of the namespace.
func (e *Env) completeServer(c *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	before := ""
	if i := strings.LastIndex(typed, ","); i >= 0 {
		before = typed[:i+1]
	}
	return e.completeObjects(c, func(ctx context.Context, k *kube.Client) ([]string, error) {
		in, err := inventory.Discover(ctx, k, k.Namespace, inventory.Options{})
		if err != nil {
			return nil, err
		}
		names := []string{}
		for _, s := range in.Servers {
			names = append(names, cobra.CompletionWithDesc(before+s.Name(), map[kea.Service]string{kea.DHCP4: "DHCPv4", kea.DHCP6: "DHCPv6"}[s.Service]))
		}
		return names, nil
	})
}
