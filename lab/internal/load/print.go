package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// Print writes the result as a short report for people: what was lost first, then a line for every VLAN and family. An
// error of the writer ends it silently.
func (r Result) Print(w io.Writer) {
	fmt.Fprintf(w, "lost %d of %d exchanges (%.2f %%), %d NAKs, %d duplicate addresses\n", r.Lost, r.Started, r.LostPercent(), r.Naks, r.Duplicates)
	fmt.Fprintf(w, "longest silence %s s (from %s to %s)\n", seconds(r.Silence.Longest), clock(r.Silence.From), clock(r.Silence.To))
	fmt.Fprintf(w, "latency p50 %s, p90 %s, p99 %s, max %s ms\n", millis(r.Latency.P50), millis(r.Latency.P90), millis(r.Latency.P99), millis(r.Latency.Max))
	fmt.Fprintf(w, "%.4g exchanges/s for %s s (%s to %s)", r.Rate, seconds(r.End.Sub(r.Start)), clock(r.Start), clock(r.End))
	for _, more := range []struct {
		n    int
		what string
	}{
		{r.Renewals, "renewals"}, {r.Late, "of the lost ACKed late"}, {r.AckedTwice, "ACKed by two servers"},
	} {
		if more.n > 0 {
			fmt.Fprintf(w, ", %d %s", more.n, more.what)
		}
	}
	if r.Retries > 0 {
		fmt.Fprintf(w, ", %d retries (%d ACKed)", r.Retries, r.RetriesAcked)
	}
	fmt.Fprintln(w)
	for _, d := range r.DuplicateExamples {
		fmt.Fprintf(w, "duplicate: %v ACKed to %s at %s, held by %s\n", d.Address, d.Client, clock(d.At), d.Holder)
	}
	if r.Generator.LateStarts > 0 {
		fmt.Fprintf(w, "WARNING: the load itself fell behind: %d starts more than %v late, the worst %s ms: do not trust these figures\n",
			r.Generator.LateStarts, lateStart, millis(r.Generator.Worst))
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Errors)) {
		fmt.Fprintf(w, "error: %s (%d times)\n", kind, r.Errors[kind])
	}
	fmt.Fprintln(w)
	r.printTable(w)
}

func (r Result) printTable(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "VLAN\tsegment\tfamily\tstarted\tACKed\tlost\tNAKs\tduplicates\tsilence s\tp50 ms\tp99 ms\tmax ms\t")
	for _, s := range r.Segments {
		fmt.Fprintf(t, "%d\t%s\t%v\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t\n", s.VLAN, s.Segment, s.Family,
			s.Started, s.Acked, s.Lost, s.Naks, s.Duplicates,
			seconds(s.Silence.Longest), millis(s.Latency.P50), millis(s.Latency.P99), millis(s.Latency.Max))
	}
	_ = t.Flush() // as Fprintln above: there is nobody to tell
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "server\tACKs\tNAKs\t")
	for _, s := range r.Servers {
		fmt.Fprintf(t, "%s\t%d\t%d\t\n", s.Name, s.Acks, s.Naks)
	}
	_ = t.Flush() // as Fprintln above: there is nobody to tell
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func millis(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }

func clock(t time.Time) string { return t.Format("15:04:05.000") }
