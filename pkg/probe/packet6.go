package probe

import (
	"net"
	"net/netip"
	"strings"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
)

// encode6 makes a message inside a relay's; the link-address says which network the client is on.
func encode6(q question) []byte {
	m := &dhcpv6.Message{TransactionID: dhcpv6.TransactionID{byte(q.xid >> 16), byte(q.xid >> 8), byte(q.xid)}}
	m.AddOption(dhcpv6.OptClientID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: q.client.mac()}))
	m.AddOption(dhcpv6.OptElapsedTime(0))
	switch q.verb {
	case discover:
		m.MessageType = dhcpv6.MessageTypeSolicit
	case request:
		m.MessageType = dhcpv6.MessageTypeRequest
	case release:
		m.MessageType = dhcpv6.MessageTypeRelease
	}
	if q.verb != discover {
		m.AddOption(&dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionServerID, OptionData: q.server})
	}
	m.AddOption(association(q))
	relay := &dhcpv6.RelayMessage{MessageType: dhcpv6.MessageTypeRelayForward, LinkAddr: q.link.AsSlice(), PeerAddr: q.client.linkLocal()}
	relay.AddOption(dhcpv6.OptRelayPort(0))
	relay.AddOption(dhcpv6.OptRelayMessage(m))
	return relay.ToBytes()
}

// association is what the client wants, or has.
func association(q question) dhcpv6.Option {
	if q.prefix {
		pd := &dhcpv6.OptIAPD{IaId: q.client.iaid()}
		if q.verb != discover {
			pd.Options.Add(&dhcpv6.OptIAPrefix{Prefix: &net.IPNet{IP: q.address.AsSlice(), Mask: net.CIDRMask(q.length, 128)}})
		}
		return pd
	}
	na := &dhcpv6.OptIANA{IaId: q.client.iaid()}
	if q.verb != discover {
		na.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: q.address.AsSlice()})
	}
	return na
}

func decode6(packet []byte) (reply, error) {
	relay, err := dhcpv6.RelayMessageFromBytes(packet)
	if err != nil {
		return reply{}, err
	}
	if relay.MessageType != dhcpv6.MessageTypeRelayReply {
		return reply{}, errNoReply
	}
	m, err := relay.GetInnerMessage()
	if err != nil {
		return reply{}, err
	}
	x := m.TransactionID
	r := reply{xid: uint32(x[0])<<16 | uint32(x[1])<<8 | uint32(x[2]), kind: strings.ToLower(m.MessageType.String())}
	if id := m.GetOneOption(dhcpv6.OptionServerID); id != nil {
		r.server = id.ToBytes()
	}
	r.noteStatus(m.Options.Status())
	for _, na := range m.Options.IANA() {
		r.noteStatus(na.Options.Status())
		for _, a := range na.Options.Addresses() {
			if addr, ok := netip.AddrFromSlice(a.IPv6Addr); ok && a.ValidLifetime > 0 {
				r.address, r.lease = addr, a.ValidLifetime
			}
		}
	}
	for _, pd := range m.Options.IAPD() {
		r.noteStatus(pd.Options.Status())
		for _, p := range pd.Options.Prefixes() {
			if p.Prefix == nil || p.ValidLifetime == 0 {
				continue
			}
			if addr, ok := netip.AddrFromSlice(p.Prefix.IP.To16()); ok {
				r.address, r.lease = addr, p.ValidLifetime
				r.length, _ = p.Prefix.Mask.Size()
			}
		}
	}
	return r, nil
}

// noteStatus keeps a server's refusal.
func (r *reply) noteStatus(s *dhcpv6.OptStatusCode) {
	if s != nil && s.StatusCode != iana.StatusSuccess {
		r.reason = s.StatusCode.String()
		if s.StatusMessage != "" {
			r.reason += ": " + s.StatusMessage
		}
	}
}
