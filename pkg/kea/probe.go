package kea

import "context"

// ProbeLeases proves that the daemon's lease database answers reads, by asking for the lease of an address from a
// documentation range. nil: it answers. ErrNoDatabase: it does not, and no client gets a lease. ErrUnsupported: the
// lease_cmds hook is not loaded, nothing is known. It does not prove that the database takes writes.
func (c *Client) ProbeLeases(ctx context.Context, s Service) error {
	return errTODO
}
