package leases

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// changing is a reader of leases that come and go.
type changing struct {
	rows
	counts map[kea.Service][]SubnetCount
	fails  error
}

func (c *changing) Each(ctx context.Context, f Filter, yield func(*Lease) error) error {
	if c.fails != nil {
		return c.fails
	}
	return c.rows.Each(ctx, f, yield)
}

func (c *changing) Counts(_ context.Context, s kea.Service) ([]SubnetCount, error) {
	return c.counts[s], c.fails
}

// fed are the events of one look, short.
func fed(t *testing.T, p *poll) []string {
	t.Helper()
	got := []string{}
	err := p.look(t.Context(), func(e *Event) error {
		text := string(e.Kind)
		if e.Lease.Address.IsValid() {
			text += " " + e.Lease.Resource() + " " + e.Lease.Client().String()
		}
		got = append(got, fmt.Sprintf("%s %s%s", text, vlanLabel(e.Lease.VLAN, e.Lease.VLANName, e.Lease.Subnet), note(e)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func note(e *Event) string {
	if e.Note == "" {
		return ""
	}
	return ": " + e.Note
}

func TestPoll(t *testing.T) {
	start := time.Date(2026, 11, 23, 2, 59, 0, 0, time.UTC)
	at := func(seconds int) func(*Lease) {
		return func(l *Lease) { l.LastSeen = start.Add(time.Duration(seconds) * time.Second) }
	}
	from := &changing{rows: rows{[]Lease{lease("10.10.1.1", 10, 1, at(-3000)), lease("10.10.1.2", 10, 2, at(-10))}}}
	from.counts = map[kea.Service][]SubnetCount{kea.DHCP4: {counted(10, 2, 0, 0), counted(30, 5, 0, 0), counted(31, 5, 0, 0), counted(99, 1, 0, 0)}}
	d := deployed(t)
	d.reader, d.clock = from, start
	p, err := d.poll(t.Context(), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(append([]string{}, want...), fed(t, p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	expect("nothing happened")

	from.leases = append(from.leases, lease("10.10.1.3", 10, 3, at(2)))
	from.leases[0].LastSeen = start.Add(3 * time.Second)
	from.counts = map[kea.Service][]SubnetCount{kea.DHCP4: {counted(10, 3, 0, 0), counted(30, 6, 0, 0), counted(31, 4, 0, 0)}}
	expect("a new one and one that renewed", "seen 10.10.1.3 02:00:00:00:00:03 VLAN 10 (users)", "seen 10.10.1.1 02:00:00:00:00:01 VLAN 10 (users)",
		"counted VLAN 10 (users): 3 assigned, before 2", "counted subnet 99: 0 assigned, before 1") // VLAN 30 has as many as before
	expect("nothing new")

	from.leases[0].LastSeen = start.Add(3 * time.Second) // the same second, another client
	from.leases[0].HWAddress = Octets{2, 0, 0, 0, 0, 9}
	from.leases[2].LastSeen = start.Add(4 * time.Second)
	expect("another client, and a renewal", "granted 10.10.1.1 02:00:00:00:00:09 VLAN 10 (users)", "renewed 10.10.1.3 02:00:00:00:00:03 VLAN 10 (users)")

	from.leases[1].LastSeen, from.leases[1].State, from.leases[1].HWAddress = start.Add(5*time.Second), Declined, nil
	from.counts[kea.DHCP4][0] = counted(10, 2, 1, 0)
	expect("declined", "declined 10.10.1.2 01:02:00:00:00:00:02 VLAN 10 (users)", "counted VLAN 10 (users): 2 assigned, before 3; 1 declined, before 0")

	p.f.Subnets = map[kea.Service][]uint32{kea.DHCP4: {30, 31}}
	p.counts, _ = p.count(t.Context())
	from.leases = append(from.leases, lease("10.10.1.4", 10, 4, at(9)), lease("10.31.0.4", 31, 4, at(9)))
	from.counts[kea.DHCP4][0] = counted(10, 9, 1, 0)
	expect("filtered", "seen 10.31.0.4 02:00:00:00:00:04 VLAN 30 (vlan30-guests)")
}

// Servers with many leases are not asked for all of them every second.
func TestPollBlind(t *testing.T) {
	from := &changing{counts: map[kea.Service][]SubnetCount{kea.DHCP4: {counted(10, 15000, 0, 0)}, kea.DHCP6: {counted(10, 5000, 0, 1)}}}
	d := deployed(t)
	d.reader, d.clock = from, time.Now()
	p, err := d.poll(t.Context(), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	from.leases = []Lease{lease("10.10.1.3", 10, 3, func(l *Lease) { l.LastSeen = time.Now() })}
	from.counts[kea.DHCP6] = []SubnetCount{counted(10, 5000, 0, 3)}
	if diff := cmp.Diff([]string{"counted VLAN 10 (users): 5000 assigned, before 5000; 3 prefixes, before 1"}, fed(t, p)); diff != "" || !p.blind {
		t.Errorf("blind %v (-want +got):\n%s", p.blind, diff)
	}
}

// A feed whose source goes away says so once, and goes on when it is back.
func TestFeedLost(t *testing.T) {
	from := &changing{counts: map[kea.Service][]SubnetCount{}}
	d := deployed(t)
	d.reader, d.clock = from, time.Date(2026, 11, 23, 2, 59, 0, 0, time.UTC)
	p, err := d.poll(t.Context(), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	looks, opened := 0, 0
	ctx, cancel := context.WithCancel(t.Context())
	feed := &Feed{every: time.Millisecond, now: time.Now, reopen: func(context.Context) error { opened++; return nil }, part: stub(func(ctx context.Context, yield func(*Event) error) error {
		switch looks++; looks {
		case 2, 3:
			return errors.New("gone")
		case 5:
			from.leases = []Lease{lease("10.10.1.3", 10, 3, func(l *Lease) { l.LastSeen = d.clock })}
		case 7:
			cancel()
		}
		return p.look(ctx, yield)
	})}
	got := []string{}
	err = feed.Run(ctx, func(e *Event) error {
		got = append(got, string(e.Kind)+" "+e.Note)
		return nil
	})
	if !errors.Is(err, context.Canceled) || opened != 2 {
		t.Errorf("ended with %v, opened again %d times", err, opened)
	}
	if diff := cmp.Diff([]string{"lost gone", "back ", "seen "}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// stub is a feed's source that is a function.
type stub func(ctx context.Context, yield func(*Event) error) error

func (s stub) look(ctx context.Context, yield func(*Event) error) error { return s(ctx, yield) }
