package leases

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// DescribeClientID says what a DHCPv4 client id means, or "" when nobody knows: "Ethernet 02:00:00:00:00:01",
// "IAID 1, DUID-LL: Ethernet ...", `text "printer"`. It holds what the client wrote: escape it before a terminal.
func DescribeClientID(id Octets) string {
	if len(id) < minClientID {
		return ""
	}
	kind, rest := id[0], id[1:]
	switch {
	case kind == 255 && len(rest) > 4: // RFC 4361
		iaid := binary.BigEndian.Uint32(rest)
		text := fmt.Sprintf("IAID %d", iaid)
		if duid := DescribeDUID(rest[4:]); duid != "" {
			text += ", " + duid
		}
		return text
	case kind == 0 && readable(rest):
		return "text " + strconv.Quote(string(rest))
	case readable(id): // no type at all, as dial-in servers and some printers send
		return "text " + strconv.Quote(string(id))
	case kind == 1 && len(rest) == ethernetLength, kind != 0 && kind != 255 && len(rest) >= ethernetLength && len(rest) <= maxHardware && hardware(uint16(kind)) != "":
		return hardwareText(uint16(kind), rest)
	}
	return ""
}

// hardwareText is a hardware address with the name of its type.
func hardwareText(kind uint16, address Octets) string {
	name := hardware(kind)
	if name == "" {
		name = fmt.Sprintf("hardware of type %d", kind)
	}
	return name + " " + address.String()
}

// hardware names a type of hardware (IANA's ARP parameters); "" for those that do not occur.
func hardware(kind uint16) string {
	switch kind {
	case 1:
		return "Ethernet"
	case 6:
		return "IEEE 802"
	case 24:
		return "IEEE 1394"
	case 27:
		return "EUI-64"
	case 32:
		return "InfiniBand"
	}
	return ""
}

// readable reports whether octets are text without control characters.
func readable(text Octets) bool {
	if len(text) == 0 || !utf8.Valid(text) {
		return false
	}
	for _, r := range string(text) {
		if !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}
