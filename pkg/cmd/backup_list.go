package cmd

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// backupListOptions are the flags of backup list.
type backupListOptions struct {
	env     *Env
	out     output
	subject subject
	all     bool
}

func newBackupListCmd(env *Env) *cobra.Command {
	o := &backupListOptions{env: env, out: output{env: env}, subject: subject{env: env}}
	c := &cobra.Command{
		Use:   "list",
		Short: "List backups, and show what can be restored to",
		Long: `List the backups of Kea's database, newest first, and show on a ruler which
moments can be restored to: from the end of the first base backup until the end
of the archived write-ahead log, along all clusters that the database lived in.

All of it is read from objects, so that it works while PostgreSQL and Kea are
down. How far the log is archived only PostgreSQL knows: where it does not
answer the end is "at least" the newest backup's.`,
		Example: `  kubectl kea backup list

  # with positions in the log, and what each backup is the beginning of
  kubectl kea backup list -o wide

  # in every namespace
  kubectl kea backup list -A

  # those that a restore can begin with
  kubectl kea backup list -o jsonpath='{.backups[?(@.restorable)].name}'`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.subject.bind(c)
	c.Flags().BoolVarP(&o.all, "all-namespaces", "A", false, "Look at every namespace whose Kea servers have a database cluster")
	o.out.bind(c, printer.Choices{Name: true})
	o.out.bindHeaders(c)
	needs(c, windowRules()...)
	return c
}

// windowRules are the permissions for looking at backups and at what can be restored to.
func windowRules() []rule {
	return append(subjectRules(),
		rule{"list", "backups, scheduledbackups", "postgresql.cnpg.io", "backups and schedules"},
		rule{"get", "objectstores", "barmancloud.cnpg.io", "recovery window"},
		rule{"get", "pods/proxy", "", "how far the write-ahead log is archived; without, \"at least\" is said"})
}

// backupLists is the value of -A.
type backupLists struct {
	Items []backup.Report `json:"items"`
}

func (o *backupListOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if o.all && o.subject.cluster != "" {
		return usagef("--cluster names a cluster of one namespace, -A looks at all")
	}
	ctx, cancel := o.env.deadline(ctx, lookLimit)
	defer cancel()
	k, err := o.env.Kube()
	if err != nil {
		return err
	}
	var reports []backup.Report
	if o.all {
		reports, err = o.everywhere(ctx, k)
	} else {
		var s backup.Subject
		if s, err = o.subject.find(ctx, k, "backup list", backup.ListPermissions(k.Namespace)...); err == nil {
			reports = make([]backup.Report, 1)
			reports[0], err = backup.List(ctx, k, instanceStatus(k), s, o.env.Now())
		}
	}
	if err != nil {
		return err
	}
	value := any(backupLists{reports})
	if !o.all {
		value = reports[0]
	}
	return o.out.write(format, value, printer.View{
		Page: func() printer.Page {
			var p printer.Page
			for i, r := range reports {
				if i > 0 {
					p.Blank()
				}
				p.Append(backupListPage(r, format.Wide()))
			}
			return p
		},
		Names: func() []string {
			names := []string{}
			for _, r := range reports {
				for _, b := range r.Backups {
					names = append(names, backupResource+"/"+b.Name)
				}
			}
			return names
		},
	})
}

// instanceStatus asks an instance manager by the pod's proxy.
func instanceStatus(k *kube.Client) cnpg.Get {
	return func(ctx context.Context, namespace, pod string) ([]byte, error) {
		return k.ProxyGet(ctx, namespace, pod, cnpg.StatusPort, "https", cnpg.StatusPath)
	}
}

// everywhere gathers the reports of all namespaces whose servers lead to a cluster, side by side.
func (o *backupListOptions) everywhere(ctx context.Context, k *kube.Client) ([]backup.Report, error) {
	namespaces, err := inventory.Namespaces(ctx, k, inventory.Options{})
	if err != nil {
		return nil, err
	}
	found := make([]*backup.Report, len(namespaces))
	failed := make([]error, len(namespaces))
	var wait sync.WaitGroup
	for i, namespace := range namespaces {
		wait.Go(func() {
			s, err := backup.Find(ctx, k, namespace, "")
			var choice *backup.ChoiceError
			if errors.As(err, &choice) {
				o.env.remark("%v", err)
				return
			}
			var r backup.Report
			if err == nil {
				r, err = backup.List(ctx, k, instanceStatus(k), s, o.env.Now())
			}
			found[i], failed[i] = &r, err
		})
	}
	wait.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	reports := []backup.Report{}
	for _, r := range found {
		if r != nil {
			reports = append(reports, *r)
		}
	}
	if len(reports) == 0 {
		return nil, fmt.Errorf("%w with a database cluster in any namespace", inventory.ErrNone)
	}
	return reports, nil
}
