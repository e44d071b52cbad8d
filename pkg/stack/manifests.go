package stack

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/manifest"
)

// List is the manifests as one object of kind List.
type List struct {
	APIVersion string           `json:"apiVersion"`
	Kind       string           `json:"kind"`
	Items      []map[string]any `json:"items"`
}

// Printed are a stack's manifests, to be kept in git.
type Printed struct {
	items []*item
	texts []string // the YAML of each
}

// Manifests are what install would apply. Secrets have no passwords and keys. services are those of the cluster, for their addresses;
// without them, placeholders stand for the peers' addresses, and a warning says so.
func Manifests(s *v1alpha1.Stack, services []corev1.Service) (Printed, []string, error) {
	addresses, known := Addresses(s, services)
	groups, err := manifest.Groups(s, addresses)
	if err != nil {
		return Printed{}, nil, err
	}
	items, err := itemsOf(groups)
	if err != nil {
		return Printed{}, nil, err
	}
	p := Printed{items: items}
	for _, i := range items {
		text, err := yaml.Marshal(i.want.Object)
		if err != nil {
			return Printed{}, nil, fmt.Errorf("write %s: %w", i, err)
		}
		p.texts = append(p.texts, string(text))
	}
	warnings := []string{}
	if s.UsesPostgreSQL() {
		warnings = append(warnings, "Secrets are printed without passwords and keys: `kubectl kea install` makes them once, in the cluster")
	}
	if !known {
		warnings = append(warnings, "the addresses of the peers are not known: state them in spec.highAvailability.peerAddresses, or install once; placeholders stand for them, and Kea does not start with those")
	}
	return p, warnings, nil
}

// YAML is the manifests as documents, each Secret with a word about its data.
func (p Printed) YAML() string {
	var out strings.Builder
	for n, i := range p.items {
		if n > 0 {
			out.WriteString("---\n")
		}
		switch {
		case i.isSecret():
			out.WriteString("# Without what is secret: `kubectl kea install` makes that once, in the cluster, and never changes it.\n")
		case i.once:
			out.WriteString("# Created once: operations of kubectl kea change it, so whatever applies this from git must leave it alone.\n")
		}
		out.WriteString(p.texts[n])
	}
	return out.String()
}

// List is the manifests as one value.
func (p Printed) List() List {
	l := List{APIVersion: "v1", Kind: "List", Items: []map[string]any{}}
	for _, i := range p.items {
		l.Items = append(l.Items, i.want.Object)
	}
	return l
}

// Names are the objects as kubectl names them: "service/kea-database".
func (p Printed) Names() []string {
	names := []string{}
	for _, i := range p.items {
		names = append(names, strings.ToLower(i.want.GetKind())+"/"+i.want.GetName())
	}
	return names
}
