package manifest

import (
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// may reports whether rules allow a verb on one object, or with an empty name on all objects.
func may(rules []rbacv1.PolicyRule, verb, group, resource, name string) bool {
	return slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
		return slices.Contains(r.Verbs, verb) && slices.Contains(r.APIGroups, group) && slices.Contains(r.Resources, resource) &&
			(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, name))
	})
}

func TestRoles(t *testing.T) {
	s := stackOf(t, "hot-standby-2.6")
	viewer, operator, admin := viewerRole(s).Rules, operatorRole(s).Rules, adminRole(s).Rules
	for _, c := range []struct {
		verb, group, resource, name string
		viewer, operator, admin     bool
	}{
		{"list", "", "pods", "", true, true, true},
		{"create", "", "pods/portforward", "", true, true, true},
		{"get", "", "secrets", "kea-db-viewer", true, true, true},
		{"get", "", "secrets", "kea-db-credentials", false, true, true},
		{"patch", "", "secrets", "kea-db-credentials", false, true, true},
		{"get", "", "secrets", "kea-db-ca", false, false, true},
		{"list", "", "secrets", "", false, false, true},
		{"patch", "", "services", "kea-database", false, true, true},
		{"patch", "", "services", "kea-dhcp-0", false, false, true},
		{"delete", "", "pods", "kea-dhcp-0", false, true, true},
		{"create", "", "pods/exec", "", false, true, true},
		{"create", "postgresql.cnpg.io", "backups", "", false, true, true},
		{"create", "coordination.k8s.io", "leases", "", false, true, true},
		{"patch", "apps", "statefulsets", "", false, false, true},
		{"create", "", "pods", "", false, false, false},
		{"create", "rbac.authorization.k8s.io", "rolebindings", "", false, false, false},
	} {
		t.Run(strings.Join([]string{c.verb, c.resource, c.name}, " "), func(t *testing.T) {
			got := []bool{
				may(viewer, c.verb, c.group, c.resource, c.name), may(operator, c.verb, c.group, c.resource, c.name), may(admin, c.verb, c.group, c.resource, c.name),
			}
			if want := []bool{c.viewer, c.operator, c.admin}; !slices.Equal(got, want) {
				t.Errorf("viewer, operator, admin: %v, want %v", got, want)
			}
		})
	}
}

// TestAdminMayInstall: the admin role allows everything that applying this very stack needs.
func TestAdminMayInstall(t *testing.T) {
	plurals := map[string]string{"NetworkPolicy": "networkpolicies"}
	forEach(t, func(t *testing.T, s *v1alpha1.Stack, objects []Object) {
		rules := adminRole(s).Rules
		for _, o := range objects {
			kind := fields(o).GroupVersionKind()
			resource := plurals[kind.Kind]
			if resource == "" {
				resource = strings.ToLower(kind.Kind) + "s"
			}
			for _, verb := range []string{"get", "list", "create", "patch", "delete"} {
				if !may(rules, verb, kind.Group, resource, "") {
					t.Errorf("may not %s %s.%s", verb, resource, kind.Group)
				}
			}
		}
	})
}

// TestMemfileRolesKnowNoSecret: no right for what is not there. Clusters may be looked for, and no more.
func TestMemfileRolesKnowNoSecret(t *testing.T) {
	rules := adminRole(stackOf(t, "memfile-2.6")).Rules
	if may(rules, "get", "", "secrets", "kea-db-viewer") || may(rules, "create", "postgresql.cnpg.io", "clusters", "") {
		t.Errorf("%v", rules)
	}
	if !may(rules, "list", "postgresql.cnpg.io", "clusters", "") {
		t.Error("status asks for clusters")
	}
}
