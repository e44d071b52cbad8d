package rollout

import (
	"context"
	"time"
)

// wait waits, between two looks at a server; it ends early with the context's cause.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// until looks again and again until nothing is wrong any more. When the context ends first, the error is what was found last
// of all, and not that there was no time left to look once more.
func until(ctx context.Context, look func() error) error {
	var last error
	for {
		err := look()
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		if wait(ctx, lookEvery) != nil {
			return last
		}
	}
}
