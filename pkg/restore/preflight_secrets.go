package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// need is a Secret that the new cluster cannot do without.
type need struct {
	secret, what string
	keys         []string
}

// neededSecrets are the Secrets that a manifest names, and those of the store that it archives to; store is the
// configuration of an ObjectStore, nil without one.
func neededSecrets(manifest *unstructured.Unstructured, store map[string]any) []need {
	found := []need{}
	add := func(secret, what string, keys ...string) {
		if secret == "" {
			return
		}
		if i := slices.IndexFunc(found, func(n need) bool { return n.secret == secret }); i >= 0 {
			for _, k := range keys {
				if !slices.Contains(found[i].keys, k) {
					found[i].keys = append(found[i].keys, k)
				}
			}
			return
		}
		found = append(found, need{secret, what, keys})
	}
	text := func(path ...string) string {
		value, _, _ := unstructured.NestedString(manifest.Object, append([]string{"spec"}, path...)...)
		return value
	}
	add(text("bootstrap", "recovery", "secret", "name"), "the database owner's login", "username", "password")
	add(text("superuserSecret", "name"), "the superuser's password", "password")
	roles, _, _ := unstructured.NestedSlice(manifest.Object, "spec", "managed", "roles")
	for _, role := range roles {
		if fields, ok := role.(map[string]any); ok && fields["ensure"] != "absent" {
			secret, _, _ := unstructured.NestedString(fields, "passwordSecret", "name")
			add(secret, fmt.Sprintf("the password of the role %v", fields["name"]), "username", "password")
		}
	}
	for _, pair := range []struct{ authority, certificate, what string }{
		{"serverCASecret", "serverTLSSecret", "the server's certificate"},
		{"clientCASecret", "replicationTLSSecret", "the replicas' certificates"},
	} {
		keys := []string{"ca.crt"}
		if text("certificates", pair.certificate) == "" {
			keys = append(keys, "ca.key") // the operator signs with it
		}
		add(text("certificates", pair.authority), "the authority of "+pair.what, keys...)
		add(text("certificates", pair.certificate), pair.what, "tls.crt", "tls.key")
	}
	inTree, _, _ := unstructured.NestedMap(manifest.Object, "spec", "backup", "barmanObjectStore")
	for _, configuration := range []map[string]any{inTree, store} {
		for _, section := range []string{"s3Credentials", "azureCredentials", "googleCredentials", "endpointCA"} {
			references(configuration[section], func(secret, key string) { add(secret, "the object store's login", key) })
		}
	}
	return found
}

// references calls add with every reference to a key of a Secret in a part of an object.
func references(part any, add func(secret, key string)) {
	fields, ok := part.(map[string]any)
	if !ok {
		return
	}
	secret, named := fields["name"].(string)
	key, keyed := fields["key"].(string)
	if named && keyed {
		add(secret, key)
		return
	}
	for _, inner := range fields {
		references(inner, add)
	}
}

// lookAtSecrets reads them all at once.
func lookAtSecrets(ctx context.Context, r client.Reader, source metav1.Object, needs []need) ([]problem.Problem, error) {
	return eachOf(needs, func(n need) ([]problem.Problem, error) {
		secret := &corev1.Secret{}
		switch err := r.Get(ctx, client.ObjectKey{Namespace: source.GetNamespace(), Name: n.secret}, secret); {
		case apierrors.IsNotFound(err):
			return []problem.Problem{judgeSecret(n, nil, source)}, nil
		case kube.IsForbidden(err):
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("read secret %s: %w", n.secret, err)
		}
		if p := judgeSecret(n, secret, source); p.Code != "" {
			return []problem.Problem{p}, nil
		}
		return nil, nil
	})
}

// judgeSecret says what is wrong with a Secret that the new cluster names; nil is one that does not exist. The zero problem
// is none.
func judgeSecret(n need, secret *corev1.Secret, source metav1.Object) problem.Problem {
	subject := "secret " + n.secret
	if secret == nil {
		return problem.NewCritical("no-secret", subject, "it does not exist; the new cluster needs it for "+n.what, "kubectl -n "+source.GetNamespace()+" get secrets")
	}
	missing := slices.DeleteFunc(slices.Clone(n.keys), func(k string) bool { return len(secret.Data[k]) > 0 })
	if len(missing) > 0 {
		return problem.NewCritical("no-secret", subject, fmt.Sprintf("it has no key %s; the new cluster needs it for %s", strings.Join(missing, ", "), n.what),
			"kubectl -n "+source.GetNamespace()+" describe secret "+n.secret)
	}
	if slices.ContainsFunc(secret.OwnerReferences, func(o metav1.OwnerReference) bool { return o.UID == source.GetUID() && o.UID != "" }) {
		return problem.Problem{
			Severity: problem.Warning, Code: "secret-of-the-old-cluster", Subject: subject,
			Text: fmt.Sprintf("it belongs to cluster %s and would go with it; the new cluster needs it for %s", source.GetName(), n.what),
			Next: "later, delete the old cluster by kubectl kea restore cleanup only, which keeps it",
		}
	}
	return problem.Problem{}
}
