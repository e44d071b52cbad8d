package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/credentials"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// credentialsStatusOptions are the flags of credentials status.
type credentialsStatusOptions struct {
	credentialsWork
}

func newCredentialsStatus(env *Env) *credentialsStatusOptions {
	return &credentialsStatusOptions{credentialsWork{env: env, out: output{env: env}}}
}

func newCredentialsStatusCmd(env *Env) *cobra.Command {
	o := newCredentialsStatus(env)
	c := &cobra.Command{
		Use:   "status",
		Short: "Show where Kea's database password stands, and whether all places agree",
		Long: `Show the roles that Kea's servers log in to their database as: the Secret that
holds the password and since when, its last rotation, who has sessions and since
when, and whether the Secret, the file in each pod and the database agree. The
Secret is compared with the database by a real login, and with the files by
their hash, taken inside the pods. No password is shown.

Also pointed out: a password in a ConfigMap, a role that somebody else uses too,
a superuser, sessions without TLS, certificates that end. The command exits with
3 when the places disagree, or something else is critical.`,
		Example: `  kubectl kea credentials status
  kubectl kea credentials status -n network -o wide

  # when the password was rotated last
  kubectl kea credentials status -o jsonpath='{.credentials[*].rotated.time}'`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.bind(c)
	return c
}

// bind adds the flags.
func (o *credentialsStatusOptions) bind(c *cobra.Command) {
	o.bindChoice(c)
	o.out.bind(c, printer.Choices{Name: true})
	o.out.bindHeaders(c)
	needs(c, append(serverRules(),
		rule{"list", "clusters", "postgresql.cnpg.io", "the cluster behind the database, its certificates"},
		rule{"create", "pods/exec", "", "the hash of the file in each pod"})...)
}

func (o *credentialsStatusOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, lookLimit)
	defer cancel()
	k, src, done, err := o.source()
	if err != nil {
		return err
	}
	defer done()
	r, err := credentials.Gather(ctx, src, k.Namespace, o.role, o.cluster)
	if err != nil {
		return o.explain(ctx, k, err)
	}
	if err := o.out.write(format, r, credentialsView(r, o.out.canvas(), format.Wide())); err != nil {
		return err
	}
	switch {
	case context.Cause(ctx) != nil:
		return WithHint(fmt.Errorf("the report above is incomplete: %w", context.Cause(ctx)), "give it longer with --timeout")
	case r.Worst.AtLeast(problem.Critical):
		return ErrBadAnswer
	}
	return nil
}
