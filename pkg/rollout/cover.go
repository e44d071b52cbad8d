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

// API is the part of *kea.Client that a turn needs.
type API interface {
	Status(ctx context.Context, s kea.Service) (kea.Status, error)
	ProbeLeases(ctx context.Context, s kea.Service) error
	DisableDHCP(ctx context.Context, s kea.Service, period time.Duration) error
	EnableDHCP(ctx context.Context, s kea.Service) error
	SetScopes(ctx context.Context, s kea.Service, scopes []string) error
}

// APIs are the ways to the servers, by their names ("kea-dhcp-0/dhcp4").
type APIs map[string]API

const (
	// coverTime is how long a partner may take to say that it serves the scopes that it was given.
	coverTime = 5 * time.Second
	// returnTime is how long a server may take to serve again after its turn.
	returnTime = 15 * time.Second
	// settleTime is how long both servers answer the same clients, at either end of a turn. A server learns of a lost
	// connection to its reservations only by a client's packet, which it drops: then the other answers that client.
	settleTime = 500 * time.Millisecond
	// lookEvery is the time between two looks at a server.
	lookEvery = 50 * time.Millisecond
)

// StillCoveredError says that a server does not serve after its turn; its partner goes on answering its clients.
type StillCoveredError struct {
	Server, Partner string
	Err             error
}

// Error implements error.
func (e *StillCoveredError) Error() string {
	return fmt.Sprintf("%s does not serve after its turn, and %s goes on answering its clients: %v", e.Server, e.Partner, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *StillCoveredError) Unwrap() error { return e.Err }

// Covered does something to the servers of one pod while their partners answer their clients too: two servers over one
// database may. The partners are relieved once each server has proven by its own word and by a lease query that it serves
// again, also when what was done failed; a partner whose server does not come back goes on. A run that is killed in
// between leaves both answering, which harms nobody; another Covered of the same turn puts it right.
// Errors: *StillCoveredError, do's, and why a partner could not cover; then nothing was done.
func Covered(ctx context.Context, apis APIs, t Turn, do func(ctx context.Context) error) error {
	err := t.each(func(s Seat) error { return s.cover(ctx, apis) })
	if err == nil {
		err = do(ctx)
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), returnTime)
	defer cancel()
	return errors.Join(err, t.each(func(s Seat) error { return s.relieve(ending, apis) }))
}

// each does something with all servers of the turn at the same time.
func (t Turn) each(do func(s Seat) error) error {
	failed := make([]error, len(t.Seats))
	var all sync.WaitGroup
	for i, s := range t.Seats {
		all.Go(func() { failed[i] = do(s) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// cover has the partner answer the server's clients as well, where there are any.
func (s Seat) cover(ctx context.Context, apis APIs) error {
	if len(s.Scopes) == 0 || s.Alone {
		return nil
	}
	all := append(slices.Clone(s.PartnerScopes), s.Scopes...)
	if err := s.give(ctx, apis[s.Partner], all); err != nil {
		return fmt.Errorf("have %s cover %s: %w", s.Partner, s.Server, err)
	}
	ctx, cancel := context.WithTimeout(ctx, coverTime)
	defer cancel()
	if err := s.partner().settle(ctx, apis); err != nil {
		return fmt.Errorf("have %s cover %s: %w", s.Partner, s.Server, err)
	}
	return nil
}

// partner is the seat of the server that covers, while it does.
func (s Seat) partner() Seat {
	return Seat{Server: s.Partner, Service: s.Service, State: s.State, Scopes: s.Scopes}
}

// settle waits until a server serves, and goes on to after a moment with clients.
func (s Seat) settle(ctx context.Context, apis APIs) error {
	if err := s.serves(ctx, apis[s.Server]); err != nil {
		return err
	}
	if err := wait(ctx, settleTime); err != nil {
		return err
	}
	return s.serves(ctx, apis[s.Server])
}

// give has the partner serve scopes and none else. That the command was answered with success does not prove it: in another
// state than the normal one it is undone by the next change of state.
func (s Seat) give(ctx context.Context, partner API, scopes []string) error {
	ctx, cancel := context.WithTimeout(ctx, coverTime)
	defer cancel()
	if err := partner.SetScopes(ctx, s.Service, scopes); err != nil {
		return err
	}
	local, err := localState(ctx, partner, s.Service)
	switch {
	case err != nil:
		return err
	case local.State != s.State:
		return fmt.Errorf("its state is %s, not %s", local.State, s.State)
	case !sameScopes(local.Scopes, scopes):
		return fmt.Errorf("it serves the scopes [%s], not [%s]", strings.Join(local.Scopes, " "), strings.Join(scopes, " "))
	}
	return nil
}

// relieve waits until the server serves, and has its partner serve its own scopes alone.
func (s Seat) relieve(ctx context.Context, apis APIs) error {
	look := s.serves
	if s.Serves() {
		look = func(ctx context.Context, _ API) error { return s.settle(ctx, apis) }
	}
	if err := look(ctx, apis[s.Server]); err != nil {
		if s.Partner == "" || len(s.Scopes) == 0 {
			return fmt.Errorf("%s after its turn: %w", s.Server, err)
		}
		return &StillCoveredError{Server: s.Server, Partner: s.Partner, Err: err}
	}
	if len(s.Scopes) == 0 || s.Alone {
		return nil
	}
	if err := s.give(ctx, apis[s.Partner], s.PartnerScopes); err != nil {
		return fmt.Errorf("relieve %s of %s: %w", s.Partner, s.Server, err)
	}
	return nil
}

// serves waits until a server does what it does while all is well.
func (s Seat) serves(ctx context.Context, api API) error {
	return until(ctx, func() error { return s.well(ctx, api) })
}

// well says why a server does not serve as it should.
func (s Seat) well(ctx context.Context, api API) error {
	status, err := api.Status(ctx, s.Service)
	switch {
	case err != nil:
		return err
	case status.DHCP != nil && status.DHCP.GloballyDisabled:
		return errors.New("its DHCP service is disabled")
	}
	if !s.Alone {
		local, err := localOf(status)
		switch {
		case err != nil:
			return err
		case local.State != s.State:
			return fmt.Errorf("its state is %s, not %s", local.State, s.State)
		case !containsAll(local.Scopes, s.Scopes):
			return fmt.Errorf("it serves the scopes [%s], not [%s]", strings.Join(local.Scopes, " "), strings.Join(s.Scopes, " "))
		}
	}
	if err := api.ProbeLeases(ctx, s.Service); err != nil {
		return fmt.Errorf("lease query: %w", err)
	}
	return nil
}

// errNoHA: a daemon that lost its high availability, as after a reload that failed.
var errNoHA = errors.New("it knows no high availability")

func localState(ctx context.Context, api API, service kea.Service) (kea.HALocal, error) {
	status, err := api.Status(ctx, service)
	if err != nil {
		return kea.HALocal{}, err
	}
	return localOf(status)
}

func localOf(status kea.Status) (kea.HALocal, error) {
	if len(status.HA) == 0 {
		return kea.HALocal{}, errNoHA
	}
	return status.HA[0].Local, nil
}

func sameScopes(a, b []string) bool { return len(a) == len(b) && containsAll(a, b) }

var _ API = (*kea.Client)(nil)
