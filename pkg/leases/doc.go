// Package leases finds, lists, counts, follows and exports leases of DHCPv4 and DHCPv6, each with the VLAN that its subnet
// belongs to. The rows come from the lease database through SQL, or from the servers through Kea's API: the same rows
// either way. It never prints.
package leases
