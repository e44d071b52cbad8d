package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// holdEvery is the time between two looks at a partner that covers a server whose HA state machine begins anew.
const holdEvery = 60 * time.Millisecond

// hold keeps partners answering the clients of servers that reload. A heartbeat that falls into the reload has a partner
// in load-balancing go to communication-recovery, where it serves its own clients only: then it is given the others' once
// more. A hold ends when the server serves again; one that is left by an error goes on.
type hold struct {
	apis APIs

	mu    sync.Mutex
	ends  map[string]func() // by the server that is covered
	waits sync.WaitGroup
}

func newHold(apis APIs) *hold { return &hold{apis: apis, ends: map[string]func(){}} }

// begin has a server's partner answer its clients too, and go on to. A server that serves nobody needs none.
func (h *hold) begin(ctx context.Context, s Seat) error {
	if len(s.Scopes) == 0 || s.Alone {
		return nil
	}
	h.mu.Lock()
	_, held := h.ends[s.Server]
	h.mu.Unlock()
	if held {
		return nil
	}
	if local, err := localState(ctx, h.apis[s.Partner], s.Service); err == nil && local.State == kea.StatePartnerDown && containsAll(local.Scopes, s.Scopes) {
		return nil // it found its partner dead, and serves all
	}
	if err := s.cover(ctx, h.apis); err != nil {
		return err
	}
	holding, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	h.waits.Go(func() {
		defer close(ended)
		s.keepCovered(holding, h.apis[s.Partner])
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ends[s.Server] = func() { cancel(); <-ended }
	return nil
}

// end ends one server's hold; the partner keeps the scopes that it has.
func (h *hold) end(server string) {
	h.mu.Lock()
	end := h.ends[server]
	delete(h.ends, server)
	h.mu.Unlock()
	if end != nil {
		end()
	}
}

// close ends all of them.
func (h *hold) close() {
	h.mu.Lock()
	servers := []string{}
	for server := range h.ends {
		servers = append(servers, server)
	}
	h.mu.Unlock()
	for _, server := range servers {
		h.end(server)
	}
	h.waits.Wait()
}

// keepCovered gives the partner its scopes again whenever a change of its state has taken them.
func (s Seat) keepCovered(ctx context.Context, partner API) {
	all := append(slices.Clone(s.PartnerScopes), s.Scopes...)
	for wait(ctx, holdEvery) == nil {
		local, err := localState(ctx, partner, s.Service)
		if err != nil || containsAll(local.Scopes, all) {
			continue
		}
		switch local.State { //nolint:exhaustive // in the others it serves all by itself, or nobody
		case kea.StateHotStandby, kea.StateLoadBalancing, kea.StateCommunicationRecovery:
			_ = partner.SetScopes(ctx, s.Service, all)
		}
	}
}

// joined waits until a server and its partner are as they are while all is well, each by its own word and by the other's,
// and the partner serves its own scopes alone.
func (h *hold) joined(ctx context.Context, s Seat) error {
	if err := s.settled(ctx, h.apis); err != nil {
		return err
	}
	h.end(s.Server)
	return until(ctx, func() error { return s.together(ctx, h.apis) })
}

// settled waits until a server serves, and one with clients for a moment longer.
func (s Seat) settled(ctx context.Context, apis APIs) error {
	if s.Serves() {
		return s.settle(ctx, apis)
	}
	return s.serves(ctx, apis[s.Server])
}

// errNotSeen: a partner has not heard yet that a server is back.
var errNotSeen = errors.New("its partner does not see it so yet")

// together says why a pair is not as it should be. A partner that serves more than its own scopes is told to serve those.
func (s Seat) together(ctx context.Context, apis APIs) error {
	if s.Alone || s.Partner == "" {
		return nil
	}
	partner, err := relationOf(ctx, apis[s.Partner], s.Service)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Partner, err)
	}
	switch local := partner.Local; {
	case local.State != s.State:
		return fmt.Errorf("%s: its state is %s, not %s", s.Partner, local.State, s.State)
	case !sameScopes(local.Scopes, s.PartnerScopes):
		if err := s.give(ctx, apis[s.Partner], s.PartnerScopes); err != nil {
			return fmt.Errorf("relieve %s of %s: %w", s.Partner, s.Server, err)
		}
	}
	if partner.Remote.LastState != s.State {
		return fmt.Errorf("%s: %w", s.Server, errNotSeen)
	}
	own, err := relationOf(ctx, apis[s.Server], s.Service)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", s.Server, err)
	case own.Local.State != s.State || !containsAll(own.Local.Scopes, s.Scopes):
		return fmt.Errorf("%s: it is %s and serves the scopes [%s]", s.Server, own.Local.State, strings.Join(own.Local.Scopes, " "))
	case own.Remote.LastState != s.State:
		return fmt.Errorf("%s: %w", s.Partner, errNotSeen)
	}
	return nil
}

// relationOf is a server's view of its relationship.
func relationOf(ctx context.Context, api API, service kea.Service) (kea.HARelationship, error) {
	status, err := api.Status(ctx, service)
	switch {
	case err != nil:
		return kea.HARelationship{}, err
	case len(status.HA) == 0:
		return kea.HARelationship{}, errNoHA
	}
	return status.HA[0], nil
}
