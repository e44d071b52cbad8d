package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// leaseRemoval is what the commands that delete leases have in common: plan, show, ask, delete.
type leaseRemoval struct {
	env     *Env
	source  leaseSource
	out     output
	confirm confirm
	dryRun  string
	force   bool
}

// bind adds the flags; force says what --force does.
func (o *leaseRemoval) bind(c *cobra.Command, force string) {
	c.Flags().BoolVar(&o.force, "force", false, force)
	bindDryRun(c, &o.dryRun, "client or server: show what would be deleted, and change nothing")
	o.confirm.bindYes(c)
	o.source.bind(c, false)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, leaseRules()...)
}

// removalReport is what a removal prints for programs.
type removalReport struct {
	leases.RemovalPlan `json:",inline"`
	DryRun             bool             `json:"dryRun"`
	Done               []leases.Removed `json:"done"`
}

// remove plans with what find says, and carries the plan out.
func (o *leaseRemoval) remove(ctx context.Context, find func(context.Context, *leases.Deployment, string) ([]leases.Lease, leases.RemovalRules, error), partly bool) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := (&change{dryRun: o.dryRun}).validate(); err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, 0)
	defer cancel()
	session, d, done, err := o.source.openOne(ctx, lookLimit)
	if err != nil {
		return err
	}
	defer done()
	namespace := session.namespaces[0]
	if pending := d.Inventory.Operations; len(pending) > 0 && o.dryRun == "none" {
		// A cutover carries leases to another database: what is deleted meanwhile could come back, or go twice.
		err := fmt.Errorf("nothing was deleted: a %s of %s is not finished", pending[0].Kind, pending[0].By)
		return WithHint(err, pending[0].Continue)
	}
	found, rules, err := find(ctx, d, namespace)
	if err != nil {
		return leaseHint(err, namespace)
	}
	servers, keepers := d.Keepers(ctx)
	about := d.About()
	rules.Now, rules.Servers = about.Time, keepers
	report := removalReport{RemovalPlan: leases.PlanRemoval(found, rules), DryRun: o.dryRun != "none", Done: []leases.Removed{}}
	o.env.aboutNotes(about)
	if report.DryRun || format.Human() {
		if err := o.write(format, report, about); err != nil {
			return err
		}
	}
	if err := o.refused(report.RemovalPlan, partly); err != nil || report.DryRun || len(report.Delete) == 0 {
		return err
	}
	if err := o.confirm.ask(ctx, fmt.Sprintf("Delete %s in namespace %s?", plural(len(report.Delete), "lease"), namespace)); err != nil {
		return err
	}
	result, err := leases.Remove(ctx, report.RemovalPlan, servers, func(done leases.Removed) {
		report.Done = append(report.Done, done)
		if format.Human() {
			o.tell(done)
		}
	})
	if !format.Human() {
		if err := o.write(format, report, about); err != nil {
			return err
		}
	}
	switch {
	case result.Left > 0:
		return fmt.Errorf("%s not tried: %w", plural(result.Left, "lease"), err)
	case result.Failed > 0:
		return fmt.Errorf("%d of %s could not be deleted; the first: %w", result.Failed, plural(len(report.Delete), "lease"), err)
	case result.Changed > 0:
		return fmt.Errorf("%s left alone: somebody got or renewed it since this command looked", plural(result.Changed, "lease"))
	}
	return err
}

// refused is the error of a plan that refuses: all of it, or anything where the leases were named one by one.
func (o *leaseRemoval) refused(plan leases.RemovalPlan, partly bool) error {
	if len(plan.Refused) == 0 || partly && len(plan.Delete) > 0 {
		return nil
	}
	err := errors.New("nothing was deleted: see what stands against it, above")
	for _, r := range plan.Refused {
		switch r.Unless {
		case leases.UnlessInUse, leases.UnlessFresh:
			return WithHint(err, "if you know better, add --force")
		case leases.UnlessDeclined:
			return WithHint(err, "kubectl kea leases declined clear --ip "+r.Lease.Address.String())
		}
	}
	return err
}

func (o *leaseRemoval) write(format printer.Format, report removalReport, about leases.Origin) error {
	return o.out.write(format, report, printer.View{
		Page: func() printer.Page {
			canvas := o.out.canvas()
			canvas.Wide = format.Wide()
			return leaseRemovalPage(report, about, canvas)
		},
		Names: func() []string {
			names := []string{}
			for _, r := range report.Delete {
				names = append(names, "lease/"+r.Lease.Resource())
			}
			return names
		},
	})
}

// tell writes a line for a lease that was to be deleted.
func (o *leaseRemoval) tell(done leases.Removed) {
	var p printer.Page
	p.Indented(0, 2, printer.Concat(printer.Bold.Text(done.Lease.Resource()), printer.Text(" "), outcome(done)))
	_ = p.Write(o.env.Out, o.env.canvas()) // what is done is done, whether somebody sees it or not
}
