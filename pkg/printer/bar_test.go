package printer

import (
	"math"
	"testing"
)

func TestBar(t *testing.T) {
	for _, tt := range []struct {
		name        string
		used, total float64
		want        string
	}{
		{"empty", 0, 100, "░░░░░░░░"},
		{"half", 50, 100, "████░░░░"},
		{"eighths", 53, 100, "████▎░░░"},
		{"one of many shows", 1, 1e9, "▏░░░░░░░"},
		{"nearly full is not full", 99999, 1e5, "███████▉"},
		{"full", 100, 100, "████████"},
		{"over full", 120, 100, "████████"},
		{"no total", 5, 0, "░░░░░░░░"},
		{"negative", -5, 10, "░░░░░░░░"},
		{"not a number", math.NaN(), 10, "░░░░░░░░"},
		{"a /64 of prefixes", math.Pow(2, 63), math.Pow(2, 64), "████░░░░"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Bar(Good, tt.used, tt.total, 8)
			if got.String() != tt.want || got.Width() != 8 {
				t.Errorf("Bar(%v of %v) = %q, want %q", tt.used, tt.total, got, tt.want)
			}
		})
	}
	if got := Bar(Good, 1, 3, 8).Render(Canvas{ASCII: true}); got != "##:....." {
		t.Errorf("in ASCII a third is %q", got)
	}
}
