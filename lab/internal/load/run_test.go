package load

import (
	"context"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func run(t *testing.T, c Config) Result {
	t.Helper()
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantCounts(t *testing.T, what string, got, want Counts) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}

func inBoth(t *testing.T, test func(*testing.T, Family)) {
	for _, f := range []Family{V4, V6} {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			test(t, f)
		})
	}
}

func TestRunSharesOutTheLoad(t *testing.T) {
	t.Parallel()
	l := newLab(t, serve)
	c := l.config(V4, V6)
	c.Rate = 200
	c.Segments = append(c.Segments, Segment{Name: "vlan20", VLAN: 20, Relay4: netip.MustParseAddr("127.0.2.2"), Relay6: netip.IPv6Loopback()})
	r := run(t, c)
	wantCounts(t, "total", r.Counts, Counts{Started: 200, Acked: 200})
	for _, s := range r.Segments {
		wantCounts(t, s.Segment, s.Counts, Counts{Started: 50, Acked: 50})
	}
	if len(r.Segments) != 4 {
		t.Errorf("got %d segments in a family, want 4", len(r.Segments))
	}
	for _, f := range r.Families {
		wantCounts(t, f.Family.String(), f.Counts, Counts{Started: 100, Acked: 100})
	}
	if want := []ServerCounts{{Name: "a", Acks: 200}, {Name: "b"}}; !slices.Equal(r.Servers, want) {
		t.Errorf("servers: got %+v, want %+v", r.Servers, want)
	}
	if len(r.Errors) > 0 {
		t.Errorf("errors: %v", r.Errors)
	}
	for name, servers := range map[string]map[Family]*fakeServer{"a": l.a, "b": l.b} {
		for f, s := range servers {
			if s.count(ask) != 100 || s.count(take) != 100 || len(s.all()) != 200 {
				t.Errorf("server %s got %d first packets and %d requests over %v, want 100 of each", name, s.count(ask), s.count(take), f)
			}
		}
	}
	if r.Latency.Max <= 0 || r.Latency.P50 > r.Latency.Max || r.Silence.Longest <= 0 {
		t.Errorf("odd times: %+v", r.Figures)
	}
}

func TestRunLoss(t *testing.T) {
	inBoth(t, func(t *testing.T, f Family) {
		// Of 100 clients 20 hear nothing and 20 get an offer but no ACK.
		l := newLab(t, func(number int, s step, _ int) reaction {
			return reaction{silent: number%5 == 0 || number%5 == 1 && s == take}
		})
		r := run(t, l.config(f))
		wantCounts(t, "total", r.Counts, Counts{Started: 100, Acked: 60, Lost: 40})
		if got := l.b[f].count(take); got != 80 {
			t.Errorf("the standby got %d requests, want 80", got)
		}
	})
}

func TestRunOutage(t *testing.T) {
	inBoth(t, func(t *testing.T, f Family) {
		// Clients 30 to 79 of 100 a second hear nothing.
		l := newLab(t, func(number int, _ step, _ int) reaction { return reaction{silent: number >= 30 && number < 80} })
		r := run(t, l.config(f))
		wantCounts(t, "total", r.Counts, Counts{Started: 100, Acked: 50, Lost: 50})
		if s := r.Silence.Longest; s < 400*time.Millisecond || s > 2*time.Second {
			t.Errorf("silence of %v, want about half a second", s)
		}
	})
}

func TestRunNak(t *testing.T) {
	inBoth(t, func(t *testing.T, f Family) {
		l := newLab(t, func(number int, s step, _ int) reaction { return reaction{nak: number%4 == 0 && s == take} })
		r := run(t, l.config(f))
		wantCounts(t, "total", r.Counts, Counts{Started: 100, Acked: 75, Lost: 25, Naks: 25})
		if want := []ServerCounts{{Name: "a", Acks: 75, Naks: 25}, {Name: "b"}}; !slices.Equal(r.Servers, want) {
			t.Errorf("servers: got %+v, want %+v", r.Servers, want)
		}
	})
}

