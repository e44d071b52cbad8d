package stackfile

import (
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/spelling"
)

// nearest is the word that was probably meant, "" when none comes close. Case and dashes do not count: Kea writes
// valid-lifetime where others write validLifetime.
func nearest(word string, known []string) string {
	word = squeezed(word)
	best, bestAt := "", 1+max(1, min(3, len(word)/3))
	for _, k := range known {
		if d := spelling.Distance(word, squeezed(k)); d < bestAt {
			best, bestAt = k, d
		}
	}
	return best
}

func squeezed(s string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}
