package leases

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"
)

// Wanted is what somebody asks to get, with every way to read it.
type Wanted struct {
	Text  string
	Kinds []Kind // likeliest first; at least one

	Address  netip.Addr // of the kinds IPv4, IPv6 and Prefix
	Length   int        // of Prefix
	Octets   Octets     // of HWAddress, ClientID and DUID
	Hostname string     // of Hostname
}

// Is reports whether k is one way to read it.
func (w Wanted) Is(k Kind) bool { return slices.Contains(w.Kinds, k) }

// Kind is what something that is asked for may be, in words for people.
type Kind string

// The kinds.
const (
	IPv4Address     Kind = "IPv4 address"
	IPv6Address     Kind = "IPv6 address"
	DelegatedPrefix Kind = "delegated prefix"
	HardwareAddress Kind = "hardware address"
	ClientID        Kind = "client id"
	DUID            Kind = "DUID"
	HostName        Kind = "host name"
)

// maxHostname is the most that Kea keeps, in octets.
const maxHostname = 255

// ParseWanted recognises an address, a delegated prefix, a hardware address, a client id, a DUID or a host name. Much can
// be read in several ways: six octets are a hardware address, and may be a client id as well.
func ParseWanted(what string) (Wanted, error) {
	w := Wanted{Text: strings.TrimSpace(what)}
	if w.Text == "" {
		return w, errors.New("what to get is empty")
	}
	if prefix, err := netip.ParsePrefix(w.Text); err == nil {
		if prefix.Addr().Is4() {
			return w, fmt.Errorf("%s is a range of addresses, and get wants one; list them with --ip %s", w.Text, w.Text)
		}
		w.Address, w.Length, w.Kinds = prefix.Masked().Addr(), prefix.Bits(), []Kind{DelegatedPrefix}
		return w, nil
	}
	if r, err := ParseRange(w.Text); err == nil && r.First != r.Last {
		return w, fmt.Errorf("%s is a range of addresses, and get wants one; list them with --ip %s", w.Text, w.Text)
	}
	address, err := parseAddr(w.Text)
	isAddress := err == nil
	if isAddress {
		w.Address = address
		kind := IPv6Address
		if address.Is4() {
			kind = IPv4Address
		}
		if kind == IPv4Address || !pairs(w.Text) {
			w.Kinds = []Kind{kind}
			return w, nil
		}
	}
	if id, err := ParseOctets(w.Text); err == nil {
		w.Octets, w.Kinds = id, octetKinds(id)
	}
	if isAddress {
		w.Kinds = append(w.Kinds, IPv6Address) // eight pairs of digits are an address too
	}
	w.asHostname()
	if len(w.Kinds) == 0 {
		return w, unrecognised(w.Text)
	}
	return w, nil
}

// pairs reports whether a text is groups of two digits with colons: written like octets, not like an address.
func pairs(text string) bool {
	for group := range strings.SplitSeq(text, ":") {
		if len(group) != 2 {
			return false
		}
	}
	return true
}

// octetKinds are what octets may be, likeliest first.
func octetKinds(id Octets) []Kind {
	var kinds []Kind
	mac := len(id) == ethernetLength || len(id) == 8 || len(id) == maxHardware
	client := len(id) >= minClientID && len(id) <= maxClientID
	duid := len(id) >= minDUID && len(id) <= maxDUID
	if duid && id[0] == 0 && id[1] >= 1 && id[1] <= 4 && len(id) > ethernetLength {
		kinds = append(kinds, DUID)
	}
	if mac {
		kinds = append(kinds, HardwareAddress)
	}
	if client {
		kinds = append(kinds, ClientID)
	}
	if duid && !slices.Contains(kinds, DUID) {
		kinds = append(kinds, DUID)
	}
	return kinds
}

// asHostname adds the reading as a host name where it can be one. A short word of hexadecimal letters, such as cafe, is
// more likely a name.
func (w *Wanted) asHostname() {
	if !plausibleName(w.Text) {
		return
	}
	w.Hostname = w.Text
	if len(w.Octets) < ethernetLength {
		w.Kinds = append([]Kind{HostName}, w.Kinds...)
		return
	}
	w.Kinds = append(w.Kinds, HostName)
}

// plausibleName reports whether a text may be a host name. Clients send more than DNS allows, so it is no strict test.
func plausibleName(text string) bool {
	if strings.Trim(text, "0123456789.") == "" && strings.Contains(text, ".") {
		return false // an address with a mistake in it
	}
	return len(text) <= maxHostname && utf8.ValidString(text) && !strings.ContainsAny(text, ":*?~/\\'\"") &&
		strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }) < 0
}

func unrecognised(text string) error {
	switch {
	case strings.Contains(text, "%"):
		return fmt.Errorf("%q: leases have no zone; leave out what follows the %%", text)
	case strings.HasPrefix(text, "~") || hasWildcard(text):
		return fmt.Errorf("%q is a pattern, and get wants one name; list what fits with --hostname '%s'", text, text)
	case len(text) > maxHostname:
		return fmt.Errorf("%.20q... is too long for a host name and is no address or identifier", text)
	}
	return fmt.Errorf("%q is no address, hardware address, client id, DUID or host name", text)
}
