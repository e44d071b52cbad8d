package manifest

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/keaconf"
)

// Object is one object of a stack.
type Object struct {
	client.Object
	// Once: created when it is absent, never changed afterwards. Operations change it: a cutover, a rotation.
	Once bool
}

// Group is objects that are applied together, after those of the groups before it.
type Group struct {
	Name    string
	Objects []Object
}

// Groups are the objects of a stack that is defaulted and valid, as plain fields, in the order in which they are applied.
// Secrets have no data.
func Groups(s *v1alpha1.Stack, a keaconf.Addresses) ([]Group, error) {
	configuration, err := configurationObjects(s, a)
	if err != nil {
		return nil, err
	}
	maintenance, err := maintenanceObjects(s)
	if err != nil {
		return nil, err
	}
	groups := []Group{{"access", accessObjects(s)}}
	if s.UsesPostgreSQL() {
		groups = append(groups, Group{"credentials", credentialObjects(s)})
	}
	groups = append(groups, Group{"services", serviceObjects(s)})
	if s.UsesPostgreSQL() {
		database, err := databaseObjects(s)
		if err != nil {
			return nil, err
		}
		groups = append(groups, Group{"database", database})
	}
	groups = append(groups,
		Group{"configuration", configuration},
		Group{"servers", append(serverObjects(s), maintenance...)})
	for _, g := range groups {
		if err := clean(g.Objects); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// each makes objects that are applied again whenever they differ.
func each(objects ...client.Object) []Object {
	out := []Object{}
	for _, o := range objects {
		out = append(out, Object{Object: o})
	}
	return out
}