func TestRunDuplicates(t *testing.T) {
	shared := map[Family]string{V4: "10.9.9.9", V6: "fd00:9::9"}
	inBoth(t, func(t *testing.T, f Family) {
		// Clients 7 and 8 get the same address.
		l := newLab(t, func(number int, _ step, _ int) reaction {
			if number == 7 || number == 8 {
				return reaction{addr: netip.MustParseAddr(shared[f])}
			}
			return reaction{}
		})
		r := run(t, l.config(f))
		wantCounts(t, "total", r.Counts, Counts{Started: 100, Acked: 100, Duplicates: 1})
		if len(r.DuplicateExamples) != 1 || r.DuplicateExamples[0].Address.String() != shared[f] {
			t.Errorf("got %+v, want %s", r.DuplicateExamples, shared[f])
		}
	})
}

func TestRunLate(t *testing.T) {
	inBoth(t, func(t *testing.T, f Family) {
		// Clients 0, 20 and 40 start at 0, 1 and 2 s; the last one's late ACK comes after the run.
		l := newLab(t, func(number int, s step, _ int) reaction {
			if number%20 == 0 && s == take {
				return reaction{delay: 1400 * time.Millisecond}
			}
			return reaction{}
		})
		c := l.config(f)
		c.Rate, c.Duration, c.Timeout = 20, 3*time.Second, time.Second
		wantCounts(t, "total", run(t, c).Counts, Counts{Started: 60, Acked: 57, Lost: 3, Late: 2})
	})
}

func TestRunRenew(t *testing.T) {
	inBoth(t, func(t *testing.T, f Family) {
		// 125 clients get leases, then renew them; every tenth (13 of them) is refused; in the third round of 50 the 5
		// refused ask anew.
		l := newLab(t, func(number int, s step, _ int) reaction { return reaction{nak: number%10 == 0 && s == renew} })
		c := l.config(f)
		c.Rate, c.Duration, c.Timeout = 100, 3*time.Second, time.Second
		c.Clients, c.Renew = 125, true
		r := run(t, c)
		wantCounts(t, "total", r.Counts, Counts{Started: 300, Renewals: 125 + 45, Acked: 300 - 13, Lost: 13, Naks: 13})
		for _, h := range l.b[f].all() {
			checkRenewal(t, h)
		}
	})
}

// checkRenewal checks that a renewal names the address that the client has, and no server.
func checkRenewal(t *testing.T, h heard) {
	t.Helper()
	if h.step != renew {
		return
	}
	n := h.number
	if h.v4 != nil {
		if !h.v4.ClientIPAddr.Equal([]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}) || h.v4.RequestedIPAddress() != nil {
			t.Errorf("bad renewal: %s", h.v4.Summary())
		}
		return
	}
	if a := h.inner6.Options.OneIANA().Options.OneAddress(); a.IPv6Addr[0] != 0xfd || a.IPv6Addr[15] != byte(n) {
		t.Errorf("bad renewal: %s", h.inner6.Summary())
	}
}

func TestRunRetries(t *testing.T) {
	inBoth(t, func(t *testing.T, f Family) {
		// Clients 0, 10, 20, 30 and 40 start at 0 to 4 s and are heard only the third time. Within the 4.5 s the first tries
		// again at 2 and 4 s, and the second and third once.
		l := newLab(t, func(number int, s step, tries int) reaction {
			return reaction{silent: number%10 == 0 && s == ask && tries < 2}
		})
		c := l.config(f)
		c.Rate, c.Duration, c.Timeout, c.RetryUnanswered, c.Secs = 10, 4500*time.Millisecond, time.Second, true, 3
		r := run(t, c)
		wantCounts(t, "total", r.Counts, Counts{Started: 45, Acked: 40, Lost: 5, Retries: 4, RetriesAcked: 1})
		var secs []time.Duration
		for _, h := range l.b[f].all() {
			if h.number == 0 && h.step == ask {
				secs = append(secs, claimed(h).Truncate(time.Second))
			}
		}
		if want := []time.Duration{3 * time.Second, 5 * time.Second, 7 * time.Second}; !slices.Equal(secs, want) {
			t.Errorf("the first client claimed to have tried for %v, want %v", secs, want)
		}
	})
}

