package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

// restoreLimit bounds a restore when --timeout does not: a large database takes its time.
const restoreLimit = 4 * time.Hour

// restoreOptions are the flags of restore.
type restoreOptions struct {
	change
	out     output
	confirm confirm
	subject subject

	toTime, toLSN, toBackup string
	latest                  bool
	carry                   string
	request                 restore.Request
}

func newRestoreCmd(env *Env) *cobra.Command {
	o := &restoreOptions{change: change{env: env}, out: output{env: env}, confirm: confirm{env: env}, subject: subject{env: env}}
	c := &cobra.Command{
		Use:   "restore",
		Short: "Restore Kea's database to a moment, into a new cluster beside the old one",
		Long: `Restore Kea's database to a moment, into a new cluster beside the one in
service, which is not touched: it goes on serving until a cutover.

It first looks whether that can go well: whether the moment can be restored to,
which base backup it begins from, whether names, Secrets, storage, quotas and
permissions are there. Then it shows what would happen, and what the restored
database would not know: the leases granted or renewed since. Nothing is changed
before it has asked.

A moment is written as in 2025-03-10T14:30:00Z, "2025-03-10 14:30:00+00", 14:30,
"yesterday 14:30", "2h ago" or -15m; without a zone it is your local time. What
may mean two moments is refused with both. --to-lsn takes a position in the log
of the current cluster, --to-backup the name of a backup: the state at its end.
--latest takes all that is archived.`,
		Example: `  # look only: what would be restored, and what would be forgotten
  kubectl kea restore --to-time 14:30 --dry-run=server

  # restore into a new cluster, and verify it
  kubectl kea restore --to-time "yesterday 18:00"

  # the manifest of the new cluster, and nothing else
  kubectl kea restore --to-time -15m --dry-run=client -o yaml

  # and take it into service at once
  kubectl kea restore --to-time "1h ago" --cutover

  # the nearest moment that can be restored to, where that one cannot
  kubectl kea restore --to-time "3d ago" --clamp`,
		GroupID: groupSafe,
		Args:    o.arguments,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	f := c.Flags()
	f.StringVar(&o.toTime, "to-time", "", `The moment, as in 14:30, "yesterday 14:30", "2h ago" or 2025-03-10T14:30:00Z`)
	f.StringVar(&o.toLSN, "to-lsn", "", "The position in the write-ahead log, as in 0/5000028")
	f.StringVar(&o.toBackup, "to-backup", "", "The `NAME` of a backup: the state at its end")
	f.BoolVar(&o.latest, "latest", false, "All that is archived")
	f.StringVar(&o.request.Name, "name", "", "The `NAME` of the new cluster (default the cluster's with the time in UTC)")
	f.BoolVar(&o.request.Clamp, "clamp", false, "Where the moment cannot be restored to, take the nearest that can")
	o.subject.bind(c)
	o.bind(c, "Change nothing: client prints the manifest of the new cluster, server shows the plan")
	f.BoolVar(&o.request.Cutover, "cutover", false, "Take the new cluster into service at the end, as restore cutover does")
	bindCarry(c, &o.carry)
	o.confirm.bindYes(c)
	o.confirm.bindName(c)
	o.out.bind(c, printer.Choices{Name: true})
	complete(c, "to-backup", func(c *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return env.completeBackup(c, nil, "")
	})
	needs(c, restoreRules()...)
	c.AddCommand(newRestoreListCmd(env), newRestoreStatusCmd(env), newRestoreCutoverCmd(env), newRestoreRollbackCmd(env),
		newRestoreAbortCmd(env), newRestorePrepareCmd(env), newRestoreCleanupCmd(env), newRestoreLogsCmd(env))
	return c
}

// arguments refuses them. A moment without its flag, or without quotes, is what people mean most often.
func (o *restoreOptions) arguments(c *cobra.Command, args []string) error {
	rest := strings.Join(args, " ")
	for _, text := range []string{o.toTime + " " + rest, rest} {
		if _, err := leases.ParseWhen(text, o.env.Now()); err == nil && rest != "" {
			return WithHint(usagef("what is %q? a moment stands behind --to-time, in quotes when it has blanks", rest),
				fmt.Sprintf("kubectl kea restore --to-time %q%s --dry-run=server", strings.TrimSpace(text), inNamespace(c)))
		}
	}
	return noSuchCommand(c, args)
}

// restoreRules are the permissions of a restore, which its preflight asks for too.
func restoreRules() []rule {
	rules := []rule{}
	for _, r := range restore.Rules() {
		purpose := r.Purpose
		if r.Optional {
			purpose += " (optional)"
		}
		rules = append(rules, rule{r.Verbs, strings.ReplaceAll(r.Resources, ",", ", "), r.Group, purpose})
	}
	return rules
}

func (o *restoreOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	if o.request.Target, err = o.target(); err != nil {
		return err
	}
	if err := o.checkCutover(); err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, restoreLimit)
	defer cancel()
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	o.request.Namespace, o.request.Cluster = k.Namespace, o.subject.cluster
	connector := inventory.NewConnector(k, o.env.observeKea())
	defer connector.Close()
	src := restore.Source{Client: k, Pods: k, Connector: connector, Observe: o.env.observeSQL(), Now: o.env.Now}
	plan, err := restore.Make(ctx, src, o.request)
	if err != nil {
		return subjectHint(ctx, k, "restore "+o.request.Target.Flag()+dryRunFlag(o.dryRun), err)
	}
	if o.dryRun == "client" && !plan.Blocked() {
		return o.printManifest(plan, format)
	}
	switch {
	case o.dryRun == "client" && !format.Human(): // what is expected there is a manifest, and there is none
		if err := o.view(plan).Page().Write(o.env.ErrOut, o.env.errCanvas()); err != nil {
			return err
		}
	case o.dry(), format.Human(), plan.Blocked():
		if err := o.out.write(format, plan, o.view(plan)); err != nil {
			return err
		}
	}
	switch {
	case plan.Blocked():
		return errors.New("nothing was changed: see what stands against it, above")
	case o.dry():
		return nil
	}
	return o.restore(ctx, src, plan, format)
}

