package keadb

// Scans reports whether a filter makes the database read a family's whole table, because no index of Kea's schema helps:
// a hardware address in DHCPv6, a host name that is not exact, a time. A table of a million leases is read in about half
// a second.
func Scans(family Family, f LeaseFilter) bool {
	if len(newConditions(f, family, Schema{Version: inetColumn}, new([][]byte)).all) == 0 {
		// Everything, or nothing at all.
		return false
	}
	switch {
	case f.Subnets != nil, len(f.Ranges) > 0:
		return false
	case family == IPv4 && (len(f.HWAddr) > 0 || len(f.ClientID) > 0), family == IPv6 && len(f.DUID) > 0:
		return false
	case f.Hostname != "" && f.HostnameBy == HostnameExact:
		return false
	case !f.SeenSince.IsZero() && len(f.Lifetimes) > 0:
		return false
	}
	// States and ends have an index, which helps when few leases are in them: not for those in use.
	for _, s := range f.States {
		if s == Active {
			return true
		}
	}
	return f.States == nil
}
