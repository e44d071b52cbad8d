package kea

import (
	"context"
	"time"
)

// LeaseStats is a daemon's answer to stat-lease4-get or stat-lease6-get. The counts come from the database's own
// statistics: peers that share a database report the same.
type LeaseStats struct {
	Time    time.Time // of the answer, by the daemon's clock; zero when it cannot be read
	Subnets []SubnetStats
}

// SubnetStats counts one subnet's leases. Assigned includes leases that have expired and are not reclaimed yet; it
// does not include declined ones.
type SubnetStats struct {
	SubnetID uint32
	Addresses
	Prefixes *Prefixes // nil for DHCPv4
}

// Addresses counts addresses: those of DHCPv4, or the non-temporary ones of DHCPv6.
type Addresses struct {
	Total      Count // in pools; 2.x cannot count beyond 2^64-1, so prefer Subnet.Addresses
	Assigned   Count
	Declined   Count
	Cumulative Count // assigned since the daemon started
}

// Prefixes counts delegated prefixes.
type Prefixes struct {
	Total      Count
	Assigned   Count
	Cumulative Count
}

// LeaseStats asks for the lease statistics of every subnet, in the order of the answer. No subnet at all is an empty
// list. ErrUnsupported: the stat_cmds hook is not loaded; ErrNoDatabase: the database does not answer.
func (c *Client) LeaseStats(ctx context.Context, s Service) (LeaseStats, error) {
	return LeaseStats{}, errTODO
}
