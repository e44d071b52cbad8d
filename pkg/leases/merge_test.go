package leases

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// shelf is a reader of leases in memory that uses one Lease for all rows, as a database's reader does.
type shelf struct {
	name   string
	leases []*Lease
	fails  int           // after so many rows; 0: never
	waits  time.Duration // before each row
	reads  atomic.Int64
	counts []SubnetCount
	only   []kea.Service
}

var errShelf = errors.New("it fell down")

func (s *shelf) String() string { return s.name }

func (s *shelf) Services() []kea.Service {
	if s.only == nil {
		return []kea.Service{kea.DHCP4, kea.DHCP6}
	}
	return s.only
}

func (s *shelf) Clock(context.Context) (time.Time, error) { return testNow(), nil }

func (s *shelf) Counts(context.Context, kea.Service) ([]SubnetCount, error) {
	if s.fails != 0 {
		return nil, errShelf
	}
	return s.counts, nil
}

func (s *shelf) Each(ctx context.Context, f Filter, yield func(*Lease) error) error {
	kept := slices.DeleteFunc(slices.Clone(s.leases), func(l *Lease) bool { return !f.Match(l, testNow()) })
	slices.SortStableFunc(kept, Compare(&f))
	var row Lease
	for i, l := range kept {
		if f.Limit > 0 && i >= f.Limit {
			break
		}
		if s.fails > 0 && i >= s.fails {
			return errShelf
		}
		s.reads.Add(1)
		time.Sleep(s.waits)
		row = l.Clone()
		if err := yield(&row); err != nil {
			return err
		}
		row.Hostname, row.Address = "used again", l.Address.Next()
		clear(row.HWAddress)
	}
	if s.fails < 0 {
		return errShelf
	}
	return ctx.Err()
}

// rowsOf is a lease as tests of Merge look at it.
func rowsOf(t *testing.T, r Reader, f Filter) ([]string, error) {
	t.Helper()
	got := []string{}
	err := r.Each(t.Context(), f, func(l *Lease) error {
		text := l.Resource() + " " + l.Hostname
		if len(l.MissingOn) > 0 {
			text += " -" + strings.Join(l.MissingOn, " -")
		}
		got = append(got, text)
		return nil
	})
	return got, err
}

func named(address, host string, seen time.Duration, change ...func(*Lease)) *Lease {
	return lease4(append([]func(*Lease){func(l *Lease) {
		l.Address, l.Hostname, l.LastSeen = ip(address), host, testNow().Add(-seen)
		l.Expires = l.LastSeen.Add(time.Hour)
		l.HWAddress[5] = host[0]
		if !l.Expires.After(testNow()) {
			l.State = Expired
		}
	}}, change...)...)
}

