package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// lookLimit bounds a look when --timeout does not. Each source has less, so that a look ends with what could be read.
const lookLimit = 10 * time.Second

// reportOptions are what the commands that look at whole namespaces have in common: status and ha status.
type reportOptions struct {
	env      *Env
	out      output
	watch    watch
	all      bool
	selector string
	failOn   string

	gather func(context.Context, status.Source, string, inventory.Options) (status.Report, error)
	page   func(status.Report, printer.Canvas) printer.Page
}

// bind adds the flags.
func (o *reportOptions) bind(c *cobra.Command) {
	o.out.bind(c, printer.Choices{Name: true})
	o.out.bindHeaders(c)
	o.watch.bind(c)
	c.Flags().BoolVarP(&o.all, "all-namespaces", "A", false, "Look at every namespace that has Kea servers")
	c.Flags().StringVarP(&o.selector, "selector", "l", "", "Look only at pods and workloads with these labels")
	c.Flags().StringVar(&o.failOn, "fail-on", "critical", "Exit with 3 at problems of this severity or worse: critical, warning, info, never")
	complete(c, "fail-on", cobra.FixedCompletions([]cobra.Completion{"critical", "warning", "info", "never"}, cobra.ShellCompDirectiveNoFileComp))
}

// list is the value of -A: a report a namespace.
type list struct {
	Items []status.Report `json:"items"`
}

func (o *reportOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	limit, ok := map[string]problem.Severity{"critical": problem.Critical, "warning": problem.Warning, "info": problem.Info, "never": ""}[o.failOn]
	if !ok {
		return usagef("--fail-on %q: it takes critical, warning, info or never", o.failOn)
	}
	if err := o.watch.validate(); err != nil {
		return err
	}
	options := inventory.Options{}
	if o.selector != "" {
		if options.Selector, err = labels.Parse(o.selector); err != nil {
			return usagef("--selector: %w", err)
		}
	}
	if o.watch.on {
		return o.watch.run(ctx, &o.out, format, func(ctx context.Context) (any, printer.View, error) {
			reports, _, err := o.look(ctx, options)
			return o.value(reports), o.view(reports, format), err
		})
	}
	reports, late, err := o.look(ctx, options)
	if err != nil {
		return err
	}
	if err := o.out.write(format, o.value(reports), o.view(reports, format)); err != nil {
		return err
	}
	if late != nil {
		return WithHint(fmt.Errorf("the report above is incomplete: %w", late), "give it longer with --timeout")
	}
	for _, r := range reports {
		if limit != "" && r.Worst.AtLeast(limit) {
			return ErrBadAnswer
		}
	}
	return nil
}

// look gathers the reports of the namespaces asked for, side by side. late is set when time ran out before all of it
// was read.
func (o *reportOptions) look(ctx context.Context, options inventory.Options) (reports []status.Report, late, err error) {
	ctx, cancel := o.env.deadline(ctx, lookLimit)
	defer cancel()
	kube, err := o.env.Kube()
	if err != nil {
		return nil, nil, err
	}
	connector := inventory.NewConnector(kube, o.env.observeKea())
	defer connector.Close()
	source := status.Source{Reader: kube, Connect: ha.Via(connector), Pods: kube, Now: o.env.Now, Observe: o.env.observeSQL()}
	namespaces := []string{kube.Namespace}
	if o.all {
		if namespaces, err = inventory.Namespaces(ctx, kube, options); err != nil {
			return nil, nil, err
		}
		if len(namespaces) == 0 {
			return nil, nil, fmt.Errorf("%w in any namespace%s", inventory.ErrNone, selected(o.selector))
		}
	}
	reports = make([]status.Report, len(namespaces))
	failed := make([]error, len(namespaces))
	var wait sync.WaitGroup
	for i, namespace := range namespaces {
		wait.Go(func() { reports[i], failed[i] = o.gather(ctx, source, namespace, options) })
	}
	wait.Wait()
	if err := errors.Join(failed...); err != nil {
		var unfinished *inventory.UnfinishedError
		if errors.As(err, &unfinished) && unfinished.Operation.Continue != "" {
			return nil, nil, WithHint(err, unfinished.Operation.Continue)
		}
		if len(failed) == 1 && errors.Is(err, inventory.ErrNone) {
			return nil, nil, elsewhere(ctx, kube, options, o.selector, "status", failed[0])
		}
		return nil, nil, err
	}
	return reports, context.Cause(ctx), nil
}

// selected says which labels were asked for.
func selected(selector string) string {
	if selector == "" {
		return ""
	}
	return " with labels " + selector
}

// elsewhere names the namespaces that do have Kea servers, where the user may know, and the command that looks at one.
func elsewhere(ctx context.Context, kube client.Reader, options inventory.Options, selector, command string, err error) error {
	err = fmt.Errorf("%w%s", err, selected(selector))
	namespaces, listErr := inventory.Namespaces(ctx, kube, options)
	switch {
	case listErr != nil:
		return WithHint(err, "choose the namespace with -n (you may not list pods in all namespaces)")
	case len(namespaces) == 0:
		return fmt.Errorf("%w, nor in any other", err)
	}
	return WithHint(fmt.Errorf("%w; namespaces that have some: %s", err, strings.Join(namespaces, ", ")), "kubectl kea "+command+" -n "+namespaces[0])
}

func (o *reportOptions) value(reports []status.Report) any {
	if !o.all && len(reports) == 1 {
		return reports[0]
	}
	return list{reports}
}

func (o *reportOptions) view(reports []status.Report, format printer.Format) printer.View {
	return printer.View{
		Page: func() printer.Page {
			var p printer.Page
			canvas := o.out.canvas()
			canvas.Wide = format.Wide()
			if o.watch.on && len(reports) > 0 {
				p.Text(printer.Dim.Textf("every %s, last at %s", o.watch.interval, reports[0].Time.Format(time.TimeOnly)))
				p.Blank()
			}
			// With several namespaces the verdicts come first, and the worst first: the screen may be too short for the rest.
			ordered := slices.Clone(reports)
			slices.SortStableFunc(ordered, func(a, b status.Report) int { return urgency(a) - urgency(b) })
			if len(ordered) > 1 {
				for _, r := range ordered {
					p.Text(verdict(r))
				}
				p.Blank()
			}
			for i, r := range ordered {
				if i > 0 {
					p.Blank()
				}
				p.Append(o.page(r, canvas))
			}
			return p
		},
		Names: func() []string {
			names := []string{}
			for _, r := range reports {
				for _, relationship := range r.Relationships {
					for _, peer := range relationship.Peers {
						names = append(names, "server/"+peer.Server)
					}
				}
				for _, peer := range r.Standalone {
					names = append(names, "server/"+peer.Server)
				}
			}
			return names
		},
	}
}
