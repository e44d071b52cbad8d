package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// world is two servers that share what they were told.
type world struct {
	mu   sync.Mutex
	said []string
}

func (w *world) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

// server answers as Kea does. Deaf: it says that it took its scopes, and did not.
type server struct {
	w      *world
	name   string
	state  kea.HAState
	scopes []string
	paused bool
	deaf   bool
	broken error // of its lease queries
}

func (s *server) Status(context.Context, kea.Service) (kea.Status, error) {
	return kea.Status{
		DHCP: &kea.DHCPState{GloballyDisabled: s.paused},
		HA:   []kea.HARelationship{{Local: kea.HALocal{State: s.state, Scopes: slices.Clone(s.scopes)}}},
	}, nil
}

func (s *server) ProbeLeases(context.Context, kea.Service) error { return s.broken }

func (s *server) DisableDHCP(context.Context, kea.Service, time.Duration) error {
	s.paused = true
	s.w.say("%s pauses", s.name)
	return nil
}

func (s *server) EnableDHCP(context.Context, kea.Service) error {
	s.paused = false
	s.w.say("%s answers", s.name)
	return nil
}

func (s *server) SetScopes(_ context.Context, _ kea.Service, scopes []string) error {
	s.w.say("%s serves %v", s.name, scopes)
	if !s.deaf {
		s.scopes = scopes
	}
	return nil
}

// deployed are a primary, its standby, and the primary's turn.
func deployed() (w *world, primary, standby *server, apis APIs, turn Turn) {
	w = &world{}
	primary = &server{w: w, name: "primary", state: kea.StateHotStandby, scopes: []string{"primary"}}
	standby = &server{w: w, name: "standby", state: kea.StateHotStandby, scopes: []string{}}
	turn = Turn{"primary", []Seat{{
		Server: "primary", Service: kea.DHCP4, State: kea.StateHotStandby, Scopes: []string{"primary"}, Partner: "standby", PartnerScopes: []string{},
	}}}
	return w, primary, standby, APIs{"primary": primary, "standby": standby}, turn
}

func TestCoveredAndPaused(t *testing.T) {
	w, _, _, apis, turn := deployed()
	err := Covered(t.Context(), apis, turn, func(ctx context.Context) error {
		return Paused(ctx, apis, turn, func(context.Context) error { w.say("done"); return nil })
	})
	want := []string{"standby serves [primary]", "primary pauses", "done", "primary answers", "standby serves []"}
	if diff := cmp.Diff(want, w.said); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

// What fails is undone: the server answers again and its partner is relieved.
func TestCoveredAndPausedFails(t *testing.T) {
	w, _, _, apis, turn := deployed()
	broken := errors.New("no login")
	err := Covered(t.Context(), apis, turn, func(ctx context.Context) error {
		return Paused(ctx, apis, turn, func(context.Context) error { return broken })
	})
	want := []string{"standby serves [primary]", "primary pauses", "primary answers", "standby serves []"}
	if diff := cmp.Diff(want, w.said); diff != "" || !errors.Is(err, broken) {
		t.Errorf("%v\n%s", err, diff)
	}
}

// A partner whose word does not hold covers nobody: then nothing is done.
func TestCoverIsProven(t *testing.T) {
	for name, change := range map[string]func(standby *server){
		"it did not take the scopes": func(s *server) { s.deaf = true },
		"its state undoes them":      func(s *server) { s.state = kea.StateReady },
	} {
		_, _, standby, apis, turn := deployed()
		change(standby)
		err := Covered(t.Context(), apis, turn, func(context.Context) error { t.Error(name + ": it was done"); return nil })
		if err == nil {
			t.Error(name + ": no error")
		}
	}
}

// A server that does not come back stays covered.
func TestStillCovered(t *testing.T) {
	w, primary, standby, apis, turn := deployed()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seat := turn.Seats[0]
	if err := seat.cover(ctx, apis); err != nil {
		t.Fatal(err)
	}
	primary.broken = kea.ErrNoDatabase
	cancel()
	var still *StillCoveredError
	if err := seat.relieve(ctx, apis); !errors.As(err, &still) || still.Partner != "standby" || !errors.Is(err, kea.ErrNoDatabase) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"primary"}, standby.scopes); diff != "" {
		t.Errorf("%s\n%q", diff, w.said)
	}
}

// A standby serves nobody: it is neither covered nor paused.
func TestStandbysTurn(t *testing.T) {
	w, _, _, apis, _ := deployed()
	turn := Turn{"standby", []Seat{{Server: "standby", Service: kea.DHCP4, State: kea.StateHotStandby, Scopes: []string{}, Partner: "primary", PartnerScopes: []string{"primary"}}}}
	err := Covered(t.Context(), apis, turn, func(ctx context.Context) error {
		return Paused(ctx, apis, turn, func(context.Context) error { w.say("done"); return nil })
	})
	if diff := cmp.Diff([]string{"done"}, w.said); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}
