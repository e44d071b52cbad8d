package cmd

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

func newStatusCmd(env *Env) *cobra.Command {
	o := &reportOptions{env: env, out: output{env: env}, gather: status.Gather, page: statusPage}
	c := &cobra.Command{
		Use:   "status",
		Short: "Show everything on one screen: servers, database, backups, leases, problems",
		Long: `Show everything on one screen: the servers and their high availability, the
database and its backups, leases per VLAN, the credentials, and what is wrong,
worst first, each with one command to run next.

Every server is asked, and HA is judged from both sides. A lease query to each
server and a login as Kea's own role are part of it, since a Kea that has lost
its database still looks healthy by itself. Who may not read Kea's password
looks with the read-only login that the database's Service names, and is told
what that leaves open. Nothing is changed.

What cannot be read (permissions, a dead pod, a timeout) leaves the rest
standing and is named at the end. The command exits with 3 when a problem is
critical; --fail-on widens that.`,
		Example: `  # this namespace
  kubectl kea status

  # every namespace that has Kea, redrawn every two seconds
  kubectl kea status -A --watch

  # fail a pipeline on warnings too
  kubectl kea status -n network --fail-on warning

  # the problems alone
  kubectl kea status -o jsonpath='{range .problems[*]}{.severity}: {.subject}: {.text}{"\n"}{end}'`,
		GroupID: groupLook,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.bind(c)
	needs(c, append(serverRules(),
		rule{"list", "clusters, backups, scheduledbackups", "postgresql.cnpg.io", "database and backups"},
		rule{"get", "objectstores", "barmancloud.cnpg.io", "recovery window"},
		rule{"get", "pods/proxy", "", "replication lag"})...)
	return c
}

// serverRules are the permissions for looking at servers.
func serverRules() []rule {
	return []rule{
		{"list", "pods, services", "", "finding the servers"},
		{"list", "statefulsets, deployments", "apps", "servers that are scaled away"},
		{"get", "secrets, configmaps", "", "configuration files and logins"},
		{"get, create", "pods/portforward", "", "asking the servers"},
		{"get, create", "pods/proxy", "", "servers that listen on their pod's address only"},
		{"list", "leases", "coordination.k8s.io", "operations that are unfinished"},
		{"list", "dhcpv4services, dhcpv6services", "network.fos1.io", "VLANs of subnets that do not say theirs"},
		{"list", "vlans", "networking.fos1.io", "the numbers of these VLANs"},
	}
}
