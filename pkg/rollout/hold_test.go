package rollout

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// side is a server of a pair in load-balancing.
type side struct {
	API

	mu            sync.Mutex
	state, remote kea.HAState
	scopes        []string
	given         int
}

func (s *side) Status(context.Context, kea.Service) (kea.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return kea.Status{HA: []kea.HARelationship{{
		Local: kea.HALocal{State: s.state, Scopes: slices.Clone(s.scopes)}, Remote: kea.HARemote{LastState: s.remote},
	}}}, nil
}

func (s *side) ProbeLeases(context.Context, kea.Service) error { return nil }

func (s *side) SetScopes(_ context.Context, _ kea.Service, scopes []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes, s.given = scopes, s.given+1
	return nil
}

// becomes changes its state as Kea does: the scopes are those of the state.
func (s *side) becomes(state kea.HAState, scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.scopes = state, scopes
}

func (s *side) serves(scopes ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sameScopes(s.scopes, scopes)
}

// A partner in load-balancing that misses a heartbeat during the reload drops what it covers, and is given it again; when the
// server is back it serves its own alone.
func TestHold(t *testing.T) {
	server := &side{state: kea.StateLoadBalancing, remote: kea.StateLoadBalancing, scopes: []string{"kea-0"}}
	partner := &side{state: kea.StateLoadBalancing, remote: kea.StateLoadBalancing, scopes: []string{"kea-1"}}
	seat := Seat{Server: "kea-0/dhcp4", Service: kea.DHCP4, State: kea.StateLoadBalancing, Scopes: []string{"kea-0"}, Partner: "kea-1/dhcp4", PartnerScopes: []string{"kea-1"}}
	h := newHold(APIs{"kea-0/dhcp4": server, "kea-1/dhcp4": partner})
	defer h.close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	eventually := func(what string, ok func() bool) {
		t.Helper()
		for !ok() {
			if wait(ctx, 10*time.Millisecond) != nil {
				t.Fatal(what)
			}
		}
	}
	if err := h.begin(ctx, seat); err != nil {
		t.Fatal(err)
	}
	server.becomes(kea.StateWaiting)
	partner.becomes(kea.StateCommunicationRecovery, "kea-1")
	eventually("the partner was not given the scopes again", func() bool { return partner.serves("kea-0", "kea-1") })
	go func() {
		_ = wait(ctx, 100*time.Millisecond)
		server.becomes(kea.StateLoadBalancing, "kea-0")
		partner.becomes(kea.StateLoadBalancing, "kea-1")
	}()
	if err := h.joined(ctx, seat); err != nil {
		t.Fatal(err)
	}
	if !partner.serves("kea-1") || !server.serves("kea-0") {
		t.Errorf("they serve %v and %v", server.scopes, partner.scopes)
	}
}

// One that serves all because its partner is dead needs no scopes given.
func TestHoldOfADeadPartner(t *testing.T) {
	partner := &side{state: kea.StatePartnerDown, scopes: []string{"kea-0", "kea-1"}}
	seat := Seat{Server: "kea-0/dhcp4", Service: kea.DHCP4, State: kea.StateLoadBalancing, Scopes: []string{"kea-0"}, Partner: "kea-1/dhcp4", PartnerScopes: []string{"kea-1"}}
	h := newHold(APIs{"kea-1/dhcp4": partner})
	defer h.close()
	if err := h.begin(t.Context(), seat); err != nil || partner.given > 0 {
		t.Errorf("%v, given %d times", err, partner.given)
	}
}
