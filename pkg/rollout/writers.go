package rollout

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// findWriters warns of other programs that write a key which changes, as the API server remembers them. What cannot be read
// is found out by the steps.
func (p *Plan) findWriters(ctx context.Context, r client.Reader) {
	for _, c := range p.changes {
		var o client.Object = &corev1.ConfigMap{}
		if c.Object.Kind == KindSecret {
			o = &corev1.Secret{}
		}
		if r.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: c.Object.Name}, o) != nil {
			continue
		}
		for _, manager := range writers(o, c.Object.Key) {
			told := slices.ContainsFunc(p.Problems, func(have problem.Problem) bool { return have.Code == codeWriters && have.Subject == c.Object.whole() })
			if !told {
				p.warn(codeWriters, c.Object.whole(), manager+" writes it too, and may put its own version back: make the same change there", "")
			}
		}
	}
}

// writers are the controllers that own a key of an object: those that come back and write it anew. People with kubectl, and
// this program, do not.
func writers(o client.Object, key string) []string {
	found := []string{}
	for _, entry := range o.GetManagedFields() {
		var fields struct {
			Data map[string]json.RawMessage `json:"f:data"`
		}
		if entry.FieldsV1 == nil || json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		if _, owned := fields.Data["f:"+key]; owned && controller(entry.Manager) {
			found = append(found, entry.Manager)
		}
	}
	return found
}

// controller reports whether a field manager is one of the programs that keep what they were told.
func controller(manager string) bool {
	return slices.ContainsFunc([]string{"argocd", "kustomize-controller", "helm", "external-secrets", "externalsecrets", "sealed-secrets", "sealedsecret", "fluxcd", "crossplane", "terraform"},
		func(name string) bool { return strings.Contains(strings.ToLower(manager), name) })
}