func claimed(h heard) time.Duration {
	if h.v4 != nil {
		return time.Duration(h.v4.NumSeconds) * time.Second
	}
	return h.inner6.Options.ElapsedTime()
}

func TestRunWithoutServers(t *testing.T) {
	t.Parallel()
	l := newLab(t, serve)
	c := l.config(V4, V6)
	// No server at all at first; then one without v6.
	var asked atomic.Int32
	c.Servers = func() []Server {
		if asked.Add(1) <= 20 {
			return nil
		}
		return []Server{{Name: "a", V4: netip.MustParseAddr("127.0.1.1")}}
	}
	r := run(t, c)
	if r.Started != 100 || r.Acked+r.Lost != 100 || r.Lost < 50 || r.Acked == 0 {
		t.Errorf("got %+v", r.Counts)
	}
	if got := r.Errors["no server has a v6 address"]; got != 50 {
		t.Errorf("got errors %v, want 50 times no server in v6", r.Errors)
	}
}

func TestRunReportsThatItFellBehind(t *testing.T) {
	t.Parallel()
	c := newLab(t, serve).config(V4)
	servers := c.Servers()
	asked := 0
	c.Servers = func() []Server {
		if asked++; asked == 30 {
			time.Sleep(300 * time.Millisecond)
		}
		return servers
	}
	r := run(t, c)
	wantCounts(t, "total", r.Counts, Counts{Started: 100, Acked: 100})
	if r.Generator.LateStarts < 10 || r.Generator.Worst < 200*time.Millisecond {
		t.Errorf("got %+v, want about 25 late starts, the worst by nearly 300 ms", r.Generator)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := newLab(t, serve).config(V4)
	c.Duration = time.Hour
	var seen atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.Progress = func(Snapshot) { seen.Add(1); cancel() }
	r, err := Run(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Started == 0 || r.Acked != r.Started {
		t.Errorf("got %+v, want all acked", r.Counts)
	}
	if seen.Load() == 0 {
		t.Error("no progress was reported")
	}
}

func TestRunRefusesServers(t *testing.T) {
	t.Parallel()
	l := newLab(t, serve)
	t.Run("at the start", func(t *testing.T) {
		c := l.config(V4)
		c.Servers = func() []Server { return []Server{{Name: "x", V4: netip.MustParseAddr("192.0.2.1")}} }
		_, err := Run(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), "refusing to send load to 192.0.2.1") {
			t.Errorf("got error %v", err)
		}
	})
	t.Run("later", func(t *testing.T) {
		c := l.config(V4)
		good, asked := c.Servers(), 0
		c.Servers = func() []Server {
			if asked++; asked < 30 {
				return good
			}
			return append(slices.Clone(good), Server{Name: "x", V6: netip.MustParseAddr("2001:db8::1")})
		}
		r, err := Run(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), "refusing to send load to 2001:db8::1") {
			t.Errorf("got error %v", err)
		}
		if r.Started == 0 || r.Started >= 30 || r.Acked != r.Started {
			t.Errorf("got %+v, want what was started before", r.Counts)
		}
	})
}

func TestRunNeedsItsRelayAddress(t *testing.T) {
	c := newLab(t, serve).config(V4)
	c.Segments[0].Relay4 = netip.MustParseAddr("192.0.2.1")
	_, err := Run(t.Context(), c)
	if err == nil || !strings.HasPrefix(err.Error(), "open v4 relay of segment vlan10: ") {
		t.Errorf("got error %v", err)
	}
}

