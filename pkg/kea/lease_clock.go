package kea

import (
	"context"
	"time"
)

// Clock asks for the daemon's time, UTC, whole seconds: by it, not by the caller's, leases have expired or not. Every
// answer of Kea's HTTP says it, an agent's too, which runs beside its daemon. The zero time: it was not said.
func (c *Client) Clock(ctx context.Context, s Service) (time.Time, error) {
	call, err := c.send(ctx, s, "version-get", nil, nil)
	return call.Date, err
}
