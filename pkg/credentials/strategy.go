package credentials

import (
	"fmt"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Strategy is how a password is changed that stands in Kea's configuration.
type Strategy string

// The strategies.
const (
	// SameRole gives the role another password. From then until a server has reloaded, it cannot log in anew.
	SameRole Strategy = "same-role"
	// Alternating has the servers log in as a second role with the same rights. The former password works until all have
	// changed over.
	Alternating Strategy = "alternating"
)

// Strategies are all of them.
func Strategies() []Strategy { return []Strategy{Alternating, SameRole} }

// ParseStrategy reads what was asked for; "" leaves the choice to the plan.
func ParseStrategy(text string) (Strategy, error) {
	for _, s := range Strategies() {
		if text == "" || text == string(s) {
			return Strategy(text), nil
		}
	}
	return "", fmt.Errorf("%q is no strategy; there are %s and %s", text, Alternating, SameRole)
}

// decide chooses between the strategies, and says why.
func (p *Plan) decide(asked Strategy, roles []dbRole, declares bool) {
	c := p.configured
	other, there := otherOf(c.from, roles)
	switch {
	case asked == SameRole:
		p.Strategy, p.Why = SameRole, "as asked for"
	case asked == Alternating && there:
		p.Strategy, p.Why = Alternating, "as asked for"
	case asked == Alternating:
		p.Strategy, p.Why = Alternating, "as asked for; the role is made, by a DatabaseRole"
		other, c.makes = otherDeclared(p.Cluster, c.from), true
		if _, taken := roleNamed(roles, other.name); taken || !declares {
			why := "this CNPG knows no DatabaseRoles, or you may not list them"
			if taken {
				why = "CNPG knows a role " + other.name + " that cannot take turns with it"
			}
			p.Problems = append(p.Problems, problem.NewCritical("no-second-role", p.use.String(), "there is no second role to take turns with: "+why,
				fmt.Sprintf("add one to spec.managed.roles of cluster %s, with inRoles: [%s], login: true and a passwordSecret of its own", p.Cluster, strings.Join(other.memberOf, ", "))))
		}
	case there:
		p.Strategy, p.Why = Alternating, "CNPG knows role "+other.name+", which has the same rights"
	default:
		p.Strategy, p.Why = SameRole, "CNPG knows no second role with the same rights; --strategy alternating makes one"
	}
	if c.to = c.from; p.Strategy == Alternating {
		c.to = other
	}
}
