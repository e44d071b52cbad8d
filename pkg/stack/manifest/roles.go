package manifest

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// rule allows verbs on resources of one API group.
func rule(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

// named narrows a rule to objects by name. list, watch and create cannot be narrowed so.
func named(r rbacv1.PolicyRule, names ...string) rbacv1.PolicyRule {
	r.ResourceNames = names
	return r
}

func role(s *v1alpha1.Stack, suffix string, rules []rbacv1.PolicyRule) *rbacv1.Role {
	return &rbacv1.Role{
		TypeMeta: objectKind("rbac.authorization.k8s.io/v1", "Role"), ObjectMeta: meta(s, s.Metadata.Name+"-"+suffix, componentAccess), Rules: rules,
	}
}

func viewerRole(s *v1alpha1.Stack) *rbacv1.Role { return role(s, "viewer", viewerRules(s)) }

func operatorRole(s *v1alpha1.Stack) *rbacv1.Role {
	return role(s, "operator", append(viewerRules(s), operatorRules(s)...))
}

// adminRole is a superset of the others: only who has a right may give it to others in a role.
func adminRole(s *v1alpha1.Stack) *rbacv1.Role {
	return role(s, "admin", append(append(viewerRules(s), operatorRules(s)...), adminRules(s)...))
}

// viewerRules are for people who look. Of the Secrets they see the read-only login alone. A port-forward reaches Kea's
// control endpoint, which asks for no password and takes every command: Kubernetes cannot tell a look from a change there.
func viewerRules(s *v1alpha1.Stack) []rbacv1.PolicyRule {
	rules := []rbacv1.PolicyRule{
		rule("", []string{"pods", "services", "configmaps", "events", "persistentvolumeclaims"}, "get", "list", "watch"),
		rule("", []string{"pods/log"}, "get"),
		rule("", []string{"pods/portforward", "pods/proxy"}, "get", "create"),
		rule("apps", []string{"statefulsets", "deployments"}, "get", "list", "watch"),
		rule("batch", []string{"cronjobs", "jobs"}, "get", "list", "watch"),
		rule("policy", []string{"poddisruptionbudgets"}, "get", "list", "watch"),
		// Also without a database: that there is none is seen by looking.
		rule("postgresql.cnpg.io", []string{"clusters", "backups", "scheduledbackups"}, "get", "list", "watch"),
		rule("barmancloud.cnpg.io", []string{"objectstores"}, "get", "list", "watch"),
		// They may tell the VLANs of subnets that a configuration of another origin does not.
		rule("network.fos1.io", []string{"dhcpv4services", "dhcpv6services"}, "get", "list", "watch"),
		rule("networking.fos1.io", []string{"vlans"}, "get", "list", "watch"),
	}
	if s.UsesPostgreSQL() {
		rules = append(rules, named(rule("", []string{"secrets"}, "get"), s.Spec.Database.ViewerSecret))
	}
	return rules
}

// operatorRules are for the people on duty: one server after the other, passwords, backups, the database's address.
func operatorRules(s *v1alpha1.Stack) []rbacv1.PolicyRule {
	rules := []rbacv1.PolicyRule{
		rule("", []string{"pods"}, "patch", "delete"), // patch: the nudge that brings a changed Secret to the pod
		rule("", []string{"pods/exec"}, "get", "create"),
		rule("coordination.k8s.io", []string{"leases"}, "get", "list", "watch", "create", "update", "patch", "delete"),
	}
	if s.UsesPostgreSQL() {
		db := s.Spec.Database
		rules = append(rules,
			named(rule("", []string{"secrets"}, "get", "patch"), db.CredentialsSecret, db.ViewerSecret),
			named(rule("", []string{"services"}, "patch"), db.Service),
			rule("postgresql.cnpg.io", []string{"backups"}, "create"),
			rule("postgresql.cnpg.io", []string{"scheduledbackups"}, "create", "patch"))
	}
	return rules
}

// adminRules are for those who install: all kinds that a stack is made of.
func adminRules(s *v1alpha1.Stack) []rbacv1.PolicyRule {
	all := []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	rules := []rbacv1.PolicyRule{
		rule("", []string{"services", "configmaps", "serviceaccounts"}, all...),
		rule("", []string{"persistentvolumeclaims"}, "patch", "delete"), // uninstall, when its volumes are named
		rule("apps", []string{"statefulsets"}, all...),
		rule("policy", []string{"poddisruptionbudgets"}, all...),
		rule("networking.k8s.io", []string{"networkpolicies"}, all...),
		rule("rbac.authorization.k8s.io", []string{"roles"}, all...),
	}
	if s.UsesPostgreSQL() {
		rules = append(rules,
			// By name would keep nothing back: who may create a StatefulSet may mount every Secret into it.
			rule("", []string{"secrets"}, all...),
			rule("batch", []string{"cronjobs", "jobs"}, all...),
			rule("postgresql.cnpg.io", []string{"clusters", "scheduledbackups", "backups"}, all...),
			rule("barmancloud.cnpg.io", []string{"objectstores"}, all...))
	}
	return rules
}
