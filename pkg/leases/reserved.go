package leases

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Reserved is a reservation with where it stands.
type Reserved struct {
	Service  kea.Service
	SubnetID uint32 // 0: of the whole server
	From     string // "configuration", "database"
	kea.HostReservation
}

// addresses are all that is reserved, prefixes by their first address.
func (r *Reserved) addresses() []netip.Addr {
	found := slices.Clone(r.Addresses)
	if r.Address.IsValid() {
		found = append(found, r.Address)
	}
	for _, p := range r.Prefixes {
		found = append(found, p.Addr())
	}
	return found
}

// what is reserved, for people: "10.10.1.7", "2001:db8::7, 2001:db8:8000::/56".
func (r *Reserved) what() string {
	var parts []string
	if r.Address.IsValid() {
		parts = append(parts, r.Address.String())
	}
	for _, a := range r.Addresses {
		parts = append(parts, a.String())
	}
	for _, p := range r.Prefixes {
		parts = append(parts, p.String())
	}
	return strings.Join(parts, ", ")
}

// identifier names the client for people: "hw-address 02:00:00:00:00:01".
func (r *Reserved) identifier() string { return r.IdentifierType + " " + Octets(r.Identifier).String() }

// isOf reports whether a reservation is for the client of a lease.
func (r *Reserved) isOf(l *Lease) bool {
	if r.Service != l.Service || r.SubnetID != 0 && r.SubnetID != l.SubnetID {
		return false
	}
	same := func(o Octets) bool { return len(o) > 0 && bytes.Equal(o, r.Identifier) }
	switch r.IdentifierType {
	case "hw-address":
		return same(l.HWAddress)
	case "client-id":
		return same(l.ClientID)
	case "duid":
		// A DHCPv4 client id of RFC 4361 ends with the client's DUID, behind a type and an IAID.
		return same(l.DUID) || len(l.ClientID) > 5 && l.ClientID[0] == 255 && same(l.ClientID[5:])
	case "circuit-id":
		return slices.ContainsFunc(RelayFacts(l.UserContext), func(f RelayFact) bool { return f.Name == "circuit-id" && same(f.Hex) })
	}
	return false
}

// judge says how a reservation and a lease go together; false when they have nothing to do with each other.
func (r *Reserved) judge(l *Lease) (ReservedFor, bool) {
	holds := r.Service == l.Service && slices.Contains(r.addresses(), l.Address)
	mine := r.isOf(l)
	if !holds && !mine {
		return ReservedFor{}, false
	}
	f := r.report()
	f.Fits = true
	switch {
	case holds && !mine && knownIdentifier(r.IdentifierType):
		f.Fits, f.Why = false, "the address is reserved for another client"
	case mine && !holds && len(r.addresses()) > 0 && !r.otherKind(l):
		f.Fits, f.Why = false, "the client has another address reserved: it gets it when it renews or starts anew"
	case mine && r.Hostname != "" && !sameName(r.Hostname, l.Hostname):
		f.Fits, f.Why = false, "the reservation gives another host name"
	}
	return f, true
}

// otherKind: the lease is a prefix and only addresses are reserved, or the other way round.
func (r *Reserved) otherKind(l *Lease) bool {
	return l.Type == PD && len(r.Prefixes) == 0 || l.Type == NA && len(r.Addresses) == 0
}

// knownIdentifier: whether a lease is of the client can be told from the lease.
func knownIdentifier(kind string) bool { return kind != "flex-id" && kind != "circuit-id" }

func (r *Reserved) report() ReservedFor {
	return ReservedFor{Identifier: r.identifier(), Address: r.what(), Hostname: r.Hostname, From: r.From}
}

// sameName compares host names; a reservation's may lack the domain that Kea adds.
func sameName(reserved, leased string) bool {
	a, b := strings.ToLower(reserved), strings.ToLower(leased)
	return a == b || len(b) > len(a) && b[:len(a)] == a && b[len(a)] == '.'
}

// configured are the reservations of a configuration.
func configured(config *kea.Config) []Reserved {
	found := []Reserved{}
	for _, r := range config.GlobalReservations {
		found = append(found, Reserved{config.Service, 0, "configuration", r})
	}
	for _, s := range config.Subnets {
		for _, r := range s.Reservations {
			found = append(found, Reserved{config.Service, s.ID, "configuration", r})
		}
	}
	return found
}