func TestMergePeers(t *testing.T) {
	declined := func(l *Lease) { l.State = Declined }
	a := &shelf{name: "a", leases: []*Lease{
		named("10.0.0.1", "both", time.Minute),
		named("10.0.0.2", "only on a", time.Minute),
		named("10.0.0.4", "newer on b", 10*time.Minute),
		named("10.0.0.5", "old", 2*time.Hour),                 // renewed, b knows
		named("10.0.0.6", "expired, only on a", 2*time.Hour),  // b has removed it
		named("10.0.0.7", "granted just now", time.Second),    // on its way to b
		named("10.0.0.8", "declined", time.Minute, declined),  // b has not heard of it
		named("10.0.0.9", "changed", time.Minute),             // b knows the former client
		lease6(func(l *Lease) { l.Hostname = "prefix on a" }), // only dhcp6
	}}
	b := &shelf{name: "b", only: []kea.Service{kea.DHCP4}, leases: []*Lease{
		named("10.0.0.1", "both", time.Minute),
		named("10.0.0.3", "only on b", time.Minute),
		named("10.0.0.4", "newer on b!", 5*time.Minute),
		named("10.0.0.5", "renewed", time.Minute),
		named("10.0.0.8", "not declined yet", 20*time.Minute),
		named("10.0.0.9", "former", 30*time.Minute),
	}}
	m := Merge(a, b)
	if m.String() != "a, b" {
		t.Error(m.String())
	}
	mac := func(c byte) Octets { return Octets{2, 0, 0, 0, 0, c} }
	tests := map[string]struct {
		filter Filter
		want   []string
	}{
		"all": {Filter{}, []string{
			"10.0.0.1 both", "10.0.0.2 only on a -b", "10.0.0.3 only on b -a", "10.0.0.4 newer on b!", "10.0.0.5 renewed -a",
			"10.0.0.6 expired, only on a", "10.0.0.7 granted just now", "10.0.0.8 declined", "10.0.0.9 changed -b",
			"2001:db8:8000:100::/56 prefix on a",
		}},
		"limit":                         {Filter{Limit: 2}, []string{"10.0.0.1 both", "10.0.0.2 only on a -b"}},
		"last ones":                     {Filter{Services: []kea.Service{kea.DHCP4}, Reverse: true, Limit: 2}, []string{"10.0.0.9 changed -b", "10.0.0.8 declined"}},
		"seen last":                     {Filter{Sort: ByLastSeen, Reverse: true, Limit: 1}, []string{"10.0.0.7 granted just now"}},
		"expired: not what was renewed": {Filter{States: []State{Expired}}, []string{"10.0.0.6 expired, only on a"}},
		"active: not what was declined": {Filter{States: []State{Active}, Ranges: []Range{{ip("10.0.0.8"), ip("10.0.0.9")}}}, []string{"10.0.0.9 changed -b"}},
		"one address":                   {Filter{Ranges: []Range{{ip("10.0.0.5"), ip("10.0.0.5")}}}, []string{"10.0.0.5 renewed -a"}},
		"no such address":               {Filter{Ranges: []Range{{ip("10.0.1.5"), ip("10.0.1.5")}}}, []string{}},
		"client":                        {Filter{HWAddress: mac('c')}, []string{"10.0.0.9 changed -b"}},
		"former client has it no more":  {Filter{HWAddress: mac('f')}, []string{}},
		"name":                          {Filter{Hostname: Pattern{Text: "OLD"}}, []string{}},
		"part of a name":                {Filter{Hostname: Pattern{Text: "former", Kind: Substring}}, []string{}},
		"prefix":                        {Filter{Services: []kea.Service{kea.DHCP6}}, []string{"2001:db8:8000:100::/56 prefix on a"}},
	}
	for name, tt := range tests {
		got, err := rowsOf(t, m, tt.filter)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// TestMergeAPI reads two servers with memfiles through their API, in every order and with every filter.
func TestMergeAPI(t *testing.T) {
	for _, s := range []kea.Service{kea.DHCP4, kea.DHCP6} {
		all := someLeases(s, 300)
		_, one := newFakeKea(t, s, all[:200]...)
		_, two := newFakeKea(t, s, all[100:]...)
		m := Merge(NewAPI(one, s, "one", testNow), NewAPI(two, s, "two", testNow))
		for i, f := range someFilters() {
			if i%2 == 0 {
				if diff := cmp.Diff(expected(all, f), read(t, m, f)); diff != "" {
					t.Fatalf("%s, %+v: %s", s, f, diff)
				}
			}
		}
		missing := map[string]int{}
		err := m.Each(t.Context(), Filter{States: []State{Active}}, func(l *Lease) error {
			missing[strings.Join(l.MissingOn, " ")]++
			return nil
		})
		active := func(part []*Lease) int {
			return len(expected(part, Filter{States: []State{Active}, SeenSince: testNow().Add(-100 * time.Hour)}))
		}
		want := map[string]int{"two": active(all[:100]), "": active(all[100:200]), "one": active(all[200:])}
		if diff := cmp.Diff(want, missing); diff != "" || err != nil {
			t.Errorf("%s: %v %s", s, err, diff)
		}
	}
}

// TestMergeApart: readers of one service each keep to the filter by themselves.
func TestMergeApart(t *testing.T) {
	four, six := someLeases(kea.DHCP4, 500), someLeases(kea.DHCP6, 400)
	a := &shelf{name: "a", only: []kea.Service{kea.DHCP4}, leases: four}
	b := &shelf{name: "b", only: []kea.Service{kea.DHCP6}, leases: six}
	m := Merge(b, a)
	for _, f := range someFilters() {
		if diff := cmp.Diff(expected(slices.Concat(four, six), f), read(t, m, f)); diff != "" {
			t.Fatalf("%+v: %s", f, diff)
		}
	}
	a.reads.Store(0)
	read(t, m, Filter{HWAddress: Octets{2, 0, 0, 0, 0, 7}})
	if n := a.reads.Load(); n > 2 {
		t.Errorf("%d rows were read for one client", n)
	}
}

// TestJoin: leases of one address in two deployments are two leases, and nobody lacks one.
func TestJoin(t *testing.T) {
	a := &shelf{name: "a", leases: []*Lease{named("10.0.0.1", "here", time.Minute), named("10.0.0.2", "x", time.Minute)}}
	b := &shelf{name: "b", leases: []*Lease{named("10.0.0.1", "there", time.Hour-time.Second), named("10.0.0.3", "y", time.Minute)}}
	for _, f := range []Filter{{}, {Ranges: []Range{{ip("10.0.0.1"), ip("10.0.0.3")}}}} {
		got, err := rowsOf(t, Join(a, b), f)
		want := []string{"10.0.0.1 here", "10.0.0.1 there", "10.0.0.2 x", "10.0.0.3 y"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	}
	got, err := rowsOf(t, Join(a, b), Filter{Limit: 3, Sort: ByLastSeen, Reverse: true})
	if diff := cmp.Diff([]string{"10.0.0.1 here", "10.0.0.2 x", "10.0.0.3 y"}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestMergeFailures(t *testing.T) {
	leases := func(from, to int) []*Lease {
		var out []*Lease
		for i := from; i < to; i++ {
			out = append(out, named(fmt.Sprintf("10.0.%d.%d", i/250, i%250), "x", time.Minute))
		}
		return out
	}
	good := &shelf{name: "good", leases: leases(0, 1000)}
	for _, f := range []Filter{{}, {HWAddress: Octets{2, 0, 0, 0, 0, 'x'}}, {Sort: ByExpiry}} {
		bad := &shelf{name: "bad", leases: leases(0, 1000), fails: 300}
		for _, m := range []Reader{Merge(good, bad), Merge(bad, good)} {
			got, err := rowsOf(t, m, f)
			var partial *PartialError
			if !errors.As(err, &partial) || !errors.Is(partial.Failed["bad"], errShelf) || len(partial.Failed) != 1 || err.Error() != "bad: it fell down" {
				t.Fatalf("%+v: %v", f, err)
			}
			if len(got) != 1000 || strings.Contains(strings.Join(got, " "), "-") {
				t.Errorf("%+v: %d rows, %s ...", f, len(got), got[:1])
			}
		}
		also := &shelf{name: "also", fails: -1}
		_, err := rowsOf(t, Merge(bad, also), f)
		var partial *PartialError
		if errors.As(err, &partial) || !errors.Is(err, errShelf) || !strings.Contains(err.Error(), "also: ") || !strings.Contains(err.Error(), "bad: ") {
			t.Errorf("both: %v", err)
		}
	}
}

func TestMergeStops(t *testing.T) {
	before := runtime.NumGoroutine()
	slow := &shelf{name: "slow", leases: someLeases(kea.DHCP4, 3000), waits: time.Millisecond}
	fast := &shelf{name: "fast", leases: someLeases(kea.DHCP4, 60000)}
	stop := errors.New("stop")
	n := 0
	err := Merge(slow, fast).Each(t.Context(), Filter{}, func(*Lease) error {
		if n++; n == 300 {
			return stop
		}
		return nil
	})
	if err != stop { //nolint:errorlint // as it is
		t.Errorf("got %v", err)
	}
	// The fast one had to wait for the slow one.
	if got := fast.reads.Load(); got > 300+(batches+3)*batchSize {
		t.Errorf("%d rows were read ahead", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = Merge(slow, fast).Each(ctx, Filter{}, func(*Lease) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

func TestMergeCounts(t *testing.T) {
	count := func(id uint32, assigned, declined uint64) SubnetCount {
		return SubnetCount{SubnetID: id, Assigned: kea.CountOf(assigned), Declined: kea.CountOf(declined)}
	}
	a := &shelf{name: "a", counts: []SubnetCount{count(10, 5, 0), count(30, 1, 1)}}
	b := &shelf{name: "b", counts: []SubnetCount{count(20, 7, 0), count(10, 4, 2)}}
	got, err := Merge(a, b).Counts(t.Context(), kea.DHCP4)
	want := []SubnetCount{count(10, 5, 2), count(20, 7, 0), count(30, 1, 1)}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	got, err = Join(a, b).Counts(t.Context(), kea.DHCP4)
	want = []SubnetCount{count(10, 9, 2), count(20, 7, 0), count(30, 1, 1)}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	a.fails = 1
	got, err = Merge(a, b).Counts(t.Context(), kea.DHCP4)
	var partial *PartialError
	if !errors.As(err, &partial) || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}
