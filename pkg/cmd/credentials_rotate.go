package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/credentials"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// rotateLimit bounds a rotation when --timeout does not; it takes some seconds.
const rotateLimit = 10 * time.Minute

// rotateOptions are the flags of credentials rotate.
type rotateOptions struct {
	credentialsWork
	change
	confirm  confirm
	stdin    bool
	strategy string
}

func newCredentialsRotateCmd(env *Env) *cobra.Command {
	o := &rotateOptions{credentialsWork: credentialsWork{env: env, out: output{env: env}}, change: change{env: env}, confirm: confirm{env: env}}
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Change Kea's database password, with DHCP going on",
		Long: `Change the password that Kea's servers log in to their database with, while they
go on serving.

Where libpq reads it from a mounted Secret, as a service file or pass file,
which is how kubectl kea install does it, no configuration is reloaded and
nothing is restarted. The new password goes into every key of the one Secret
that carries it, from which CNPG sets it in the database and Kea's libpq reads
it at every login. A real login proves the new one, another that the old one is
refused. Then each pod's servers log in anew, the standby first, and a server
that serves while its partner answers its clients. Each is proven by a lease
query and by newer sessions.

The old password is kept in a Secret NAME-before-rotation until all that is
done. An error or Ctrl-C puts it back everywhere. Killed, the same command goes
on to the new password. There is no abort: to have the old one again, finish,
and rotate with --password-stdin.

Where the password stands in Kea's configuration, every place that has it is
changed in the Secret or ConfigMap of the file, comments and order kept, and
each pod reloads, the standby first, while its partner covers it. --strategy
says how:

  alternating  The servers change over to a second role with the same rights,
               known to CNPG or made by a DatabaseRole. The former password
               works until the end, and is then replaced by one that nobody
               knows.
  same-role    The role gets another password. From then until a server has
               reloaded, some seconds, it could not log in anew.

Without it: alternating where CNPG knows a second role, else same-role.`,
		Example: `  # what would be done, and what stands against it
  kubectl kea credentials rotate --dry-run=server

  kubectl kea credentials rotate -n network --yes

  # with the password in Kea's configuration, by a second role
  kubectl kea credentials rotate -n handmade --strategy alternating

  # a password of your own
  kubectl kea credentials rotate --password-stdin --yes < password.txt`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.bindChoice(c)
	names := []string{}
	for _, s := range credentials.Strategies() {
		names = append(names, string(s))
	}
	c.Flags().StringVar(&o.strategy, "strategy", "", "How to change a password in Kea's configuration: `"+strings.Join(names, "|")+"`")
	complete(c, "strategy", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	c.Flags().BoolVar(&o.stdin, "password-stdin", false, "Read the new password from standard input, instead of making one")
	o.change.bind(c, "Change nothing: client shows the plan, server also asks the API server whether it takes the Secret")
	o.confirm.bindYes(c)
	o.out.bind(c, printer.Choices{Name: true})
	needs(c, append(serverRules(),
		rule{"get, create, patch, delete", "secrets", "", "the password, and the former one until the end"},
		rule{"get, patch", "pods", "", "bringing the changed Secret to the pods at once"},
		rule{"create", "pods/exec", "", "the hash of the file in each pod"},
		rule{"patch", "configmaps", "", "a password that stands in Kea's configuration there"},
		rule{"get, list", "clusters", "postgresql.cnpg.io", "the cluster behind the database"},
		rule{"list, create, patch", "databaseroles", "postgresql.cnpg.io", "a second role, with --strategy alternating"},
		rule{"get, create, update, delete", "leases", "coordination.k8s.io", "one operation at a time"})...)
	return c
}

func (o *rotateOptions) run(ctx context.Context) error {
	env := o.change.env
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	strategy, err := credentials.ParseStrategy(o.strategy)
	if err != nil {
		return usagef("--strategy: %w", err)
	}
	request := credentials.Request{Role: o.role, Cluster: o.cluster, Strategy: strategy}
	if o.stdin {
		if request.Password, err = o.read(); err != nil {
			return err
		}
	}
	ctx, cancel := env.deadline(ctx, rotateLimit)
	defer cancel()
	k, src, done, err := o.source()
	if err != nil {
		return err
	}
	defer done()
	request.Namespace = k.Namespace
	plan, err := credentials.PlanRotation(ctx, src, request)
	if err != nil {
		return o.explain(ctx, k, err)
	}
	if o.dry() || format.Human() || plan.Blocked() {
		if err := o.out.write(format, plan, o.planView(plan)); err != nil {
			return err
		}
	}
	if plan.Blocked() {
		return errors.New("nothing was changed: see what stands against it, above")
	}
	if o.dryRun == "server" {
		return credentials.TryWrite(ctx, src, plan)
	}
	if o.dry() {
		return nil
	}
	if err := o.confirm.ask(ctx, fmt.Sprintf("Change the password of role %s in cluster %s?", plan.Role, plan.Cluster)); err != nil {
		return err
	}
	again := o.again(plan)
	steps := env.steps()
	report, err := credentials.Rotate(ctx, src, plan, o.lock("credentials rotation", again), steps)
	steps.Close()
	var reverted *operation.Reverted
	switch {
	case errors.As(err, &reverted): // nothing is left to go on from
		return WithHint(err, again+" begins anew")
	case err != nil:
		return o.unfinished(err, again)
	}
	return o.out.write(format, report, printer.View{
		Page:  func() printer.Page { return rotatedPage(report) },
		Names: func() []string { return []string{"secret/" + report.Secret} },
	})
}

// read reads the new password. What is left of the input could not answer the question.
func (o *rotateOptions) read() (kea.Secret, error) {
	if !o.confirm.yes && !o.dry() {
		return kea.Secret{}, usagef("--password-stdin needs --yes: the question could not be answered")
	}
	text, err := io.ReadAll(io.LimitReader(o.change.env.In, 4096))
	if err != nil {
		return kea.Secret{}, fmt.Errorf("read the password: %w", err)
	}
	password := kea.NewSecret(strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"))
	if err := credentials.CheckPassword(password); err != nil {
		return kea.Secret{}, usagef("--password-stdin: %w", err)
	}
	return password, nil
}

// again is the command that goes on where this one was broken off.
func (o *rotateOptions) again(p credentials.Plan) string {
	command := "kubectl kea credentials rotate -n " + p.Namespace
	if o.role != "" {
		command += " --role " + o.role
	}
	if o.cluster != "" {
		command += " --cluster " + o.cluster
	}
	if o.strategy != "" {
		command += " --strategy " + o.strategy
	}
	return command
}
