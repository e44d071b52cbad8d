package load

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
)

// maxElapsed is the longest time that the elapsed-time option can express.
const maxElapsed = (1<<16 - 1) * 10 * time.Millisecond

func encode6(q question) []byte {
	m := &dhcpv6.Message{TransactionID: dhcpv6.TransactionID{byte(q.xid >> 16), byte(q.xid >> 8), byte(q.xid)}}
	m.AddOption(dhcpv6.OptClientID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: q.client.mac()}))
	m.AddOption(dhcpv6.OptElapsedTime(min(q.secs, maxElapsed)))
	m.AddOption(dhcpv6.OptRequestedOption(dhcpv6.OptionDNSRecursiveNameServer))
	ia := &dhcpv6.OptIANA{IaId: q.client.iaid()}
	switch q.step {
	case ask:
		m.MessageType = dhcpv6.MessageTypeSolicit
	case take:
		m.MessageType = dhcpv6.MessageTypeRequest
		m.AddOption(&dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionServerID, OptionData: []byte(q.server)})
	case renew:
		m.MessageType = dhcpv6.MessageTypeRebind
	}
	if q.step != ask {
		ia.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: q.addr.AsSlice()})
	}
	m.AddOption(ia)
	relay := &dhcpv6.RelayMessage{
		MessageType: dhcpv6.MessageTypeRelayForward,
		LinkAddr:    q.relay.AsSlice(),
		PeerAddr:    q.client.linkLocal().AsSlice(),
	}
	relay.AddOption(dhcpv6.OptInterfaceID([]byte(q.link)))
	relay.AddOption(dhcpv6.OptRelayMessage(m))
	return relay.ToBytes()
}

func decode6(b []byte) (answer, error) {
	relay, err := dhcpv6.RelayMessageFromBytes(b)
	if err != nil {
		return answer{}, err
	}
	if relay.MessageType != dhcpv6.MessageTypeRelayReply {
		return answer{}, errors.New("not a relay's reply")
	}
	m, err := relay.GetInnerMessage()
	if err != nil {
		return answer{}, err
	}
	x := m.TransactionID
	a := answer{xid: uint32(x[0])<<16 | uint32(x[1])<<8 | uint32(x[2])}
	if id := m.GetOneOption(dhcpv6.OptionServerID); id != nil {
		a.server = string(id.ToBytes())
	}
	a.addr, a.lease = address6(m)
	switch usable := a.addr.IsValid(); {
	case m.MessageType == dhcpv6.MessageTypeAdvertise && usable && a.server != "":
		a.verdict = offered
	case m.MessageType == dhcpv6.MessageTypeReply && usable:
		a.verdict = granted
	case m.MessageType == dhcpv6.MessageTypeReply:
		a.verdict = refused
	case m.MessageType == dhcpv6.MessageTypeAdvertise:
		a.verdict, a.why = unasked, "v6 ADVERTISE without an address"+status6(m)
	default:
		a.verdict, a.why = unasked, fmt.Sprintf("v6 %v that nobody asked for", m.MessageType)
	}
	return a, nil
}

// address6 returns the first address that the client may use and for how long; a lifetime of 0 takes an address away.
func address6(m *dhcpv6.Message) (netip.Addr, time.Duration) {
	for _, ia := range m.Options.IANA() {
		for _, a := range ia.Options.Addresses() {
			if addr, ok := netip.AddrFromSlice(a.IPv6Addr); ok && a.ValidLifetime > 0 {
				return addr, a.ValidLifetime
			}
		}
	}
	return netip.Addr{}, 0
}

// status6 names the reason that a server gives for refusing, with a leading ": ".
func status6(m *dhcpv6.Message) string {
	status := m.Options.Status()
	if ia := m.Options.OneIANA(); status == nil && ia != nil {
		status = ia.Options.Status()
	}
	if status == nil {
		return ""
	}
	return ": " + status.StatusCode.String()
}
