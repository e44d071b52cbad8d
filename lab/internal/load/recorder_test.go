package load

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"
)

// The tables of these tests are stories: what happened when, in ms since the start.

type event struct {
	ms     int
	what   string // start, renew, retry, ack, nak, expire
	n      int    // the attempt, numbered by the story
	group  int
	addr   string
	server string
	lease  int // s, 0 means 3600
}

var (
	start      = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	testGroups = []Family{V4, V6, V4}
)

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// tell plays a story whose attempts are made by the client of the same number, or by the one that clients names.
func tell(clients map[int]uint64, story ...event) Result {
	r := newRecorder(start, time.Second, testGroups)
	attempts := map[int]*attempt{}
	for _, e := range story {
		n := uint64(e.n)
		if other, ok := clients[e.n]; ok {
			n = other
		}
		client := identity(0, n)
		addr := netip.Addr{}
		if e.addr != "" {
			addr = netip.MustParseAddr(e.addr)
		}
		if e.server == "" {
			e.server = "a"
		}
		if e.lease == 0 {
			e.lease = 3600
		}
		switch e.what {
		case "start", "renew":
			attempts[e.n] = r.started(e.group, testGroups[e.group], client, e.what == "renew", at(e.ms))
		case "retry":
			attempts[e.n] = r.retried(e.group, testGroups[e.group], client, false, at(e.ms))
		case "ack":
			r.acked(attempts[e.n], addr, e.server, time.Duration(e.lease)*time.Second, at(e.ms))
		case "nak":
			r.nak(attempts[e.n], addr, e.server)
		case "expire":
			r.expire(at(e.ms))
		default:
			panic("no event " + e.what)
		}
	}
	return r.finish(at(10_000))
}

