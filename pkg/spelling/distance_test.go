package spelling

import (
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"users", "USERS", 0},
		{"user", "users", 1},
		{"usesr", "users", 1}, // two neighbours swapped
		{"kitten", "sitting", 3},
		{"ca", "abc", 3}, // what was swapped is not changed again
		{strings.Repeat("a", 1000), strings.Repeat("a", 64), 0},
	} {
		if got := Distance(test.a, test.b); got != test.want {
			t.Errorf("%.10q to %.10q: %d, want %d", test.a, test.b, got, test.want)
		}
		if back := Distance(test.b, test.a); back != test.want {
			t.Errorf("%.10q to %.10q: %d, want %d", test.b, test.a, back, test.want)
		}
	}
}
