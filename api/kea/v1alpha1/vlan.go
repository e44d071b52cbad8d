package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VLAN is one broadcast domain with its subnets. Several subnets of one family in a VLAN are a shared network in Kea.
type VLAN struct {
	ID       int      `json:"id"` // 1 to 4094
	Name     string   `json:"name"`
	Subnets4 []Subnet `json:"subnets4"`
	Subnets6 []Subnet `json:"subnets6"`
}

// Subnet is an IPv4 or IPv6 subnet.
type Subnet struct {
	// ID is what leases refer to; it never changes. Default: the VLAN's, for its first subnet of the family.
	ID     int    `json:"id"`
	Subnet string `json:"subnet"` // CIDR
	// Pools that Kea hands out, as FIRST-LAST or CIDR. None: reservations only.
	Pools []string `json:"pools"`
	// PrefixPools are DHCPv6's prefixes to delegate.
	PrefixPools []PrefixPool `json:"prefixPools"`
	// Relays whose packets belong to this subnet although their address lies elsewhere.
	Relays []string `json:"relays"`
	// Routers, DNSServers and Domain are the options nearly every subnet has. Routers are DHCPv4's only.
	Routers      []string         `json:"routers"`
	DNSServers   []string         `json:"dnsServers"`
	Domain       string           `json:"domain"`
	LeaseTime    *metav1.Duration `json:"leaseTime"`
	Options      []Option         `json:"options"`
	Reservations []Reservation    `json:"reservations"`
	// Config is merged into the subnet's configuration, for all that this file has no field for.
	Config map[string]any `json:"config"`
}

// PrefixPool is a range of prefixes, delegated in pieces of one length.
type PrefixPool struct {
	Prefix    string `json:"prefix"` // CIDR
	Delegated int    `json:"delegated"`
}

// Reservation is what one client always gets. One of MAC, ClientID, DUID says which client.
type Reservation struct {
	MAC       string   `json:"mac"`
	ClientID  string   `json:"clientID"`
	DUID      string   `json:"duid"`
	Address   string   `json:"address"`   // DHCPv4
	Addresses []string `json:"addresses"` // DHCPv6
	Prefixes  []string `json:"prefixes"`  // DHCPv6
	Hostname  string   `json:"hostname"`
	Options   []Option `json:"options"`
}
