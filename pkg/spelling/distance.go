// Package spelling tells how alike words are, for errors that say what was probably meant.
package spelling

import "strings"

// longest is how much of a word is looked at: the work grows with the product of the lengths.
const longest = 64

// Distance is how many octets have to be put in, taken out, replaced or swapped with their neighbour to make b of a. Case
// does not count, nor does what follows the first 64 octets.
func Distance(a, b string) int {
	a, b = strings.ToLower(a[:min(len(a), longest)]), strings.ToLower(b[:min(len(b), longest)])
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
