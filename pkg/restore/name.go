package restore

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

const (
	// longestName is CNPG's limit for the name of a cluster.
	longestName = 50
	// stampForm is what tells restored clusters apart: the moment they were asked for, in UTC.
	stampForm = "20060102-150405"
)

// newName makes up the name of a restored cluster: the source's, with a stamp in the place of an earlier one.
func newName(source string, now time.Time) string {
	stamp := "-" + now.UTC().Format(stampForm)
	base := regexp.MustCompile(`-\d{8}-\d{6}$`).ReplaceAllString(source, "")
	return strings.TrimRight(base[:min(len(base), longestName-len(stamp))], "-") + stamp
}

// use is a name that cannot be given again, and why.
type use struct{ name, why string }

// checkName says what is wrong with the name of the new cluster. Its archive's folder gets the same name, and two
// clusters that write into one folder destroy each other's backups: a name that was ever used is not given again.
func checkName(name string, used []use) []problem.Problem {
	const next = "leave --name out, or give another one"
	subject := "name " + name
	switch faults := validation.IsDNS1035Label(name); {
	case len(name) > longestName:
		return []problem.Problem{problem.NewCritical("bad-name", subject, fmt.Sprintf("it has %d characters; CNPG allows %d", len(name), longestName), next)}
	case len(faults) > 0:
		return []problem.Problem{problem.NewCritical("bad-name", subject, "a cluster's name has lower-case letters, digits and - only, begins with a letter and ends with a letter or digit", next)}
	}
	if i := slices.IndexFunc(used, func(u use) bool { return u.name == name }); i >= 0 {
		return []problem.Problem{problem.NewCritical("name-taken", subject, used[i].why, next)}
	}
	return nil
}
