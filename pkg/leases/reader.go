package leases

import (
	"context"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Reader is one place where leases are read from: a database, or a server's API.
type Reader interface {
	// Each calls yield with every lease that f takes, in f's order. The lease and what it holds are the callback's only
	// until it returns. An error of yield ends the reading and is returned as it is.
	Each(ctx context.Context, f Filter, yield func(*Lease) error) error
	// Counts are the leases of each subnet by the counters that Kea keeps, by subnet.
	Counts(ctx context.Context, s kea.Service) ([]SubnetCount, error)
	// String names the reader for people: "kea at kea-database, as kea_viewer", "kea-dhcp-0/dhcp4".
	String() string
}

// SubnetCount counts a subnet's leases. Assigned includes leases that have expired and are not reclaimed yet, and not the
// declined ones.
type SubnetCount struct {
	SubnetID uint32
	Assigned kea.Count
	Declined kea.Count
	Prefixes kea.Count // DHCPv6: delegated prefixes
}
