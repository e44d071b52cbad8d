package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/credentials"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// newCredentialsCmd is `kubectl kea credentials`, which by itself is `kubectl kea credentials status`.
func newCredentialsCmd(env *Env) *cobra.Command {
	o := newCredentialsStatus(env)
	c := &cobra.Command{
		Use:     "credentials",
		Aliases: []string{"credential", "creds"},
		Short:   "The login that Kea has for its database",
		Long:    "The login that Kea has for its database.\nWithout a subcommand: credentials status.",
		GroupID: groupSafe,
		Args:    noSuchCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.bind(c)
	c.AddCommand(newCredentialsStatusCmd(env), newCredentialsRotateCmd(env))
	return c
}

// credentialsWork is what the commands about credentials have in common.
type credentialsWork struct {
	env           *Env
	out           output
	role, cluster string
}

// bindChoice adds --role and --cluster.
func (o *credentialsWork) bindChoice(c *cobra.Command) {
	c.Flags().StringVar(&o.role, "role", "", "The database `ROLE` that Kea logs in as; needed only where there are several")
	c.Flags().StringVar(&o.cluster, "cluster", "", "The CNPG `NAME` of the database's cluster; needed only where there are several")
	complete(c, "cluster", o.env.completeCluster)
}

// source connects. done must be called.
func (o *credentialsWork) source() (k *kube.Client, src credentials.Source, done func(), err error) {
	if k, err = o.env.Kube(); err != nil {
		return nil, src, nil, err
	}
	connector := inventory.NewConnector(k, o.env.observeKea())
	src = credentials.Source{Client: k, Pods: k, Connector: connector, Observe: o.env.observeSQL(), Now: o.env.Now}
	return k, src, connector.Close, nil
}

// explain gives an error its next command.
func (o *credentialsWork) explain(ctx context.Context, k *kube.Client, err error) error {
	var choice *credentials.ChoiceError
	var unfinished *inventory.UnfinishedError
	switch {
	case errors.As(err, &choice):
		if choice.Missing {
			err = &missingError{err}
		}
		return WithHint(err, "kubectl kea credentials status -n "+choice.Namespace)
	case errors.As(err, &unfinished) && unfinished.Operation.Continue != "":
		return WithHint(err, unfinished.Operation.Continue)
	case errors.Is(err, inventory.ErrNone):
		return elsewhere(ctx, k, inventory.Options{}, "", "credentials status", err)
	}
	return err
}
