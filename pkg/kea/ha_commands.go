package kea

import (
	"context"
	"time"
)

// The commands of the high-availability hook. That one is answered with success proves little: the wanted state has to be read
// from both servers' Status afterwards.

// StartMaintenance has a server take over all service; its partner may then be stopped. A partner that is dead already
// leaves it in partner-down instead.
func (c *Client) StartMaintenance(ctx context.Context, s Service) error {
	return c.Do(ctx, s, "ha-maintenance-start", nil, nil)
}

// CancelMaintenance ends what StartMaintenance began; it goes to the same server.
func (c *Client) CancelMaintenance(ctx context.Context, s Service) error {
	return c.Do(ctx, s, "ha-maintenance-cancel", nil, nil)
}

// ContinueHA lets a state machine go on that is configured to pause in some state. One that is not paused stays as it is.
func (c *Client) ContinueHA(ctx context.Context, s Service) error {
	return c.Do(ctx, s, "ha-continue", nil, nil)
}

// ResetHA has a server begin its state machine anew, in waiting: it serves nobody until it has found its partner.
func (c *Client) ResetHA(ctx context.Context, s Service) error {
	return c.Do(ctx, s, "ha-reset", nil, nil)
}

// SyncHA has a server fetch all leases of its partner, which serves nobody meanwhile, for so long at most. It returns when that is
// done.
func (c *Client) SyncHA(ctx context.Context, s Service, partner string, period time.Duration) error {
	seconds := max(int64(period/time.Second), 1)
	return c.Do(ctx, s, "ha-sync", map[string]any{"server-name": partner, "max-period": seconds}, nil)
}

// SetScopes has a server serve these scopes until its state changes next. A scope is named by its server; no names stop it from
// serving. It is safe only over a database that the servers share, and holds only in the states hot-standby and load-balancing.
func (c *Client) SetScopes(ctx context.Context, s Service, scopes []string) error {
	return c.Do(ctx, s, "ha-scopes", map[string]any{"scopes": append([]string{}, scopes...)}, nil)
}
