package kea

import (
	"context"
	"time"
)

// Heartbeat is a daemon's answer to ha-heartbeat: what it would tell its partner.
type Heartbeat struct {
	Time          time.Time // the daemon's clock, UTC, whole seconds; zero when it cannot be read
	State         HAState
	Scopes        []string
	UnsentUpdates int // with separate databases: leases that the partner has still to learn
}

// Heartbeat asks for ha-heartbeat. It is cheap and changes nothing. ErrUnsupported: the HA hook is not loaded.
func (c *Client) Heartbeat(ctx context.Context, s Service) (Heartbeat, error) {
	return Heartbeat{}, errTODO
}
