package leases

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// RelayFacts reads what relays said of a client out of the user context of its lease, where Kea keeps it with
// "store-extended-info". A context without it, or that cannot be read, has none. Text in the facts is what the relay
// wrote: escape it before a terminal.
func RelayFacts(context json.RawMessage) []RelayFact {
	var stored struct {
		ISC struct {
			Agent json.RawMessage   `json:"relay-agent-info"` // DHCPv4: text up to 2.2, an object from 2.4 on
			Hops  []json.RawMessage `json:"relay-info"`       // DHCPv6, next to the server first
		}
	}
	facts := []RelayFact{}
	if json.Unmarshal(context, &stored) != nil {
		return facts
	}
	facts = append(facts, DescribeRelayAgent(agentOptions(stored.ISC.Agent))...)
	for i, raw := range stored.ISC.Hops {
		hop := fmt.Sprintf("relay %d ", i+1)
		if len(stored.ISC.Hops) == 1 {
			hop = ""
		}
		facts = append(facts, hopFacts(hop, raw)...)
	}
	return facts
}

// agentOptions are the octets of option 82 that Kea stored.
func agentOptions(raw json.RawMessage) Octets {
	var digits string
	if json.Unmarshal(raw, &digits) != nil {
		var object struct {
			SubOptions string `json:"sub-options"`
		}
		if json.Unmarshal(raw, &object) != nil {
			return nil
		}
		digits = object.SubOptions
	}
	return keaHex(digits)
}

// keaHex reads octets as Kea writes them into a user context: 0x and digits. What is not that has none.
func keaHex(digits string) Octets {
	b, err := hex.DecodeString(strings.TrimPrefix(digits, "0x"))
	if err != nil {
		return nil
	}
	return b
}

// DescribeRelayAgent reads the sub-options of a DHCPv4 relay (option 82, RFC 3046). What follows a sub-option that is cut
// off is left out.
func DescribeRelayAgent(options Octets) []RelayFact {
	facts := []RelayFact{}
	for len(options) >= 2 {
		code, length := options[0], int(options[1])
		if length > len(options)-2 {
			break
		}
		value := options[2 : 2+length]
		options = options[2+length:]
		facts = append(facts, RelayFact{Name: agentOption(code), Hex: value, Text: agentText(code, value)})
	}
	return facts
}

func agentOption(code byte) string {
	switch code {
	case 1:
		return "circuit-id"
	case 2:
		return "remote-id"
	case 4:
		return "docsis-device-class"
	case 5:
		return "link-selection"
	case 6:
		return "subscriber-id"
	case 7:
		return "radius-attributes"
	case 8:
		return "authentication"
	case 9:
		return "vendor-specific"
	case 10:
		return "relay-flags"
	case 11:
		return "server-id-override"
	case 12:
		return "relay-id"
	case 19:
		return "relay-port"
	case 151:
		return "virtual-subnet"
	}
	return "sub-option " + strconv.Itoa(int(code))
}

func agentText(code byte, value Octets) string {
	switch {
	case (code == 5 || code == 11) && len(value) == 4:
		address, _ := netip.AddrFromSlice(value)
		return address.String()
	case code == 12:
		if duid := DescribeDUID(value); duid != "" {
			return duid
		}
	case code == 10 && len(value) == 1:
		if value[0]&0x80 != 0 {
			return "unicast"
		}
		return "broadcast"
	}
	return portText(code, value)
}

// portText reads circuit and remote ids as text, or in the form that many switches share: a type, a length, and the VLAN
// with the port, or the switch's own address.
func portText(code byte, value Octets) string {
	const circuit, remote = 1, 2
	switch {
	case readable(value):
		return string(value)
	case code == circuit && len(value) == 6 && value[0] == 0 && value[1] == 4:
		return fmt.Sprintf("VLAN %d, slot %d, port %d (as Cisco's switches write it)", binary.BigEndian.Uint16(value[2:]), value[4], value[5])
	case code == remote && len(value) == 8 && value[0] == 0 && value[1] == 6:
		return "switch " + value[2:].String()
	case code == remote && len(value) == ethernetLength:
		return "switch " + value.String()
	case (code == circuit || code == remote) && len(value) > 2 && value[0] == 1 && int(value[1]) == len(value)-2 && readable(value[2:]):
		return string(value[2:])
	}
	return ""
}

// hopFacts reads one DHCPv6 relay: where it stands, and its options.
func hopFacts(hop string, raw json.RawMessage) []RelayFact {
	var relay struct {
		Link    string `json:"link"`
		Peer    string `json:"peer"`
		Options string `json:"options"`
	}
	if json.Unmarshal(raw, &relay) != nil {
		return nil
	}
	facts := []RelayFact{}
	for _, place := range []struct{ name, address string }{{"link-address", relay.Link}, {"peer-address", relay.Peer}} {
		if a, err := netip.ParseAddr(place.address); err == nil && a.Is6() {
			facts = append(facts, RelayFact{Name: hop + place.name, Hex: a.AsSlice(), Text: a.String()})
		}
	}
	options := keaHex(relay.Options)
	for len(options) >= 4 {
		code, length := binary.BigEndian.Uint16(options), int(binary.BigEndian.Uint16(options[2:]))
		if length > len(options)-4 {
			break
		}
		value := options[4 : 4+length]
		options = options[4+length:]
		facts = append(facts, RelayFact{Name: hop + hopOption(code), Hex: value, Text: hopText(code, value)})
	}
	return facts
}

func hopOption(code uint16) string {
	switch code {
	case 18:
		return "interface-id"
	case 37:
		return "remote-id"
	case 38:
		return "subscriber-id"
	case 53:
		return "relay-id"
	case 79:
		return "client-link-layer"
	}
	return "option " + strconv.Itoa(int(code))
}

func hopText(code uint16, value Octets) string {
	switch {
	case code == 37 && len(value) > 4: // RFC 4649: enterprise number, then the id
		id := value[4:].String()
		if readable(value[4:]) {
			id = string(value[4:])
		}
		return fmt.Sprintf("%s, of enterprise %s", id, enterprise(binary.BigEndian.Uint32(value)))
	case code == 53:
		return DescribeDUID(value)
	case code == 79 && len(value) > 2: // RFC 6939
		return hardwareText(binary.BigEndian.Uint16(value), value[2:])
	case readable(value):
		return string(value)
	}
	return ""
}
