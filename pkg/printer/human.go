package printer

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// Duration is a length of time as kubectl writes it: 45s, 3m, 5h20m, 12d.
func Duration(d time.Duration) string { return duration.HumanDuration(d) }

// Ago is a moment seen from now: "3m ago", "in 5m", "just now", and
// "<unknown>" for the zero time.
func Ago(t, now time.Time) string {
	if t.IsZero() {
		return "<unknown>"
	}
	switch d := now.Sub(t); {
	case d > -time.Second && d < time.Second:
		return "just now"
	case d < 0:
		return "in " + Duration(-d)
	default:
		return Duration(d) + " ago"
	}
}

// Bytes is a size in binary units with three digits at most: 512 B, 1.5 GiB.
func Bytes(n int64) string {
	if n < 0 {
		return "-" + Bytes(-n)
	}
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	size, units := float64(n), []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := -1
	for size >= 1023.5 && i < len(units)-1 {
		size /= 1024
		i++
	}
	if size < 9.95 {
		return fmt.Sprintf("%.1f %s", size, units[i])
	}
	return fmt.Sprintf("%.0f %s", size, units[i])
}
