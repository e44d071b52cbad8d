package kea

import "encoding/json"

// SharedNetwork holds several subnets of one broadcast domain.
type SharedNetwork struct {
	Name        string          `json:"name"`
	UserContext json.RawMessage `json:"user-context"`
	Interface   string          `json:"interface"`
	Relay       *Relay          `json:"relay"`
	OptionData  []OptionData    `json:"option-data"`
	Subnet4     []SubnetEntry   `json:"subnet4"`
	Subnet6     []SubnetEntry   `json:"subnet6"`
	Unknown     Members
}

// SubnetEntry is a subnet.
type SubnetEntry struct {
	ID                int             `json:"id"`
	Subnet            string          `json:"subnet"`
	UserContext       json.RawMessage `json:"user-context"`
	Interface         string          `json:"interface"`
	Relay             *Relay          `json:"relay"`
	ClientClass       string          `json:"client-class"`   // up to 2.6
	ClientClasses     []string        `json:"client-classes"` // from 2.7.4
	ValidLifetime     int             `json:"valid-lifetime"`
	MaxValidLifetime  int             `json:"max-valid-lifetime"`
	PreferredLifetime int             `json:"preferred-lifetime"` // DHCPv6
	Allocator         string          `json:"allocator"`
	PDAllocator       string          `json:"pd-allocator"` // DHCPv6
	Pools             []PoolEntry     `json:"pools"`
	PDPools           []PDPoolEntry   `json:"pd-pools"` // DHCPv6
	OptionData        []OptionData    `json:"option-data"`
	Reservations      []Reservation   `json:"reservations"`
	Unknown           Members
}

// Relay lists relays whose packets belong to a subnet or a shared network.
type Relay struct {
	IPAddresses []string `json:"ip-addresses"`
	Unknown     Members
}

// PoolEntry is a range of addresses.
type PoolEntry struct {
	Pool          string          `json:"pool"`
	ClientClass   string          `json:"client-class"`   // up to 2.6
	ClientClasses []string        `json:"client-classes"` // from 2.7.4
	OptionData    []OptionData    `json:"option-data"`
	UserContext   json.RawMessage `json:"user-context"`
	Unknown       Members
}

// PDPoolEntry is a range of prefixes to delegate.
type PDPoolEntry struct {
	Prefix        string          `json:"prefix"`
	PrefixLen     int             `json:"prefix-len"`
	DelegatedLen  int             `json:"delegated-len"`
	ClientClass   string          `json:"client-class"`   // up to 2.6
	ClientClasses []string        `json:"client-classes"` // from 2.7.4
	OptionData    []OptionData    `json:"option-data"`
	UserContext   json.RawMessage `json:"user-context"`
	Unknown       Members
}

// OptionData is a DHCP option.
type OptionData struct {
	Name       string `json:"name"`
	Code       int    `json:"code"`
	Space      string `json:"space"`
	CSVFormat  *bool  `json:"csv-format"`
	Data       string `json:"data"`
	AlwaysSend *bool  `json:"always-send"`
	Unknown    Members
}

// Reservation is what one client always gets.
type Reservation struct {
	HWAddress   string          `json:"hw-address"`
	ClientID    string          `json:"client-id"`
	DUID        string          `json:"duid"`
	IPAddress   string          `json:"ip-address"`   // DHCPv4
	IPAddresses []string        `json:"ip-addresses"` // DHCPv6
	Prefixes    []string        `json:"prefixes"`     // DHCPv6
	Hostname    string          `json:"hostname"`
	OptionData  []OptionData    `json:"option-data"`
	UserContext json.RawMessage `json:"user-context"`
	Unknown     Members
}
