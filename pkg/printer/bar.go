package printer

import (
	"math"
	"strings"
)

// Bar draws how much of a total is used, width columns wide, the used part in
// a tone. It never lies at the ends: anything used shows, and only a bar that
// is full looks full. Nothing is known of a total of zero: it draws empty.
func Bar(tone Tone, used, total float64, width int) Line {
	if width <= 0 {
		return Line{}
	}
	eighths := fill(used, total, width*8)
	full, part := eighths/8, eighths%8
	bar := strings.Repeat("█", full)
	if part > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[part-1])
		full++
	}
	return Concat(tone.Text(bar), Dim.Text(strings.Repeat("░", width-full)))
}

// fill is the number of steps out of most that a bar is filled.
func fill(used, total float64, most int) int {
	switch {
	case !(used > 0) || !(total > 0): // also when one is not a number
		return 0
	case used >= total:
		return most
	}
	n := int(math.Round(used / total * float64(most)))
	return min(max(n, 1), most-1)
}