func TestRecorderCounts(t *testing.T) {
	tests := []struct {
		name  string
		story []event
		want  Counts
	}{
		{"nothing", nil, Counts{}},
		{
			"acked in time",
			[]event{{ms: 0, what: "start", n: 1}, {ms: 999, what: "ack", n: 1, addr: "10.0.0.1"}},
			Counts{Started: 1, Acked: 1},
		},
		{
			"an ACK at exactly the timeout is too late",
			[]event{{ms: 0, what: "start", n: 1}, {ms: 1000, what: "ack", n: 1, addr: "10.0.0.1"}},
			Counts{Started: 1, Lost: 1, Late: 1},
		},
		{
			"lost at exactly the timeout, late afterwards",
			[]event{{ms: 0, what: "start", n: 1}, {ms: 1000, what: "expire"}, {ms: 1500, what: "ack", n: 1, addr: "10.0.0.1"}},
			Counts{Started: 1, Lost: 1, Late: 1},
		},
		{
			"an ACK before the timeout that is told after a look just before it",
			[]event{{ms: 0, what: "start", n: 1}, {ms: 999, what: "expire"}, {ms: 999, what: "ack", n: 1, addr: "10.0.0.1"}, {ms: 1000, what: "expire"}},
			Counts{Started: 1, Acked: 1},
		},
		{
			"undecided at the end is lost, and only once",
			[]event{{ms: 0, what: "start", n: 1}, {ms: 9500, what: "start", n: 2}, {ms: 9600, what: "expire"}},
			Counts{Started: 2, Lost: 2},
		},
		{
			"a NAK is a loss",
			[]event{{ms: 0, what: "start", n: 1}, {ms: 10, what: "nak", n: 1}, {ms: 11, what: "nak", n: 1, server: "b"}},
			Counts{Started: 1, Lost: 1, Naks: 1},
		},
		{
			"a NAK of one server and an ACK of the other",
			[]event{{ms: 0, what: "start", n: 1}, {ms: 10, what: "nak", n: 1}, {ms: 11, what: "ack", n: 1, addr: "10.0.0.1", server: "b"}},
			Counts{Started: 1, Acked: 1, Naks: 1},
		},
		{
			"both servers ACK",
			[]event{
				{ms: 0, what: "renew", n: 1},
				{ms: 10, what: "ack", n: 1, addr: "10.0.0.1"},
				{ms: 11, what: "ack", n: 1, addr: "10.0.0.1", server: "b"},
				{ms: 12, what: "ack", n: 1, addr: "10.0.0.1", server: "b"},
			},
			Counts{Started: 1, Renewals: 1, Acked: 1, AckedTwice: 1},
		},
		{
			"a retried client: the exchange stays lost, the retry is neither started nor lost",
			[]event{
				{ms: 0, what: "start", n: 1},
				{ms: 2000, what: "retry", n: 2},
				{ms: 4000, what: "retry", n: 3},
				{ms: 6000, what: "expire"},
				{ms: 6001, what: "ack", n: 3, addr: "10.0.0.1"},
			},
			Counts{Started: 1, Lost: 1, Retries: 2, RetriesAcked: 1},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := tell(nil, test.story...).Counts; got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestRecorderGroups(t *testing.T) {
	r := tell(nil,
		event{ms: 0, what: "start", n: 1, group: 0}, event{ms: 1, what: "start", n: 2, group: 1}, event{ms: 2, what: "start", n: 3, group: 2},
		event{ms: 5, what: "ack", n: 1, addr: "10.0.0.1"}, event{ms: 6, what: "ack", n: 3, addr: "10.1.0.1", server: "b"},
		event{ms: 10, what: "start", n: 4, group: 0}, event{ms: 11, what: "start", n: 5, group: 1}, event{ms: 12, what: "start", n: 6, group: 2},
		event{ms: 13, what: "nak", n: 4}, event{ms: 14, what: "ack", n: 5, addr: "fd00::1"},
	)
	want := []Counts{{Started: 2, Acked: 1, Lost: 1, Naks: 1}, {Started: 2, Acked: 1, Lost: 1}, {Started: 2, Acked: 1, Lost: 1}}
	for i, s := range r.Segments {
		if s.Counts != want[i] {
			t.Errorf("group %d: got %+v, want %+v", i, s.Counts, want[i])
		}
	}
	if got, want := r.Counts, (Counts{Started: 6, Acked: 3, Lost: 3, Naks: 1}); got != want {
		t.Errorf("total: got %+v, want %+v", got, want)
	}
	families := map[Family]Counts{}
	for _, f := range r.Families {
		families[f.Family] = f.Counts
	}
	if want := map[Family]Counts{V4: {Started: 4, Acked: 2, Lost: 2, Naks: 1}, V6: {Started: 2, Acked: 1, Lost: 1}}; !reflect.DeepEqual(families, want) {
		t.Errorf("families: got %+v, want %+v", families, want)
	}
	if want := []ServerCounts{{Name: "a", Acks: 2, Naks: 1}, {Name: "b", Acks: 1}}; !slices.Equal(r.Servers, want) {
		t.Errorf("servers: got %+v, want %+v", r.Servers, want)
	}
	if got, want := r.Segments[0].Silence, (Silence{Longest: 9995 * time.Millisecond, From: at(5), To: at(10_000)}); got != want {
		t.Errorf("silence of group 0: got %+v, want %+v", got, want)
	}
	if got, want := r.Latency.Max, 5*time.Millisecond; got != want {
		t.Errorf("max latency: got %v, want %v", got, want)
	}
}

func TestRecorderSilence(t *testing.T) {
	acks := func(ms ...int) []event {
		var story []event
		for i, m := range ms {
			story = append(story, event{ms: m, what: "start", n: i}, event{ms: m, what: "ack", n: i, addr: fmt.Sprintf("10.0.0.%d", i+1)})
		}
		return story
	}
	tests := []struct {
		name     string
		story    []event
		from, to int
	}{
		{"no ACK at all", nil, 0, 10_000},
		{"before the first ACK", acks(5000, 6000, 9000), 0, 5000},
		{"between two ACKs", acks(1000, 8000, 9000), 1000, 8000},
		{"after the last ACK", acks(1000, 2000, 3000), 3000, 10_000},
		{"the first of two equal ones", acks(1000, 4000, 7000), 1000, 4000},
		{"an ACK after the end", acks(2000, 4000, 6000, 8000, 10_500), 8000, 10_500},
		{"instants out of order", acks(3000, 2000, 6000, 8000, 9000), 0, 3000},
		{
			"a late ACK and one of a retry end it, a NAK does not",
			[]event{
				{ms: 0, what: "start", n: 1},
				{ms: 3000, what: "ack", n: 1, addr: "10.0.0.1"},
				{ms: 4000, what: "retry", n: 2},
				{ms: 6000, what: "ack", n: 2, addr: "10.0.0.2"},
				{ms: 7000, what: "start", n: 3},
				{ms: 8000, what: "nak", n: 3},
			},
			6000, 10_000,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := Silence{Longest: at(test.to).Sub(at(test.from)), From: at(test.from), To: at(test.to)}
			if got := tell(nil, test.story...).Silence; got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestRecorderDuplicates(t *testing.T) {
	same := map[int]uint64{2: 1, 4: 3} // attempts 1 and 2 are of one client, 3 and 4 of another
	ask := func(ms, n int, addr string, lease int) []event {
		return []event{{ms: ms, what: "start", n: n}, {ms: ms + 1, what: "ack", n: n, addr: addr, lease: lease}}
	}
	tests := []struct {
		name  string
		story [][]event
		want  int
	}{
		{"different addresses", [][]event{ask(0, 1, "10.0.0.1", 60), ask(10, 3, "10.0.0.2", 60)}, 0},
		{"another client while the lease is valid", [][]event{ask(0, 1, "10.0.0.1", 60), ask(10, 3, "10.0.0.1", 60)}, 1},
		{"another client as the lease ends", [][]event{ask(0, 1, "10.0.0.1", 1), ask(1000, 3, "10.0.0.1", 1)}, 0},
		{"another client just before the lease ends", [][]event{ask(0, 1, "10.0.0.1", 1), ask(999, 3, "10.0.0.1", 1)}, 1},
		{"the same client again", [][]event{ask(0, 1, "10.0.0.1", 60), ask(10, 2, "10.0.0.1", 60)}, 0},
		{"the same client prolongs", [][]event{ask(0, 1, "10.0.0.1", 1), ask(500, 2, "10.0.0.1", 60), ask(2000, 3, "10.0.0.1", 60)}, 1},
		{
			"two clients that share an address and go on renewing are one duplicate",
			[][]event{ask(0, 1, "10.0.0.1", 60), ask(10, 3, "10.0.0.1", 60), ask(20, 2, "10.0.0.1", 60), ask(30, 4, "10.0.0.1", 60)},
			1,
		},
		{
			"three clients are two duplicates",
			[][]event{ask(0, 1, "10.0.0.1", 60), ask(10, 3, "10.0.0.1", 60), ask(20, 5, "10.0.0.1", 60)},
			2,
		},
		{
			"a client whose renewal was refused has given the address up",
			[][]event{
				ask(0, 1, "10.0.0.1", 60),
				{{ms: 10, what: "renew", n: 2}, {ms: 11, what: "nak", n: 2, addr: "10.0.0.1"}},
				ask(20, 3, "10.0.0.1", 60),
			},
			0,
		},
		{
			"a NAK to somebody else does not free the address",
			[][]event{
				ask(0, 1, "10.0.0.1", 60),
				{{ms: 10, what: "renew", n: 5}, {ms: 11, what: "nak", n: 5, addr: "10.0.0.1"}},
				ask(20, 3, "10.0.0.1", 60),
			},
			1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := tell(same, slices.Concat(test.story...)...)
			if r.Duplicates != test.want {
				t.Errorf("got %d duplicates, want %d: %+v", r.Duplicates, test.want, r.DuplicateExamples)
			}
		})
	}
}

func TestDuplicateExample(t *testing.T) {
	r := tell(nil,
		event{ms: 0, what: "start", n: 1}, event{ms: 1, what: "ack", n: 1, addr: "10.0.0.1"},
		event{ms: 2, what: "start", n: 2}, event{ms: 3, what: "ack", n: 2, addr: "10.0.0.1"},
	)
	want := []Duplicate{{Address: netip.MustParseAddr("10.0.0.1"), Holder: "02:00:00:00:00:01", Client: "02:00:00:00:00:02", At: at(3)}}
	if !slices.Equal(r.DuplicateExamples, want) {
		t.Errorf("got %+v, want %+v", r.DuplicateExamples, want)
	}
}

func TestRecorderForgets(t *testing.T) {
	r := newRecorder(start, time.Second, []Family{V4})
	for i := range 20_000 { // 100 a second, leases of 2 s
		now := at(10 * i)
		a := r.started(0, V4, identity(0, uint64(i)), false, now)
		r.acked(a, netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), "a", 2*time.Second, now)
		r.expire(now)
	}
	if n := len(r.open); n > 100 {
		t.Errorf("%d exchanges are still open, want those of the last second", n)
	}
	if n := len(r.book.holds); n > firstSweep {
		t.Errorf("%d leases are remembered, want at most %d", n, firstSweep)
	}
}

func TestRecorderPace(t *testing.T) {
	r := newRecorder(start, time.Second, []Family{V4})
	for _, ms := range []int{0, 50, 51, 700} {
		r.paced(time.Duration(ms) * time.Millisecond)
	}
	if got, want := r.finish(start).Generator, (Generator{LateStarts: 2, Worst: 700 * time.Millisecond}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestSnapshot(t *testing.T) {
	r := newRecorder(start, time.Second, []Family{V4})
	a := r.started(0, V4, clientID{}, false, at(100))
	r.acked(a, netip.MustParseAddr("10.0.0.1"), "a", time.Hour, at(300))
	r.started(0, V4, clientID{}, false, at(400))
	r.expire(at(1500))
	want := Snapshot{
		Elapsed: 1500 * time.Millisecond, Counts: Counts{Started: 2, Acked: 1, Lost: 1},
		SinceAck: 1200 * time.Millisecond, LongestSilence: 1200 * time.Millisecond,
	}
	if got := r.snapshot(at(1500)); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNearestRank(t *testing.T) {
	upTo := func(n int) []time.Duration {
		var v []time.Duration
		for i := n; i >= 1; i-- {
			v = append(v, time.Duration(i))
		}
		return v
	}
	tests := []struct {
		values []time.Duration
		want   Latency
	}{
		{nil, Latency{}},
		{upTo(1), Latency{P50: 1, P90: 1, P99: 1, Max: 1}},
		{upTo(4), Latency{P50: 2, P90: 4, P99: 4, Max: 4}},
		{upTo(5), Latency{P50: 3, P90: 5, P99: 5, Max: 5}},
		{upTo(100), Latency{P50: 50, P90: 90, P99: 99, Max: 100}},
		{upTo(101), Latency{P50: 51, P90: 91, P99: 100, Max: 101}},
		{upTo(1000), Latency{P50: 500, P90: 900, P99: 990, Max: 1000}},
	}
	for _, test := range tests {
		if got := latencyOf(test.values); got != test.want {
			t.Errorf("%d values: got %+v, want %+v", len(test.values), got, test.want)
		}
	}
}

// What clients hold at the end are the leases that have not run out by then, each with its client.
func TestHeld(t *testing.T) {
	book := newLeaseBook()
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	first, second := clientID{2, 0, 0, 0, 0, 1}, clientID{2, 0, 0, 0, 0, 2}
	book.grant(netip.MustParseAddr("10.0.0.2"), second, time.Hour, at)
	book.grant(netip.MustParseAddr("10.0.0.1"), first, time.Hour, at)
	book.grant(netip.MustParseAddr("10.0.0.3"), first, time.Second, at)
	book.grant(netip.MustParseAddr("10.0.0.4"), second, time.Hour, at)
	book.revoke(netip.MustParseAddr("10.0.0.4"), second)
	want := []Held{
		{netip.MustParseAddr("10.0.0.1"), "02:00:00:00:00:01"},
		{netip.MustParseAddr("10.0.0.2"), "02:00:00:00:00:02"},
	}
	if got := book.held(at.Add(time.Minute)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
