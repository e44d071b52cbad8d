package leases

import (
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// like says a pattern as SQL does.
func (p Pattern) like() (string, keadb.HostnameMatch) {
	switch p.Kind {
	case Glob:
		return globEscaper().Replace(p.Text), keadb.HostnameLike
	case Substring:
		if p.Text == "" {
			return "", keadb.HostnameLike
		}
		return "%" + likeEscaper().Replace(p.Text) + "%", keadb.HostnameLike
	case Exact:
	}
	return p.Text, keadb.HostnameExact
}

func likeEscaper() *strings.Replacer { return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`) }

func globEscaper() *strings.Replacer {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`, `?`, `_`)
}
