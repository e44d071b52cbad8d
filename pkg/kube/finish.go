package kube

import (
	"context"
	"time"
)

// finishTime is how long a write that was sent may go on after its context has ended.
const finishTime = 5 * time.Second

// finish is a context for a write. Whoever gives up a write that is on its way does not know whether it was done, and can
// neither go on nor take it back: an interrupt waits for the answer. A context that has ended before begins nothing.
func finish(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil {
		return ctx, func() {}
	}
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-own.Done():
		case <-time.After(finishTime):
			cancel(context.Cause(ctx))
		}
	})
	return own, func() {
		stop()
		cancel(nil)
	}
}
