package leases

import (
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Origin says where an answer comes from.
type Origin struct {
	Namespace string    `json:"namespace"`
	Time      time.Time `json:"time"`   // by the clock of whoever answered
	Source    string    `json:"source"` // "sql" or "api"
	// From names who answered: "kea at kea-database, as kea_viewer, through pod kea-database-1", "kea-dhcp-0/dhcp4".
	From   []string         `json:"from"`
	Notes  []string         `json:"notes"` // what the reader must know, each a sentence
	Unread []problem.Unread `json:"unread"`
}

// List is the answer to a list.
type List struct {
	Origin `json:",inline"`
	Leases []Lease `json:"leases"`
	// More: the limit cut the list short.
	More bool `json:"more"`
}

// Card is everything that is known of what was asked for.
type Card struct {
	Origin  `json:",inline"`
	Asked   string  `json:"asked"`
	As      string  `json:"as"` // "IPv4 address", "hardware address", "client id", "DUID", "host name"
	Entries []Entry `json:"entries"`
	// Address is what is known of an address that has no lease; nil when that was not asked.
	Address *Vacancy `json:"address,omitempty"`
}

// Entry is one lease with all that surrounds it.
type Entry struct {
	Lease         Lease          `json:"lease"`
	SharedNetwork string         `json:"sharedNetwork,omitempty"`
	VLANFrom      string         `json:"vlanFrom,omitempty"` // where the VLAN's number was found
	Pool          string         `json:"pool,omitempty"`     // "" outside any pool
	ClientID      string         `json:"clientIdMeans,omitempty"`
	DUID          string         `json:"duidMeans,omitempty"`
	Relay         []RelayFact    `json:"relay"`
	Reservations  []ReservedFor  `json:"reservations"`
	Others        []Lease        `json:"otherLeases"` // of the same client
	Before        []FormerHolder `json:"before"`      // who had it, latest first; empty without history
	Service       kea.Service    `json:"-"`
	Where         inventory.VLAN `json:"-"`
}

// RelayFact is one thing that a relay said: "circuit-id", "remote-id", "link-selection".
type RelayFact struct {
	Name string `json:"name"`
	Hex  Octets `json:"hex"`
	Text string `json:"text,omitempty"` // when it is readable
}

// ReservedFor is a reservation that concerns a lease: of its address, or of its client.
type ReservedFor struct {
	Identifier string `json:"identifier"` // "hw-address 02:00:00:00:00:01"
	Address    string `json:"address,omitempty"`
	Hostname   string `json:"hostname,omitempty"`
	From       string `json:"from"` // "configuration" or "database"
	// Fits: the lease is what the reservation asks for. Why says what does not fit.
	Fits bool   `json:"fits"`
	Why  string `json:"why,omitempty"`
}

// FormerHolder is who had an address before.
type FormerHolder struct {
	Client   string    `json:"client"`
	Hostname string    `json:"hostname,omitempty"`
	From     time.Time `json:"from,omitzero"` // zero: before the history begins
	Until    time.Time `json:"until"`
	End      string    `json:"end"` // "released", "expired", ...
}

// Vacancy is what is known of an address without a lease.
type Vacancy struct {
	Address string `json:"address"`
	// Verdict: "free", "outside-pools", "reserved", "no-subnet".
	Verdict  string        `json:"verdict"`
	Subnet   string        `json:"subnet,omitempty"`
	VLAN     int           `json:"vlan,omitempty"`
	VLANName string        `json:"vlanName,omitempty"`
	Pool     string        `json:"pool,omitempty"`
	Reserved []ReservedFor `json:"reserved"`
}

// Usage is how full VLANs are.
type Usage struct {
	Origin `json:",inline"`
	VLANs  []VLANUsage `json:"vlans"` // fullest first
	// Totals are by service.
	Totals []Totals `json:"totals"`
	// Differences are counts on which two sources disagree.
	Differences []Difference `json:"differences"`
}

// VLANUsage is a VLAN of one service, or a subnet that belongs to none.
type VLANUsage struct {
	Service kea.Service   `json:"service"`
	VLAN    int           `json:"vlan,omitempty"`
	Name    string        `json:"name,omitempty"`
	From    string        `json:"vlanFrom,omitempty"`
	Amount  Amount        `json:"addresses"`
	Prefix  *Amount       `json:"prefixes,omitempty"` // DHCPv6 with prefix delegation
	Subnets []SubnetUsage `json:"subnets"`
	// PerHour and FullIn are known only where history is kept.
	PerHour *float64 `json:"newPerHour,omitempty"`
	FullIn  string   `json:"fullIn,omitempty"` // "3d4h"; "" when it is not filling
}

// SubnetUsage is a subnet's part.
type SubnetUsage struct {
	ID            uint32      `json:"id"`
	Subnet        string      `json:"subnet,omitempty"` // "" when the configuration has it no more
	SharedNetwork string      `json:"sharedNetwork,omitempty"`
	Amount        Amount      `json:"addresses"`
	Prefix        *Amount     `json:"prefixes,omitempty"`
	Pools         []PoolUsage `json:"pools"`
}

// PoolUsage is a pool; what is assigned in it is known only where the leases themselves were counted.
type PoolUsage struct {
	Pool     string    `json:"pool"`
	Total    kea.Count `json:"total"`
	Reserved kea.Count `json:"reserved"`
	// Assigned is nil when it was not counted.
	Assigned *kea.Count `json:"assigned,omitempty"`
}

// Amount counts addresses or prefixes. Total is what the pools hold, and what is reserved outside of them.
type Amount struct {
	Total    kea.Count `json:"total"`
	Assigned kea.Count `json:"assigned"` // expired ones that are not reclaimed yet among them, declined ones not
	Declined kea.Count `json:"declined"`
	Reserved kea.Count `json:"reserved"` // inside and outside of pools
	Free     kea.Count `json:"free"`     // that a client without a reservation can get
}

// Totals sums up a service.
type Totals struct {
	Service kea.Service `json:"service"`
	Amount  Amount      `json:"addresses"`
	Prefix  *Amount     `json:"prefixes,omitempty"`
}

// Difference is a count on which two sources disagree.
type Difference struct {
	Service kea.Service `json:"service"`
	Subnet  string      `json:"subnet"`
	What    string      `json:"what"` // "assigned addresses"
	A       string      `json:"a"`    // who says so
	ACount  kea.Count   `json:"aCount"`
	B       string      `json:"b"`
	BCount  kea.Count   `json:"bCount"`
	Means   string      `json:"means"` // a sentence with what to do
}
