package load

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// recorder does the arithmetic of a run. It takes events with their instants, knows neither packets nor clocks, and is
// not safe for concurrent use. Its memory is the latencies, the valid leases and the exchanges of the last timeout.
type recorder struct {
	start   time.Time
	timeout time.Duration

	total    tally
	families map[Family]*tally
	groups   []*tally // as numbered in started

	open       []*attempt // new exchanges, oldest first, until they are older than the timeout
	book       leaseBook
	duplicates []Duplicate
	servers    map[string]*ServerCounts
	generator  Generator
}

// attempt is an exchange, new or retried, from its first packet on.
type attempt struct {
	client clientID
	at     time.Time
	retry  bool
	renew  bool

	into  [3]*tally // total, family, group
	acked bool      // at any time, by any server
	late  bool
	lost  bool
	naked bool
	by    string // the server that ACKed first
	twice bool
}

// tally is what is counted for the whole run, for a family or for a group.
type tally struct {
	Counts
	latencies []time.Duration
	hush      hush
}

// duplicateExamples bounds the list of duplicates in the result; all are counted.
const duplicateExamples = 20

// lateStart is how far behind its schedule a start may be before it is reported.
const lateStart = 50 * time.Millisecond

// newRecorder starts a record of the groups with the given families, in their order.
func newRecorder(start time.Time, timeout time.Duration, groups []Family) *recorder {
	r := &recorder{
		start: start, timeout: timeout,
		total:    tally{hush: newHush(start)},
		families: map[Family]*tally{},
		book:     newLeaseBook(),
		servers:  map[string]*ServerCounts{},
	}
	for _, f := range groups {
		if r.families[f] == nil {
			r.families[f] = &tally{hush: newHush(start)}
		}
		r.groups = append(r.groups, &tally{hush: newHush(start)})
	}
	return r
}

// started notes a new exchange of a client, or its renewal of a lease. Instants must not go backwards.
func (r *recorder) started(group int, f Family, client clientID, renew bool, t time.Time) *attempt {
	a := r.attempt(group, f, client, renew, t)
	r.open = append(r.open, a)
	a.count(func(c *Counts) {
		c.Started++
		if renew {
			c.Renewals++
		}
	})
	return a
}

// retried notes that a client which got no answer tries again. Such an attempt is never lost.
func (r *recorder) retried(group int, f Family, client clientID, renew bool, t time.Time) *attempt {
	a := r.attempt(group, f, client, renew, t)
	a.retry = true
	a.count(func(c *Counts) { c.Retries++ })
	return a
}

func (r *recorder) attempt(group int, f Family, client clientID, renew bool, t time.Time) *attempt {
	return &attempt{client: client, at: t, renew: renew, into: [3]*tally{&r.total, r.families[f], r.groups[group]}}
}

func (a *attempt) count(f func(*Counts)) {
	for _, into := range a.into {
		f(&into.Counts)
	}
}

// acked notes that a server granted an address for the given time. In time is only an ACK that comes before the timeout.
func (r *recorder) acked(a *attempt, addr netip.Addr, server string, lease time.Duration, t time.Time) {
	r.server(server).Acks++
	for _, into := range a.into {
		into.hush.heard(t)
	}
	if holder, duplicate := r.book.grant(addr, a.client, lease, t); duplicate {
		a.count(func(c *Counts) { c.Duplicates++ })
		if len(r.duplicates) < duplicateExamples {
			r.duplicates = append(r.duplicates, Duplicate{Address: addr, Holder: holder.String(), Client: a.client.String(), At: t})
		}
	}
	if a.acked {
		if server != a.by && !a.twice {
			a.twice = true
			a.count(func(c *Counts) { c.AckedTwice++ })
		}
		return
	}
	a.acked, a.by = true, server
	switch took := t.Sub(a.at); {
	case a.retry:
		a.count(func(c *Counts) { c.RetriesAcked++ })
	case a.lost || took >= r.timeout:
		r.lose(a)
		a.late = true
		a.count(func(c *Counts) { c.Late++ })
	default:
		a.count(func(c *Counts) { c.Acked++ })
		for _, into := range a.into {
			into.latencies = append(into.latencies, took)
		}
	}
}

// nak notes that a server refused. If the client was renewing it must give up the address that it held (else invalid).
// The exchange is lost nevertheless, unless another server ACKs it in time.
func (r *recorder) nak(a *attempt, held netip.Addr, server string) {
	r.server(server).Naks++
	if !a.naked {
		a.naked = true
		a.count(func(c *Counts) { c.Naks++ })
	}
	if held.IsValid() {
		r.book.revoke(held, a.client)
	}
}

// expire counts the exchanges as lost that are as old as the timeout at t, or older, and were not ACKed.
func (r *recorder) expire(t time.Time) {
	n := 0
	for n < len(r.open) && t.Sub(r.open[n].at) >= r.timeout {
		if !r.open[n].acked {
			r.lose(r.open[n])
		}
		r.open[n] = nil
		n++
	}
	r.open = r.open[n:]
}

func (r *recorder) lose(a *attempt) {
	if !a.lost {
		a.lost = true
		a.count(func(c *Counts) { c.Lost++ })
	}
}

// undecided tells whether an exchange is neither ACKed nor old enough to be lost.
func (r *recorder) undecided() bool {
	return slices.ContainsFunc(r.open, func(a *attempt) bool { return !a.acked })
}

// paced notes how much later than planned an exchange started.
func (r *recorder) paced(behind time.Duration) {
	if behind > lateStart {
		r.generator.LateStarts++
	}
	r.generator.Worst = max(r.generator.Worst, behind)
}

// server returns the counters of a server, which is in the result from now on even if it never answers.
func (r *recorder) server(name string) *ServerCounts {
	s := r.servers[name]
	if s == nil {
		s = &ServerCounts{Name: name}
		r.servers[name] = s
	}
	return s
}

// snapshot returns the figures at t.
func (r *recorder) snapshot(t time.Time) Snapshot {
	return Snapshot{
		Elapsed: t.Sub(r.start), Counts: r.total.Counts,
		SinceAck: max(0, t.Sub(r.total.hush.last)), LongestSilence: r.total.hush.until(t).Longest,
	}
}

// finish returns the figures of a run whose last new exchanges started before end, the edge of the last silence. What is
// still undecided counts as lost. The recorder must not be used any more.
func (r *recorder) finish(end time.Time) Result {
	for _, a := range r.open {
		if !a.acked {
			r.lose(a)
		}
	}
	r.open = nil
	result := Result{
		Start: r.start, End: end,
		Figures:           r.total.figures(end),
		Families:          []FamilyFigures{},
		Segments:          []SegmentFigures{},
		Servers:           []ServerCounts{},
		DuplicateExamples: r.duplicates,
		Generator:         r.generator,
		Held:              r.book.held(end),
	}
	for _, f := range []Family{V4, V6} {
		if r.families[f] != nil {
			result.Families = append(result.Families, FamilyFigures{Family: f, Figures: r.families[f].figures(end)})
		}
	}
	for _, g := range r.groups {
		result.Segments = append(result.Segments, SegmentFigures{Figures: g.figures(end)})
	}
	for _, s := range r.servers {
		result.Servers = append(result.Servers, *s)
	}
	slices.SortFunc(result.Servers, func(a, b ServerCounts) int { return strings.Compare(a.Name, b.Name) })
	return result
}

func (t *tally) figures(end time.Time) Figures {
	return Figures{Counts: t.Counts, Silence: t.hush.until(end), Latency: latencyOf(t.latencies)}
}
