package kea

import (
	"context"
	"time"
)

// DisableDHCP stops the daemon from answering DHCP clients, with dhcp-disable on a user's behalf: its HA state stays. After
// the period, in whole seconds, it answers again by itself; another call begins the period anew.
func (c *Client) DisableDHCP(ctx context.Context, s Service, period time.Duration) error {
	seconds := max(int64(period/time.Second), 1)
	return c.Do(ctx, s, "dhcp-disable", map[string]any{"max-period": seconds}, nil)
}

// EnableDHCP has the daemon answer DHCP clients again, with dhcp-enable on a user's behalf. What else keeps it from
// answering (its HA state, its database) goes on to do so. An enabled daemon stays as it is.
func (c *Client) EnableDHCP(ctx context.Context, s Service) error {
	return c.Do(ctx, s, "dhcp-enable", nil, nil)
}
