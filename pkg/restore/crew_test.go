package restore

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// daemon is a Kea daemon as far as a move talks to it.
type daemon struct {
	mu       sync.Mutex
	until    time.Time // paused
	disabled int
	deaf     bool // it does not answer
	lost     int  // how many more probes fail
}

func (d *daemon) DisableDHCP(_ context.Context, _ kea.Service, period time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.deaf {
		return errDeaf
	}
	d.disabled++
	d.until = time.Now().Add(period)
	return nil
}

func (d *daemon) EnableDHCP(context.Context, kea.Service) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.until = time.Time{}
	return nil
}

func (d *daemon) ProbeLeases(context.Context, kea.Service) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost == 0 {
		return nil
	}
	d.lost--
	return kea.ErrNoDatabase
}

func (d *daemon) paused() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Before(d.until)
}

var errDeaf = errors.New("no answer")

func crewOf(daemons ...*daemon) crew {
	c := crew{}
	for i, d := range daemons {
		c = append(c, hand{Server: inventory.Server{Pod: "kea-dhcp-" + string(rune('0'+i)), Service: kea.DHCP4}, kea: d})
	}
	return c
}

// A pause lasts as long as it is held, and not much longer than whoever holds it.
func TestPauseIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &daemon{}, &daemon{}
		end, err := crewOf(a, b).pause(t.Context(), paceOf(true), func(err error) { t.Errorf("lost: %v", err) })
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			time.Sleep(time.Second)
			if !a.paused() || !b.paused() {
				t.Fatal("a server answers in the middle of the pause")
			}
		}
		end()
		if !a.paused() {
			t.Error("the end of holding is not the end of the pause: that is resume's")
		}
		time.Sleep(pausePeriod)
		if a.paused() || b.paused() {
			t.Error("a pause that nobody holds goes on")
		}
		if a.disabled < 8 {
			t.Errorf("held by %d words in 20 s", a.disabled)
		}
	})
}

func TestPauseIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &daemon{}
		lost := make(chan error, 2)
		end, err := crewOf(d).pause(t.Context(), paceOf(true), func(err error) { lost <- err })
		if err != nil {
			t.Fatal(err)
		}
		defer end()
		d.mu.Lock()
		d.deaf = true
		d.mu.Unlock()
		time.Sleep(pausePeriod)
		select {
		case err := <-lost:
			if !errors.Is(err, errDeaf) || !strings.Contains(err.Error(), "kea-dhcp-0/dhcp4") {
				t.Error(err)
			}
		default:
			t.Error("nobody was told")
		}
		if len(lost) > 0 {
			t.Error("told twice")
		}
	})
}

// Servers without a database answer late: nothing is lost by one word that is not heard.
func TestPauseOfSlowServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &daemon{}
		end, err := crewOf(d).pause(t.Context(), paceOf(false), func(err error) { t.Errorf("lost: %v", err) })
		if err != nil {
			t.Fatal(err)
		}
		hears := func(yes bool) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.deaf = !yes
		}
		time.Sleep(time.Second) // off the beat of the words, so that none falls on a change
		for range 4 {
			hears(false)
			time.Sleep(slowPausePeriod / 2)
			hears(true)
			time.Sleep(slowPausePeriod / 2)
			if !d.paused() {
				t.Fatal("it answers in the middle of the pause")
			}
		}
		end()
	})
}

// One server that cannot be paused: no move, and the error names it.
func TestPauseRefused(t *testing.T) {
	_, err := crewOf(&daemon{}, &daemon{deaf: true}).pause(t.Context(), paceOf(true), func(error) {})
	if !errors.Is(err, errDeaf) || !strings.Contains(err.Error(), "kea-dhcp-1/dhcp4") || strings.Contains(err.Error(), "kea-dhcp-0") {
		t.Error(err)
	}
}

func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if err := crewOf(&daemon{}, &daemon{lost: 3}).probe(t.Context(), paceOf(true)); err != nil {
			t.Error(err)
		}
		start := time.Now()
		err := crewOf(&daemon{}, &daemon{lost: 1 << 20}).probe(t.Context(), paceOf(true))
		if !errors.Is(err, kea.ErrNoDatabase) || !strings.Contains(err.Error(), "kea-dhcp-1/dhcp4") {
			t.Error(err)
		}
		if took, want := time.Since(start), paceOf(true).probe; took < want || took > want+time.Second {
			t.Errorf("it waited %v", took)
		}
	})
}

// A pod with two daemons has to show two sessions at least.
func TestAbsent(t *testing.T) {
	addr := func(text string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(text)} }
	server := func(pod, ip string, s kea.Service) hand {
		return hand{Server: inventory.Server{Pod: pod, Service: s, State: inventory.PodState{IPs: addr(ip)}}}
	}
	c := crew{server("kea-dhcp-0", "10.0.0.1", kea.DHCP4), server("kea-dhcp-0", "10.0.0.1", kea.DHCP6), server("kea-dhcp-1", "10.0.0.2", kea.DHCP4)}
	from := func(ips ...string) []keadb.Session {
		all := []keadb.Session{}
		for _, ip := range ips {
			all = append(all, keadb.Session{ClientAddr: netip.MustParseAddr(ip)})
		}
		return all
	}
	for want, sessions := range map[string][]keadb.Session{
		"": from("10.0.0.1", "10.0.0.9", "10.0.0.1", "10.0.0.2", "10.0.0.2"),
		"kea-dhcp-0 has 1 session in the new database, for 2 servers": from("10.0.0.1", "10.0.0.2"),
		"kea-dhcp-1 has 0 sessions in the new database, for 1 server": from("10.0.0.1", "10.0.0.1", "10.0.0.9"),
	} {
		if diff := cmp.Diff(want, c.absent(sessions)); diff != "" {
			t.Error(diff)
		}
	}
	if c.anyIn(from("10.0.0.9")) || !c.anyIn(from("10.0.0.2")) {
		t.Error("whose session is it?")
	}
}
