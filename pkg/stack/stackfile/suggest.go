package stackfile

import (
	"strings"
)

// nearest is the word that was probably meant, "" when none comes close. Case and dashes do not count: Kea writes
// valid-lifetime where others write validLifetime.
func nearest(word string, known []string) string {
	word = squeezed(word)
	best, bestAt := "", 1+max(1, min(3, len(word)/3))
	for _, k := range known {
		if d := distance(word, squeezed(k)); d < bestAt {
			best, bestAt = k, d
		}
	}
	return best
}

func squeezed(s string) string {
	if len(s) > 64 {
		s = s[:64] // the distance's cost is a product of lengths
	}
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}

// distance is how many letters must be put in, taken out or changed to make one word of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
