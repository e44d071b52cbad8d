package credentials

import (
	"fmt"
	"slices"
	"strings"
)

// ChoiceError says that what --role and --cluster choose is not there.
type ChoiceError struct {
	Namespace string
	Have      []string // "role kea of cluster kea-database"
	Why       string
	Missing   bool // something was named that is not there
}

// Error implements error.
func (e *ChoiceError) Error() string { return e.Why }

// choose keeps what is meant; empty names mean all.
func (f *facts) choose(role, cluster string) error {
	have := []string{}
	for i := range f.uses {
		have = append(have, f.uses[i].String())
	}
	f.uses = slices.DeleteFunc(f.uses, func(u use) bool {
		return role != "" && u.database.User != role || cluster != "" && (u.database.Cluster == nil || u.database.Cluster.Name != cluster)
	})
	if len(f.uses) > 0 {
		return nil
	}
	why := "no Kea server of namespace " + f.in.Namespace + " logs in to a PostgreSQL database"
	if len(have) > 0 {
		what := []string{}
		if role != "" {
			what = append(what, "as role "+role)
		}
		if cluster != "" {
			what = append(what, "to cluster "+cluster)
		}
		why = fmt.Sprintf("no Kea server of namespace %s logs in %s; there are: %s", f.in.Namespace, strings.Join(what, " "), strings.Join(have, ", "))
	}
	return &ChoiceError{Namespace: f.in.Namespace, Have: have, Why: why, Missing: len(have) > 0}
}

// String names a use for people.
func (u *use) String() string {
	if u.database.Cluster == nil {
		return "role " + u.database.User + " at " + u.database.Host
	}
	return "role " + u.database.User + " of cluster " + u.database.Cluster.Name
}
