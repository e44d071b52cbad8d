package restore

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Rule is what a restore may have to do in its namespace, as a Role grants it, and what for. Lists are separated by
// commas.
type Rule struct {
	Verbs, Resources, Group, Purpose string
	// Optional: without it a check is left out.
	Optional bool
}

// storesResource is asked for where backups go through the plugin only.
const storesResource = "objectstores"

// Rules are the permissions of a restore, from the plan to the cutover: who may do the first half only would stand there
// with a cluster that cannot be taken into service.
func Rules() []Rule {
	return []Rule{
		{Verbs: "get,list,watch,create,patch,delete", Resources: "clusters", Group: "postgresql.cnpg.io", Purpose: "the new cluster"},
		{Verbs: "get,list,create,patch", Resources: "backups,scheduledbackups", Group: "postgresql.cnpg.io", Purpose: "what there is to restore from, and backups of the new cluster"},
		{Verbs: "get", Resources: storesResource, Group: "barmancloud.cnpg.io", Purpose: "the recovery window, where the plugin makes the backups"},
		{Verbs: "get,list,watch", Resources: "pods", Purpose: "servers and instances"},
		{Verbs: "get", Resources: "pods/log", Purpose: "why a recovery fails"},
		{Verbs: "create", Resources: "pods/exec", Purpose: "what only postgres may do: switch the log, bar a role, end sessions"},
		{Verbs: "create", Resources: "pods/portforward", Purpose: "asking servers and databases"},
		{Verbs: "get", Resources: "pods/proxy", Purpose: "how far the log is archived"},
		{Verbs: "get,list,patch", Resources: "services", Purpose: "turning the database's Service"},
		{Verbs: "get,patch", Resources: "secrets", Purpose: "logins, and Secrets that the new cluster takes over"},
		{Verbs: "get", Resources: "configmaps", Purpose: "the servers' configuration files"},
		{Verbs: "list", Resources: "statefulsets,deployments", Group: "apps", Purpose: "servers that are scaled away"},
		{Verbs: "get,list,create,update,delete", Resources: "leases", Group: "coordination.k8s.io", Purpose: "one operation at a time"},
		{Verbs: "list", Resources: "endpointslices", Group: "discovery.k8s.io", Purpose: "where the Service leads, for servers without psql", Optional: true},
		{Verbs: "create,delete", Resources: "jobs", Group: "batch", Purpose: "asking for an address as the last proof of a cutover", Optional: true},
		{Verbs: "list", Resources: "events", Purpose: "why a recovery does not begin", Optional: true},
		{Verbs: "list", Resources: "resourcequotas", Purpose: "whether the new cluster fits", Optional: true},
		{Verbs: "list", Resources: "storageclasses", Group: "storage.k8s.io", Purpose: "whether its volumes can be made", Optional: true},
	}
}

// Permissions are those that a restore cannot do without in a namespace.
func Permissions(namespace string) []kube.Permission {
	found := []kube.Permission{}
	for _, r := range Rules() {
		if r.Optional {
			continue
		}
		for resource := range strings.SplitSeq(r.Resources, ",") {
			for verb := range strings.SplitSeq(r.Verbs, ",") {
				found = append(found, kube.Permission{Verb: verb, Group: r.Group, Resource: resource, Namespace: namespace})
			}
		}
	}
	return found
}

// missingPermissions names all that are missing at once; deployment is "" where it could not be found for the lack of them.
func missingPermissions(namespace, deployment string, missing []kube.Permission) []problem.Problem {
	if len(missing) == 0 {
		return nil
	}
	verbs, order := map[string][]string{}, []string{}
	for _, p := range missing {
		_, resource, _ := strings.Cut(p.String(), " ")
		if !slices.Contains(order, resource) {
			order = append(order, resource)
		}
		verbs[resource] = append(verbs[resource], p.Verb)
	}
	texts := []string{}
	for _, resource := range order {
		texts = append(texts, strings.Join(verbs[resource], ",")+" "+resource)
	}
	return []problem.Problem{problem.NewCritical("missing-permission", "namespace "+namespace, "you may not: "+strings.Join(texts, "; "),
		"ask for the Role "+cmp.Or(deployment, "NAME")+"-admin, which kubectl kea install makes, or for what kubectl kea restore --help lists")}
}
