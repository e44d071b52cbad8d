package timing

import (
	"slices"
	"testing"
)

func TestLossless(t *testing.T) {
	for name, tt := range map[string]struct {
		stands, want float64
		tried        []float64
	}{
		"none":             {5, 0, []float64{10, 7.5}},
		"between":          {120, 120, []float64{10, 20, 40, 80, 160, 120}},
		"not between":      {100, 80, []float64{10, 20, 40, 80, 160, 120}},
		"more than wanted": {1000, 160, []float64{10, 20, 40, 80, 160}},
	} {
		t.Run(name, func(t *testing.T) {
			tried := []float64{}
			got, err := Lossless(200, func(rate float64) (int, int, error) {
				tried = append(tried, rate)
				return max(0, int(rate-tt.stands)), int(rate), nil
			})
			if got != tt.want || (err == nil) != (tt.want > 0) || !slices.Equal(tried, tt.tried) {
				t.Errorf("%v, %v after %v", got, err, tried)
			}
		})
	}
}
