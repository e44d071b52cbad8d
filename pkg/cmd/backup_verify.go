package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// verifyLimit bounds a verification when --timeout does not: a large backup takes its time.
const verifyLimit = 2 * time.Hour

// backupVerifyOptions are the flags of backup verify.
type backupVerifyOptions struct {
	change
	out     output
	confirm confirm
	subject subject
	latest  bool
}

func newBackupVerifyCmd(env *Env) *cobra.Command {
	o := &backupVerifyOptions{change: change{env: env}, out: output{env: env}, confirm: confirm{env: env}, subject: subject{env: env}}
	c := &cobra.Command{
		Use:   "verify [NAME]",
		Short: "Restore a backup into a throw-away cluster, and look whether Kea could use it",
		Long: `Restore a backup into a throw-away cluster, and look whether Kea could use it:
whether it can be restored at all, whether Kea's password logs in and may write,
whether the schema is that of the database in service, whether the counters
agree with the rows, and how many leases there are in each VLAN. It measures how
long a recovery takes, and how old the data is.

What is in service is not touched. The throw-away cluster has one instance of
the size that the database has, archives nothing, and is removed at the end;
what a killed command leaves is removed by Kubernetes within a minute or so,
because all of it belongs to a Job whose deadline only a running command puts
off.

The verdict is noted on the backup, where backup list shows it. A backup that
cannot be restored, or that fails a check, makes the command exit with 3.`,
		Example: `  # the newest backup
  kubectl kea backup verify --latest

  # every night, from a CronJob
  kubectl kea backup verify --latest --yes -o json

  # what would be made, and what stands against it
  kubectl kea backup verify --latest --dry-run=server`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return o.run(c, args) },
	}
	c.ValidArgsFunction = env.completeBackup
	f := c.Flags()
	f.BoolVar(&o.latest, "latest", false, "The newest backup that succeeded")
	bindDryRun(c, &o.dryRun, "Change nothing: client prints the manifest of the throw-away cluster, server has the API server check it, too")
	o.subject.bind(c)
	o.confirm.bindYes(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, append(subjectRules(),
		rule{"list, patch", "backups", "postgresql.cnpg.io", "the backup, and the verdict on it"},
		rule{"create, watch, delete", "clusters", "postgresql.cnpg.io", "the throw-away cluster"},
		rule{"create, patch, delete", "jobs", "batch", "what the throw-away cluster ends with"},
		rule{"watch", "pods", "", "how the recovery goes on"},
		rule{"get", "pods/log", "", "how far it is, and why it fails"},
		rule{"create", "pods/portforward", "", "looking into the restored database"},
		rule{"get", "secrets", "", "Kea's login and the authority of the server's certificate"},
		rule{"get", "objectstores", "barmancloud.cnpg.io", "where the plugin makes the backups"},
		rule{"list", "events", "", "why nothing happens; without, that is not said"})...)
	return c
}

func (o *backupVerifyOptions) run(c *cobra.Command, args []string) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	if (len(args) == 1) == o.latest {
		return WithHint(usagef("which backup? give either its name or --latest"), "kubectl kea backup list"+inNamespace(c))
	}
	name := ""
	if len(args) == 1 {
		name = args[0]
	}
	ctx, cancel := o.env.deadline(c.Context(), verifyLimit)
	defer cancel()
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	s, err := o.subject.find(ctx, k, "backup verify", backup.VerifyPermissions(k.Namespace)...)
	if err != nil {
		return err
	}
	plan, err := backup.PlanVerification(ctx, k, s, name)
	if errors.Is(err, backup.ErrNoBackup) {
		return WithHint(&NotFoundError{"backup " + name}, "kubectl kea backup list -n "+k.Namespace)
	}
	if err != nil {
		return err
	}
	if err := o.tell(&plan); err != nil {
		return err
	}
	switch {
	case plan.Blocked():
		return errors.New("nothing was verified: see what stands against it, above")
	case o.dry():
		return o.look(ctx, k, &plan, format)
	}
	question := fmt.Sprintf("Restore %s into the throw-away cluster %s, which needs the memory and the volume of one instance for some minutes?", plan.Backup.Name, plan.Name)
	if err := o.confirm.ask(ctx, question); err != nil {
		return err
	}
	return o.verify(ctx, k, &plan, format)
}

// tell writes for people what would be done, and what stands against it.
func (o *backupVerifyOptions) tell(plan *backup.Verification) error {
	var p printer.Page
	canvas := o.env.errCanvas()
	if !plan.Blocked() {
		p.Text(verifyPlanLine(plan, o.env.Now()))
	}
	problemsPart(&p, plan.Problems, canvas)
	return p.Write(o.env.ErrOut, canvas)
}

// look is a dry run.
func (o *backupVerifyOptions) look(ctx context.Context, k *kube.Client, plan *backup.Verification, format printer.Format) error {
	if o.dryRun == "server" {
		if err := backup.DryRun(ctx, k, plan); err != nil {
			return err
		}
		if format.Human() {
			o.env.remark("dry run: nothing was changed")
			return nil
		}
	}
	format, err := o.out.manifest(format)
	if err != nil {
		return err
	}
	return o.out.write(format, plan.Manifest, printer.View{Names: func() []string { return []string{clusterResource + "/" + plan.Name} }})
}

// verify does it, and shows the verdict.
func (o *backupVerifyOptions) verify(ctx context.Context, k *kube.Client, plan *backup.Verification, format printer.Format) error {
	steps := o.env.steps()
	v := backup.Verifier{Client: k, Pods: k, Observe: o.env.observeSQL(), Now: o.env.Now, By: whoami(), Progress: steps}
	verdict, err := v.Verify(ctx, plan)
	steps.Close()
	var failed *cnpg.RecoveryError
	switch {
	case errors.As(err, &failed):
		if err := errorPage(WithHint(err, failed.Next)).Write(o.env.ErrOut, o.env.errCanvas()); err != nil {
			return err
		}
		return ErrBadAnswer
	case err != nil:
		return err
	}
	err = o.out.write(format, verdict, printer.View{
		Page:  func() printer.Page { return verdictPage(verdict) },
		Names: func() []string { return []string{backupResource + "/" + verdict.Backup} },
	})
	if err == nil && !verdict.OK {
		err = ErrBadAnswer
	}
	return err
}
