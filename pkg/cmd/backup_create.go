package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

const (
	// createLimit bounds asking for a backup; waitLimit waiting for it.
	createLimit = 30 * time.Second
	waitLimit   = time.Hour
	// backupResource is what kubectl calls a backup.
	backupResource = "backup.postgresql.cnpg.io"
)

// backupCreateOptions are the flags of backup create.
type backupCreateOptions struct {
	env     *Env
	out     output
	subject subject
	request backup.Request
	dryRun  string
	plan    func(context.Context, *kube.Client, backup.Subject) (backup.Creation, error)
}

// newBackupCreate are the options of a backup that is planned from the cluster.
func newBackupCreate(env *Env) *backupCreateOptions {
	o := &backupCreateOptions{env: env, out: output{env: env}, subject: subject{env: env}}
	o.plan = func(ctx context.Context, k *kube.Client, s backup.Subject) (backup.Creation, error) {
		return backup.Plan(ctx, k, instanceStatus(k), s, o.request, env.Now())
	}
	return o
}

func newBackupCreateCmd(env *Env) *cobra.Command {
	o := newBackupCreate(env)
	c := &cobra.Command{
		Use:   "create",
		Short: "Back up the database now",
		Long: `Back up the database now. The cluster is found by following the Kea servers to
their database, and the method by looking at the cluster: the Barman Cloud
plugin, an object store of CloudNativePG's own, or volume snapshots.

The operator is asked for the backup and the command returns; --wait stays until
it is done, and exits with 3 when it failed, saying why. A backup that nothing
good can come of is refused at once: while the write-ahead log is not archived,
no backup of a running database can be restored.`,
		Example: `  # ask for a backup
  kubectl kea backup

  # wait for it, for ten minutes at most
  kubectl kea backup --wait --timeout 10m

  # the manifest, for a repository
  kubectl kea backup --dry-run=client -o yaml

  # before an upgrade, under a name of its own
  kubectl kea backup create --name before-upgrade --wait`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return WithHint(usagef("what is %q? a backup gets its name by --name", args[0]), "kubectl kea backup create --name "+args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	c.Flags().StringVar(&o.request.Target, "target", "", "The instance to take it from: primary or prefer-standby (default what the cluster says)")
	complete(c, "target", cobra.FixedCompletions([]cobra.Completion{"primary", "prefer-standby"}, cobra.ShellCompDirectiveNoFileComp))
	o.bind(c)
	return c
}

// bind adds the flags and the permissions of all commands that make a backup.
func (o *backupCreateOptions) bind(c *cobra.Command, more ...rule) {
	f := c.Flags()
	f.StringVar(&o.request.Name, "name", "", "The name of the backup (default the cluster's with the time in UTC)")
	f.BoolVar(&o.request.Wait, "wait", false, "Wait until the backup has ended")
	bindDryRun(c, &o.dryRun, "client: show what would be asked for; server: have the API server check it, too")
	o.subject.bind(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, append(append(subjectRules(), more...),
		rule{"create", "backups", "postgresql.cnpg.io", "the backup"},
		rule{"get", "backups", "postgresql.cnpg.io", "with --wait, how it goes on"},
		rule{"get", "pods/proxy", "", "warning of an archive that is far behind; without, nobody does"},
		rule{"get", "pods/log", "", "with --wait, why it failed; without, what the operator says must do"})...)
}

func (o *backupCreateOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := (&change{dryRun: o.dryRun}).validate(); err != nil {
		return err
	}
	switch o.request.Target {
	case "", "primary", "prefer-standby":
	default:
		return usagef("--target %q: it takes primary or prefer-standby", o.request.Target)
	}
	limit := createLimit
	if o.request.Wait {
		limit = waitLimit
	}
	ctx, cancel := o.env.deadline(ctx, limit)
	defer cancel()
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	s, err := o.subject.find(ctx, k, "backup"+dryRunFlag(o.dryRun), backup.CreatePermissions(k.Namespace, o.request.Wait)...)
	if err != nil {
		return err
	}
	plan, err := o.plan(ctx, k, s)
	if err != nil {
		return err
	}
	o.tell(plan.Problems)
	if plan.Blocked() {
		return errors.New("no backup was asked for: see what stands against it, above")
	}
	if o.dryRun != "client" {
		if err := backup.Create(ctx, k, &plan, o.dryRun == "server"); err != nil {
			return o.refused(err, plan)
		}
	}
	if format.Human() || !o.request.Wait || o.dryRun != "none" {
		if err := o.write(format, plan.Manifest); err != nil {
			return err
		}
	}
	switch {
	case o.dryRun != "none":
		return nil
	case !o.request.Wait:
		if format.Human() {
			o.env.remark("it goes on in the cluster; kubectl kea backup describe %s -n %s shows how", plan.Manifest.Name, plan.Namespace)
		}
		return nil
	}
	return o.wait(ctx, k, s, plan, format)
}

// tell writes the problems of a plan for people; they do not belong to the data.
func (o *backupCreateOptions) tell(all []problem.Problem) {
	var p printer.Page
	canvas := o.env.errCanvas()
	problemsPart(&p, all, canvas)
	_ = p.Write(o.env.ErrOut, canvas)
}

// refused gives an API server's refusal its next command.
func (o *backupCreateOptions) refused(err error, plan backup.Creation) error {
	if hintOf(err) == "" && o.request.Name != "" {
		return WithHint(err, "kubectl kea backup describe "+plan.Manifest.Name+" -n "+plan.Namespace)
	}
	return err
}

// write writes the backup as kubectl does: a line for people, else the object.
func (o *backupCreateOptions) write(format printer.Format, b *cnpgv1.Backup) error {
	done := " created"
	switch o.dryRun {
	case "client":
		done += " (dry run)"
	case "server":
		done += " (server dry run)"
	}
	name := backupResource + "/" + b.Name
	if format.Human() {
		_, err := io.WriteString(o.env.Out, name+done+"\n")
		return err
	}
	value, err := runtime.DefaultUnstructuredConverter.ToUnstructured(b)
	if err != nil {
		return fmt.Errorf("encode backup %s: %w", b.Name, err)
	}
	if b.Status.Phase == "" {
		delete(value, "status") // of which nobody has said anything yet
	}
	return o.out.write(format, value, printer.View{Names: func() []string { return []string{name} }})
}

// wait shows how the backup goes on, until it has ended.
func (o *backupCreateOptions) wait(ctx context.Context, k *kube.Client, s backup.Subject, plan backup.Creation, format printer.Format) error {
	steps := o.env.steps()
	steps.Start(fmt.Sprintf("back up %s by %s", plan.Cluster, methodWords(plan.Method)))
	b, err := backup.Wait(ctx, k, plan.Namespace, plan.Manifest.Name, steps.Note)
	again := "kubectl kea backup describe " + plan.Manifest.Name + " -n " + plan.Namespace
	if err != nil {
		steps.Close()
		return WithHint(err, again)
	}
	state := cnpg.BackupOf(b)
	if state.Succeeded() {
		steps.Done(state.Phase)
	} else {
		steps.Fail(state.Phase)
	}
	steps.Close()
	if !format.Human() {
		if err := o.write(format, b); err != nil {
			return err
		}
	}
	if state.Succeeded() {
		return nil
	}
	failure := backup.Why(ctx, k, s.Cluster, b)
	failed := WithHint(fmt.Errorf("backup %s failed: %s", b.Name, failure.Text), failure.Next)
	if err := errorPage(failed).Write(o.env.ErrOut, o.env.errCanvas()); err != nil {
		return err
	}
	return ErrBadAnswer
}

// methodWords is a method for people.
func methodWords(m cnpg.Method) string {
	switch m {
	case cnpg.MethodPlugin:
		return "the Barman Cloud plugin"
	case cnpg.MethodInTree:
		return "the in-tree object store"
	case cnpg.MethodSnapshot:
		return "volume snapshots"
	case cnpg.MethodNone:
	}
	return "no method"
}
