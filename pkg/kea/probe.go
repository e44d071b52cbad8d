package kea

import (
	"context"
	"errors"
)

// ProbeLeases proves that the daemon's lease database answers reads, by asking for the lease of an address from a
// documentation range. nil: it answers. ErrNoDatabase: it does not, and no client gets a lease. ErrUnsupported: the
// lease_cmds hook is not loaded, nothing is known. It does not prove that the database takes writes.
// A daemon notices that a session has been ended only when it uses it: the first probe after that gives ErrNoDatabase
// even when the daemon can log in again at once, the next one tells.
func (c *Client) ProbeLeases(ctx context.Context, s Service) error {
	command, address := "lease4-get", "192.0.2.1"
	if s == DHCP6 {
		command, address = "lease6-get", "2001:db8::1"
	}
	err := c.Do(ctx, s, command, map[string]string{"ip-address": address}, nil)
	if errors.Is(err, ErrEmpty) {
		return nil
	}
	return err
}
