package load

import (
	"math"
	"time"
)

// schedule says when each new exchange is to start. It is absolute: a start that comes late does not move the next ones,
// so the generator catches up after a slow moment and the rate stays true.
type schedule struct {
	start time.Time
	rate  float64 // a second
	total int     // number of exchanges
	end   time.Time
}

func newSchedule(start time.Time, rate float64, duration time.Duration) schedule {
	// The small allowance keeps a product such as 0.1·30 s, which is not exact in binary, from becoming one too many.
	total := int(math.Ceil(rate*duration.Seconds() - 1e-6))
	return schedule{start: start, rate: rate, total: max(total, 1), end: start.Add(duration)}
}

// due returns when exchange n, from 0, is to start.
func (s schedule) due(n int) time.Time {
	return s.start.Add(time.Duration(float64(n) / s.rate * float64(time.Second)))
}
