package timing

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ms(values ...float64) Sample {
	var s Sample
	for _, v := range values {
		s = append(s, time.Duration(v*float64(time.Millisecond)))
	}
	return s
}

func TestQuantiles(t *testing.T) {
	for _, tt := range []struct {
		name string
		runs Sample
		part float64
		want time.Duration
	}{
		{"median of an odd number", ms(9, 1, 5), 0.5, 5 * time.Millisecond},
		{"median of an even number", ms(4, 1, 2, 3), 0.5, 2500 * time.Microsecond},
		{"first quarter between two", ms(1, 2, 3, 4), 0.25, 1750 * time.Microsecond},
		{"least", ms(3, 1, 2), 0, time.Millisecond},
		{"most", ms(3, 1, 2), 1, 3 * time.Millisecond},
		{"one run", ms(7), 0.75, 7 * time.Millisecond},
		{"no run", nil, 0.5, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.runs.Quantile(tt.part); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	order := ms(3, 1, 2)
	order.Median()
	if diff := cmp.Diff(ms(3, 1, 2), order); diff != "" {
		t.Errorf("the runs were put into another order:\n%s", diff)
	}
}

func TestRatio(t *testing.T) {
	if got := ms(50, 40, 60).Ratio(ms(20, 10, 30)); got != 2.5 {
		t.Errorf("got %v, want 2.5", got)
	}
	if got := ms(50).Ratio(nil); got != 0 {
		t.Errorf("without a base got %v, want 0", got)
	}
}

func TestProcessor(t *testing.T) {
	if got := processor("processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz\n"); got != "Fast CPU @ 3 GHz" {
		t.Errorf("got %q", got)
	}
	if got := processor(""); got != "unknown processor" {
		t.Errorf("got %q", got)
	}
}
