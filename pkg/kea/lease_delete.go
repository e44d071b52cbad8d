package kea

import (
	"context"
	"net/netip"
)

// DeleteLease deletes the lease of an address, or of a delegated prefix by its first address and TypePD, with
// lease4-del or lease6-del: the daemon's statistics follow. An HA partner with leases of its own is not told, and keeps
// its copy. updateDNS also has the DNS entries removed, where the daemon updates DNS. ErrEmpty: there is no such lease.
func (c *Client) DeleteLease(ctx context.Context, s Service, address netip.Addr, t LeaseType, updateDNS bool) error {
	arguments := leaseOfArguments(s, address, t)
	if updateDNS {
		arguments["update-ddns"] = true
	}
	return c.Do(ctx, s, leaseCommand(s, "del"), arguments, nil)
}
