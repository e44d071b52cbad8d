package cnpg

import cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

// Owner is the role that owns the cluster's application database, whose password CNPG takes from ConnectionSecret.
func Owner(cluster *cnpgv1.Cluster) string {
	_, owner := ownDatabase(cluster)
	return owner
}

// ManagedSecret is the Secret of a role that the cluster's spec manages; ok is false for a role that it does not.
func ManagedSecret(cluster *cnpgv1.Cluster, role string) (secret string, ok bool) {
	if cluster.Spec.Managed == nil {
		return "", false
	}
	for _, r := range cluster.Spec.Managed.Roles {
		if r.Name != role {
			continue
		}
		if r.PasswordSecret != nil {
			secret = r.PasswordSecret.Name
		}
		return secret, true
	}
	return "", false
}

// SecretSeen is the version of the Secret that the operator says it took a role's password from last. It is the operator's
// word, which may be ahead of the database; "" for none.
func SecretSeen(cluster *cnpgv1.Cluster, role string) string {
	if _, managed := ManagedSecret(cluster, role); managed {
		return cluster.Status.ManagedRolesStatus.PasswordStatus[role].SecretResourceVersion
	}
	return cluster.Status.SecretsResourceVersion.ApplicationSecretVersion
}