func TestChecked(t *testing.T) {
	good := Config{
		Rate: 10, Duration: time.Second, Families: []Family{V4},
		Segments: []Segment{{Name: "s", Relay4: netip.MustParseAddr("10.0.0.1")}},
		Servers:  func() []Server { return nil },
	}
	if c, err := good.checked(); err != nil || c.Timeout != time.Second || c.Now == nil {
		t.Errorf("got timeout %v and error %v", c.Timeout, err)
	}
	for want, change := range map[string]func(*Config){
		"rate 0 is not":                  func(c *Config) { c.Rate = 0 },
		"duration 0s is not":             func(c *Config) { c.Duration = 0 },
		"timeout -1s is negative":        func(c *Config) { c.Timeout = -time.Second },
		"no servers are configured":      func(c *Config) { c.Servers = nil },
		"clients -1 is negative":         func(c *Config) { c.Clients = -1 },
		"renewing needs":                 func(c *Config) { c.Renew = true },
		"at least 11 are needed":         func(c *Config) { c.Clients = 10 },
		"no families":                    func(c *Config) { c.Families = nil },
		"family 5 is neither":            func(c *Config) { c.Families = []Family{5} },
		"family v4 is configured twice":  func(c *Config) { c.Families = []Family{V4, V4} },
		"no segment has a v6 relay":      func(c *Config) { c.Families = []Family{V4, V6} },
		"fd00::1 is not a v4 relay addr": func(c *Config) { c.Segments = []Segment{{Relay4: netip.MustParseAddr("fd00::1")}} },
	} {
		c := good
		change(&c)
		if _, err := c.checked(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

func TestCheckServer(t *testing.T) {
	for addr, allowed := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.1.1": true, "169.254.1.1": true,
		"::1": true, "fd00::1": true, "fe80::1%eth0": true,
		"8.8.8.8": false, "172.32.0.1": false, "100.64.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "0.0.0.0": false,
		"2001:db8::1": false, "ff02::1:2": false, "::": false, "::ffff:10.0.0.1": false,
	} {
		s := Server{Name: "s", V4: netip.MustParseAddr(addr)}
		if !s.V4.Is4() {
			s.V4, s.V6 = s.V6, s.V4
		}
		if err := checkServer(s); (err == nil) != allowed {
			t.Errorf("%s: got %v", addr, err)
		}
	}
	if checkServer(Server{Name: "s", V4: netip.MustParseAddr("fd00::1")}) == nil {
		t.Error("a v6 address as v4 address was allowed")
	}
}

func TestIdentity(t *testing.T) {
	seen := map[clientID]bool{}
	for seed := range uint32(50) {
		for n := range uint64(1000) {
			seen[identity(seed, n)] = true
		}
	}
	if len(seen) != 50_000 {
		t.Errorf("got %d clients, want 50000 different ones", len(seen))
	}
	if got := identity(0, 258).String(); got != "02:00:00:00:01:02" {
		t.Errorf("got MAC %s", got)
	}
	if got := identity(0, 258).linkLocal().String(); got != "fe80::ff:fe00:102" {
		t.Errorf("got link-local address %s", got)
	}
}

func TestSchedule(t *testing.T) {
	for _, test := range []struct {
		rate     float64
		duration time.Duration
		total    int
		last     time.Duration
	}{
		{100, time.Second, 100, 990 * time.Millisecond},
		{0.1, 30 * time.Second, 3, 20 * time.Second},
		{300, 10 * time.Minute, 180_000, 10*time.Minute - time.Second/300},
		{3, 1100 * time.Millisecond, 4, time.Second},
		{0.5, time.Second, 1, 0},
	} {
		s := newSchedule(start, test.rate, test.duration)
		last := s.due(s.total - 1).Sub(start)
		if s.total != test.total || (last-test.last).Abs() > time.Microsecond {
			t.Errorf("%v/s for %v: got %d exchanges, the last after %v, want %d and %v", test.rate, test.duration, s.total, last, test.total, test.last)
		}
	}
}

func TestErrorTallyIsBounded(t *testing.T) {
	e := errorTally{}
	for i := range 1000 {
		e.add(strings.Repeat("x", i))
		e.add("x")
	}
	if len(e) != errorKinds+1 || e["x"] != 1001 || !reflect.DeepEqual(e[otherKind], 950) {
		t.Errorf("got %d kinds, %d x and %d others", len(e), e["x"], e[otherKind])
	}
}
