package kea

import (
	"encoding/hex"
	"net/netip"
	"strings"
)

// HostReservation is a reservation as it stands in a configuration: what one client always gets. (Reservation is one to
// write.)
type HostReservation struct {
	IdentifierType string // "hw-address", "duid", "client-id", "circuit-id", "flex-id"
	Identifier     []byte
	Address        netip.Addr     // DHCPv4; zero: any address
	Addresses      []netip.Addr   // DHCPv6
	Prefixes       []netip.Prefix // DHCPv6
	Hostname       string
	ClientClasses  []string // that the client belongs to
}

// reservations reads those of a subnet or of the whole server. What does not name its client is left out.
func (t tree) reservations() []HostReservation {
	var out []HostReservation
	for _, r := range t.objects("reservations") {
		if host, ok := r.reservation(); ok {
			out = append(out, host)
		}
	}
	return out
}

func (t tree) reservation() (HostReservation, bool) {
	r := HostReservation{
		Addresses:     t.addresses("ip-addresses"),
		Hostname:      t.str("hostname"),
		ClientClasses: t.strings("client-classes"),
	}
	for _, key := range reservationIDs() {
		if !t.has(key) {
			continue
		}
		id, ok := parseIdentifier(t.str(key))
		if !ok {
			t.skip(key, "not an identifier")
			return HostReservation{}, false
		}
		r.IdentifierType, r.Identifier = key, id
		break
	}
	if r.IdentifierType == "" {
		t.skip("", "a reservation for nobody")
		return HostReservation{}, false
	}
	if text := t.str("ip-address"); text != "" {
		a, err := netip.ParseAddr(text)
		if err != nil {
			t.skip("ip-address", "not an IP address")
		}
		r.Address = a
	}
	for _, text := range t.strings("prefixes") {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			t.skip("prefixes", "not an IPv6 prefix")
			continue
		}
		r.Prefixes = append(r.Prefixes, p.Masked())
	}
	return r, true
}

// parseIdentifier reads an identifier in the forms that Kea takes: "1a:1b:1c", where a group may have one digit, the
// same with spaces, "0x1a1b1c", "1a1b1c", and 'text'.
func parseIdentifier(text string) ([]byte, bool) {
	text = strings.TrimSpace(text)
	if len(text) >= 2 && text[0] == '\'' && text[len(text)-1] == '\'' {
		return []byte(text[1 : len(text)-1]), len(text) > 2
	}
	text = strings.TrimPrefix(text, "0x")
	separator := ":"
	if !strings.Contains(text, separator) {
		separator = " "
	}
	var digits strings.Builder
	groups := strings.Split(text, separator)
	for _, g := range groups {
		if len(g) == 0 || len(g) > 2 && len(groups) > 1 {
			return nil, false
		}
		if len(g)%2 == 1 {
			digits.WriteByte('0')
		}
		digits.WriteString(g)
	}
	id, err := hex.DecodeString(digits.String())
	if err != nil || len(id) == 0 {
		return nil, false
	}
	return id, true
}
