package credentials

import (
	"context"
	"fmt"
	"slices"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// dbRole is a role whose password CNPG sets.
type dbRole struct {
	name string
	// secret is where CNPG takes the password from; "" for nowhere.
	secret string
	// declared is the DatabaseRole that tells CNPG of it; "" when the cluster's own spec does.
	declared string
	managed  bool // by spec.managed.roles
	// memberOf are the roles whose rights it has.
	memberOf []string
	login    bool
	// seen is the version of the Secret that CNPG says it took the password from last.
	seen string
}

// dbRoles are the roles that CNPG knows, by its own precedence: what the cluster's spec manages, its owner, and DatabaseRoles,
// which are nil where there is no such kind or it may not be read. It is pure.
func dbRoles(cluster *cnpgv1.Cluster, declared []cnpgv1.DatabaseRole) []dbRole {
	found := []dbRole{}
	known := func(name string) bool {
		return slices.ContainsFunc(found, func(r dbRole) bool { return r.name == name })
	}
	if cluster.Spec.Managed != nil {
		for _, m := range cluster.Spec.Managed.Roles {
			secret, _ := cnpg.ManagedSecret(cluster, m.Name)
			found = append(found, dbRole{name: m.Name, managed: true, secret: secret, memberOf: m.InRoles, login: m.Login, seen: cnpg.SecretSeen(cluster, m.Name)})
		}
	}
	if owner := cnpg.Owner(cluster); !known(owner) {
		found = append(found, dbRole{name: owner, secret: cnpg.ConnectionSecret(cluster), login: true, seen: cnpg.SecretSeen(cluster, owner)})
	}
	for _, d := range declared {
		if d.Spec.ClusterRef.Name != cluster.Name || known(d.Spec.Name) || d.DeletionTimestamp != nil {
			continue
		}
		role := dbRole{name: d.Spec.Name, declared: d.Name, memberOf: d.Spec.InRoles, login: d.Spec.Login, seen: d.Status.SecretResourceVersion}
		if d.Spec.PasswordSecret != nil {
			role.secret = d.Spec.PasswordSecret.Name
		}
		found = append(found, role)
	}
	return found
}

// source says who tells CNPG of the role, for people.
func (r dbRole) source() string {
	switch {
	case r.declared != "":
		return "databaserole " + r.declared
	case r.managed:
		return "spec.managed.roles"
	}
	return "the cluster's bootstrap section"
}

// listRoles asks for the roles that CNPG knows. declares is false where there are no DatabaseRoles, or they may not be read.
func listRoles(ctx context.Context, r client.Reader, cluster *cnpgv1.Cluster) (roles []dbRole, declares bool, err error) {
	var list cnpgv1.DatabaseRoleList
	err = r.List(ctx, &list, client.InNamespace(cluster.Namespace))
	switch {
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err), kube.IsForbidden(err):
		return dbRoles(cluster, nil), false, nil
	case err != nil:
		return nil, false, fmt.Errorf("list the DatabaseRoles of namespace %s: %w", cluster.Namespace, err)
	}
	return dbRoles(cluster, list.Items), true, nil
}

// roleNamed finds a role.
func roleNamed(roles []dbRole, name string) (dbRole, bool) {
	i := slices.IndexFunc(roles, func(r dbRole) bool { return r.name == name })
	if i < 0 {
		return dbRole{}, false
	}
	return roles[i], true
}

// otherOf is the role that takes turns with one. Its name says so, since other members of the owner may belong to somebody else;
// it logs in with a Secret of its own, and one of the two has the other's rights, or both have a third's. ok is false when CNPG
// knows none. It is pure.
func otherOf(role dbRole, roles []dbRole) (dbRole, bool) {
	for _, name := range otherNames(role.name) {
		r, known := roleNamed(roles, name)
		if !known || r.secret == "" || r.secret == role.secret || !r.login {
			continue
		}
		if slices.Contains(r.memberOf, role.name) || slices.Contains(role.memberOf, r.name) ||
			slices.ContainsFunc(r.memberOf, func(m string) bool { return slices.Contains(role.memberOf, m) }) {
			return r, true
		}
	}
	return dbRole{}, false
}

// otherNames are what the other of two roles may be called: kea and kea_b, or kea_a and kea_b. The first is what this program
// calls it.
func otherNames(role string) []string {
	if base, ok := strings.CutSuffix(role, "_b"); ok {
		return []string{base, base + "_a"}
	}
	if base, ok := strings.CutSuffix(role, "_a"); ok {
		return []string{base + "_b"}
	}
	return []string{role + "_b"}
}

// otherDeclared is the role that takes turns with one, as this program declares it: with the rights of the owner of the tables.
func otherDeclared(cluster string, role dbRole) dbRole {
	owners := role.memberOf
	if len(owners) == 0 {
		owners = []string{role.name}
	}
	name := otherNames(role.name)[0]
	object := cluster + "-" + strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	return dbRole{name: name, secret: object, declared: object, memberOf: owners, login: true}
}
