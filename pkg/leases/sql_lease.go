package leases

import (
	"encoding/json"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// fillLease makes l of a row. Its octets stay the row's.
func fillLease(l *Lease, row *keadb.Lease, now time.Time) {
	*l = Lease{
		Service: kea.DHCP6, Address: row.Address, SubnetID: row.SubnetID, PoolID: row.PoolID,
		HWAddress: row.HWAddr, ClientID: row.ClientID, DUID: row.DUID, IAID: row.IAID,
		Hostname: row.Hostname, FQDNForward: row.FQDNForward, FQDNReverse: row.FQDNReverse,
		State: stateOf(row.State, row.Expires, now), ValidLifetime: row.Valid, PreferredLifetime: row.Preferred,
		LastSeen: row.CLTT, Expires: row.Expires,
		UserContext: userContext(row.UserContext), RelayID: row.RelayID, RemoteID: row.RemoteID,
	}
	switch row.Type {
	case keadb.TypeV4:
		l.Service, l.Type = kea.DHCP4, V4
	case keadb.TypeTA:
		l.Type = TA
	case keadb.TypePD:
		l.Type, l.Length = PD, row.PrefixLen
	case keadb.TypeNA:
		l.Type = NA
	default:
		l.Type = NA
	}
}

// userContext returns the column's JSON; what somebody wrote into it that is none, as a JSON string.
func userContext(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	raw := json.RawMessage(text)
	if !json.Valid(raw) {
		raw, _ = json.Marshal(text) // a string always can be
	}
	return raw
}
