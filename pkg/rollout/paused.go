package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// pausePeriod is when a paused server answers again by itself: what a killed run costs a server that nobody covers.
	pausePeriod = 10 * time.Second
	// inFlight is how long a packet may be under way in a server that was told to take no more.
	inFlight = 100 * time.Millisecond
)

// Paused does something to the servers of one pod while they answer no client; those that serve nobody anyway are left as
// they are. They answer again afterwards, also when it failed. Without the pause, a server that loses its database in the
// middle of a renewal refuses it, and the client drops its address.
func Paused(ctx context.Context, apis APIs, t Turn, do func(ctx context.Context) error) error {
	if !t.Serves() {
		return do(ctx)
	}
	err := t.each(func(s Seat) error {
		if !s.Serves() {
			return nil
		}
		if err := apis[s.Server].DisableDHCP(ctx, s.Service, pausePeriod); err != nil {
			return fmt.Errorf("pause %s: %w", s.Server, err)
		}
		return nil
	})
	if err == nil {
		err = wait(ctx, inFlight)
	}
	if err == nil {
		err = do(ctx)
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), pausePeriod)
	defer cancel()
	return errors.Join(err, t.each(func(s Seat) error {
		if !s.Serves() {
			return nil
		}
		if err := apis[s.Server].EnableDHCP(ending, s.Service); err != nil {
			return fmt.Errorf("end the pause of %s: %w", s.Server, err)
		}
		return nil
	}))
}
