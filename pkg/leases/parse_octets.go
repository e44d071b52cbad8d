package leases

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// The lengths of identifiers, in octets.
const (
	ethernetLength   = 6
	maxHardware      = 20  // InfiniBand, and the most that Kea keeps
	maxClientID      = 255 // of an option
	maxDUID          = 130 // RFC 8415: a type and 128 octets
	minClientID      = 2
	minDUID          = 3
	octetsExplained  = `as in 00:1a:2b:3c:4d:5e, 00-1a-2b-3c-4d-5e, 001a.2b3c.4d5e or 001a2b3c4d5e`
	identifierFormat = "hexadecimal digits, with or without colons"
)

// ParseMAC reads a hardware address in any usual spelling: 00:1a:2b:3c:4d:5e, 00-1A-2B-3C-4D-5E, 001a.2b3c.4d5e,
// 001a2b-3c4d5e or bare digits. One that has less than six octets, or ends with "*", is how an address begins.
func ParseMAC(text string) (mac Octets, prefix bool, err error) {
	digits := strings.TrimSpace(text)
	if cut, found := strings.CutSuffix(digits, "*"); found {
		digits, prefix = strings.TrimRight(cut, ":-."), true
	} else if cut, found := strings.CutSuffix(digits, ":"); found {
		digits, prefix = cut, true
	}
	mac, err = octets(digits)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("%q is no hardware address: %w; write it %s", text, err, octetsExplained)
	case len(mac) > maxHardware:
		return nil, false, fmt.Errorf("%q is no hardware address: it has %d octets, the longest have %d", text, len(mac), maxHardware)
	}
	return mac, prefix || len(mac) < ethernetLength, nil
}

// ParseClientID reads a DHCPv4 client id: octets in hexadecimal, or text in quotes as Kea's configuration has it.
func ParseClientID(text string) (Octets, error) {
	return identifier("client id", text, minClientID, maxClientID)
}

// ParseDUID reads a DUID: octets in hexadecimal.
func ParseDUID(text string) (Octets, error) { return identifier("DUID", text, minDUID, maxDUID) }

func identifier(what, text string, least, most int) (Octets, error) {
	id, err := ParseOctets(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is no %s: %w; write it in %s", text, what, err, identifierFormat)
	case len(id) < least:
		return nil, fmt.Errorf("%q is no %s: the shortest have %d octets", text, what, least)
	case len(id) > most:
		return nil, fmt.Errorf("%q is no %s: it has %d octets, the longest have %d", text, what, len(id), most)
	}
	return id, nil
}

// ParseOctets reads an identifier: 01:02:..., 01-02-..., 0102.0304, bare digits, 0x and digits, or 'text'.
func ParseOctets(text string) (Octets, error) {
	text = strings.TrimSpace(text)
	if len(text) > 2 && text[0] == '\'' && text[len(text)-1] == '\'' {
		return Octets(text[1 : len(text)-1]), nil
	}
	return octets(text)
}

// octets reads hexadecimal digits in groups: of two or one with a colon, a dash or a blank between them, or larger ones of
// whole octets with a colon, a dash or a dot.
func octets(text string) (Octets, error) {
	if rest, found := strings.CutPrefix(strings.ToLower(text), "0x"); found {
		text = rest
	}
	if text == "" {
		return nil, fmt.Errorf("it is empty")
	}
	if strings.Trim(strings.ToLower(text), "0123456789abcdef:-. ") != "" {
		return nil, fmt.Errorf("it is not hexadecimal")
	}
	groups, short := []string{text}, false
	if i := strings.IndexAny(text, ":-. "); i >= 0 {
		short = text[i] == ':' || text[i] == '-' // as Solaris and macOS write
		groups = strings.Split(text, text[i:i+1])
		if text[i] == '.' && len(groups[0]) < 4 {
			return nil, fmt.Errorf("groups with dots between them have four digits")
		}
	}
	var digits strings.Builder
	for _, group := range groups {
		switch {
		case group == "":
			return nil, fmt.Errorf("between two separators there is nothing")
		case len(group) == 1 && short:
			digits.WriteByte('0')
		case len(group)%2 != 0:
			return nil, fmt.Errorf("%q has an odd number of digits", group)
		}
		digits.WriteString(group)
	}
	out, err := hex.DecodeString(digits.String())
	if err != nil {
		return nil, fmt.Errorf("it is not hexadecimal")
	}
	return out, nil
}
