package credentials

import (
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// ownedBy is a cluster whose database kea owns, with the Secret that CNPG generated.
func ownedBy(managed ...cnpgv1.RoleConfiguration) *cnpgv1.Cluster {
	cluster := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "db"}}
	cluster.Spec.Bootstrap = &cnpgv1.BootstrapConfiguration{InitDB: &cnpgv1.BootstrapInitDB{Database: "kea", Owner: "kea"}}
	if len(managed) > 0 {
		cluster.Spec.Managed = &cnpgv1.ManagedConfiguration{Roles: managed}
	}
	return cluster
}

func role(name, secret string, in ...string) cnpgv1.RoleConfiguration {
	return cnpgv1.RoleConfiguration{Name: name, Login: true, InRoles: in, PasswordSecret: &cnpgv1.LocalObjectReference{Name: secret}}
}

func declared(object string, r cnpgv1.RoleConfiguration) cnpgv1.DatabaseRole {
	return cnpgv1.DatabaseRole{
		ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: object},
		Spec:       cnpgv1.DatabaseRoleSpec{RoleConfiguration: r, ClusterRef: corev1.LocalObjectReference{Name: "db"}},
		Status:     cnpgv1.DatabaseRoleStatus{SecretResourceVersion: "7"},
	}
}

func TestDBRoles(t *testing.T) {
	owner := dbRole{name: "kea", secret: "db-app", login: true}
	elsewhere := declared("other", role("kea_b", "x"))
	elsewhere.Spec.ClusterRef.Name = "another"
	for name, tt := range map[string]struct {
		cluster  *cnpgv1.Cluster
		declared []cnpgv1.DatabaseRole
		want     []dbRole
	}{
		"the owner": {ownedBy(), nil, []dbRole{owner}},
		"managed": {
			ownedBy(role("kea_b", "b", "kea")), nil,
			[]dbRole{{name: "kea_b", managed: true, secret: "b", memberOf: []string{"kea"}, login: true}, owner},
		},
		"the owner, managed": {ownedBy(role("kea", "login")), nil, []dbRole{{name: "kea", managed: true, secret: "login", login: true}}},
		"declared": {
			ownedBy(),
			[]cnpgv1.DatabaseRole{declared("db-kea-b", role("kea_b", "b", "kea")), elsewhere},
			[]dbRole{owner, {name: "kea_b", declared: "db-kea-b", secret: "b", memberOf: []string{"kea"}, login: true, seen: "7"}},
		},
		"the cluster's own word counts": {
			ownedBy(role("kea_b", "b", "kea")),
			[]cnpgv1.DatabaseRole{declared("db-kea-b", role("kea_b", "c"))},
			[]dbRole{{name: "kea_b", managed: true, secret: "b", memberOf: []string{"kea"}, login: true}, owner},
		},
	} {
		if diff := cmp.Diff(tt.want, dbRoles(tt.cluster, tt.declared), cmp.AllowUnexported(dbRole{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestDecide(t *testing.T) {
	for name, tt := range map[string]struct {
		asked    Strategy
		declares bool
		from     string
		managed  []cnpgv1.RoleConfiguration
		want     Strategy
		to       string
		makes    bool
		refused  bool
	}{
		"the owner alone":          {"", true, "kea", nil, SameRole, "kea", false, false},
		"a second one":             {"", true, "kea", []cnpgv1.RoleConfiguration{role("kea_b", "b", "kea")}, Alternating, "kea_b", false, false},
		"and back":                 {"", true, "kea_b", []cnpgv1.RoleConfiguration{role("kea_b", "b", "kea")}, Alternating, "kea", false, false},
		"under one owner":          {"", true, "kea_a", []cnpgv1.RoleConfiguration{role("kea_a", "a", "owner"), role("kea_b", "b", "owner")}, Alternating, "kea_b", false, false},
		"somebody else's":          {"", true, "kea", []cnpgv1.RoleConfiguration{role("reports", "r", "kea")}, SameRole, "kea", false, false},
		"not asked for":            {SameRole, true, "kea", []cnpgv1.RoleConfiguration{role("kea_b", "b", "kea")}, SameRole, "kea", false, false},
		"made":                     {Alternating, true, "kea", nil, Alternating, "kea_b", true, false},
		"cannot be made":           {Alternating, false, "kea", nil, Alternating, "kea_b", true, true},
		"without the rights":       {"", true, "kea", []cnpgv1.RoleConfiguration{role("kea_b", "b")}, SameRole, "kea", false, false},
		"of that name, without":    {Alternating, true, "kea", []cnpgv1.RoleConfiguration{role("kea_b", "b")}, Alternating, "kea_b", true, true},
		"without a Secret its own": {"", true, "kea", []cnpgv1.RoleConfiguration{role("kea_b", "db-app", "kea")}, SameRole, "kea", false, false},
	} {
		roles := dbRoles(ownedBy(tt.managed...), nil)
		from, _ := roleNamed(roles, tt.from)
		p := Plan{Cluster: "db", configured: &configured{from: from}, use: use{database: inventory.Database{User: tt.from}}}
		p.decide(tt.asked, roles, tt.declares)
		if p.Strategy != tt.want || p.configured.to.name != tt.to || p.configured.makes != tt.makes || p.Blocked() != tt.refused {
			t.Errorf("%s: %s to %s, makes %v, problems %v", name, p.Strategy, p.configured.to.name, p.configured.makes, p.Problems)
		}
		if tt.makes && !tt.refused {
			if diff := cmp.Diff(dbRole{name: "kea_b", secret: "db-kea-b", declared: "db-kea-b", memberOf: []string{"kea"}, login: true}, p.configured.to, cmp.AllowUnexported(dbRole{})); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}