// target reads which target is wanted; exactly one is.
func (o *restoreOptions) target() (restore.Wanted, error) {
	given := slices.DeleteFunc([]string{"--to-time", "--to-lsn", "--to-backup", "--latest"}, func(name string) bool {
		return !map[string]bool{"--to-time": o.toTime != "", "--to-lsn": o.toLSN != "", "--to-backup": o.toBackup != "", "--latest": o.latest}[name]
	})
	switch len(given) {
	case 0:
		return restore.Wanted{}, WithHint(usagef("restore to which moment? none of --to-time, --to-lsn, --to-backup and --latest says"),
			`kubectl kea restore --to-time "1h ago" --dry-run=server`)
	case 1:
	default:
		return restore.Wanted{}, usagef("%s are several targets: give one", strings.Join(given, " and "))
	}
	switch given[0] {
	case "--to-time":
		at, err := leases.ParseExact(o.toTime, o.env.Now())
		if err != nil {
			return restore.Wanted{}, usagef("--to-time: %w", err)
		}
		grain := time.Second
		if strings.ContainsAny(o.toTime, ".,") {
			grain = time.Microsecond // PostgreSQL keeps no more
		}
		return restore.Wanted{Time: at.UTC().Truncate(grain)}, nil
	case "--to-lsn":
		lsn, err := cnpg.ParseLSN(o.toLSN)
		if err == nil && lsn == 0 {
			err = errors.New("0/0 is no position")
		}
		if err != nil {
			return restore.Wanted{}, usagef("--to-lsn: %w", err)
		}
		return restore.Wanted{LSN: lsn}, nil
	case "--to-backup":
		return restore.Wanted{Backup: o.toBackup}, nil
	}
	return restore.Wanted{Latest: true}, nil
}

// checkCutover checks the flags that are for a cutover at the end.
func (o *restoreOptions) checkCutover() error {
	var err error
	o.request.Carry, err = restore.ParseCarrying(o.carry)
	switch {
	case err != nil:
		return usagef("--carry-leases: %w", err)
	case o.carry != "all" && !o.request.Cutover:
		return usagef("--carry-leases is for --cutover; a restore alone carries nothing and loses nothing")
	case o.confirm.name != "" && !o.request.Cutover:
		return usagef("--confirm is for --cutover; a restore alone is answered with --yes")
	case o.confirm.name != "" && o.request.Name == "":
		return usagef("--confirm needs --name: a name that is made up is another one at each run")
	}
	return nil
}

// view draws a plan.
func (o *restoreOptions) view(p restore.Plan) printer.View {
	return printer.View{
		Page: func() printer.Page {
			return restorePlanPage(p, planOptions{o.dry(), o.request.Cutover, o.request.Carry}, o.env.Now(), o.out.canvas())
		},
		Names: func() []string { return []string{clusterResource + "/" + p.Name} },
	}
}

// clusterResource is what kubectl calls a cluster.
const clusterResource = "cluster.postgresql.cnpg.io"

// printManifest is the client-side dry run: the new cluster and nothing else.
func (o *restoreOptions) printManifest(p restore.Plan, format printer.Format) error {
	if !format.Human() {
		return o.out.write(format, p.Manifest, o.view(p))
	}
	text, err := yaml.Marshal(p.Manifest.Object)
	if err != nil {
		return fmt.Errorf("print cluster %s: %w", p.Name, err)
	}
	_, err = o.env.Out.Write(text)
	return err
}

// restore asks, and does what the plan says.
func (o *restoreOptions) restore(ctx context.Context, src restore.Source, p restore.Plan, format printer.Format) error {
	if err := o.ask(ctx, p); err != nil {
		return err
	}
	again := o.again(p)
	lock := o.lock("restore", again)
	lock.State.Abort = "kubectl kea restore abort -n " + p.Namespace
	steps := o.env.steps()
	report, err := restore.Run(ctx, src, p, lock, steps)
	steps.Close()
	if err != nil {
		return o.unfinished(err, again)
	}
	if !o.request.Cutover || format.Human() {
		err = o.out.write(format, report, printer.View{
			Page:  func() printer.Page { return restoredPage(p, report, o.request.Cutover) },
			Names: o.view(p).Names,
		})
	}
	if err != nil || !o.request.Cutover {
		return err
	}
	work := restoreWork{change: o.change, out: o.out, confirm: confirm{env: o.env, name: p.Name}} // it was asked for above
	cutover := &moveOptions{restoreWork: work, request: restore.MoveRequest{Direction: restore.Cutover, To: p.Name}, carry: o.carry}
	return cutover.run(ctx)
}

// ask asks: for a yes, or where service is at stake for the new cluster's name.
func (o *restoreOptions) ask(ctx context.Context, p restore.Plan) error {
	if !o.request.Cutover {
		return o.confirm.ask(ctx, "Restore into the new cluster "+p.Name+"?")
	}
	err := o.confirm.askName(ctx, fmt.Sprintf("Restore, and take %s into service in the place of %s?", p.Name, p.Source), p.Name)
	if err != nil && o.request.Name == "" && !o.env.InTerminal {
		return WithHint(err, fmt.Sprintf("add --name %s --confirm %s", p.Name, p.Name))
	}
	return err
}

// again is the command that goes on where this one was interrupted. Its target is the one of this run, whenever it is
// given.
func (o *restoreOptions) again(p restore.Plan) string {
	command := fmt.Sprintf("kubectl kea restore -n %s --name %s", p.Namespace, p.Name)
	if o.subject.cluster != "" {
		command += " --cluster " + o.subject.cluster
	}
	if o.request.Cutover {
		command += " --cutover"
	}
	if o.carry != "all" {
		command += " --carry-leases " + o.carry
	}
	return command + " " + p.Target.Flag()
}
