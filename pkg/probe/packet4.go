package probe

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"
)

// encode4 makes a packet as a relay passes it on. The relay's address is the way back; which network the client is on
// stands in the link selection (RFC 3527), and once more where servers look that ignore it (RFC 3011).
func encode4(q question) []byte {
	p := &dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeBootRequest, HWType: iana.HWTypeEthernet, HopCount: 1,
		ClientHWAddr: q.client.mac(), GatewayIPAddr: q.relay.AsSlice(), Options: dhcpv4.Options{},
	}
	binary.BigEndian.PutUint32(p.TransactionID[:], q.xid)
	p.UpdateOption(dhcpv4.OptClientIdentifier(q.client.id()))
	p.UpdateOption(dhcpv4.OptParameterRequestList(dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer))
	switch q.verb {
	case discover:
		p.UpdateOption(dhcpv4.OptMessageType(dhcpv4.MessageTypeDiscover))
	case request:
		p.UpdateOption(dhcpv4.OptMessageType(dhcpv4.MessageTypeRequest))
		p.UpdateOption(dhcpv4.OptRequestedIPAddress(q.address.AsSlice()))
		p.UpdateOption(dhcpv4.OptServerIdentifier(q.server))
	case release:
		p.UpdateOption(dhcpv4.OptMessageType(dhcpv4.MessageTypeRelease))
		p.ClientIPAddr = q.address.AsSlice()
		p.UpdateOption(dhcpv4.OptServerIdentifier(q.server))
	}
	p.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionSubnetSelection, q.link.AsSlice()))
	p.UpdateOption(dhcpv4.OptRelayAgentInfo(
		dhcpv4.OptGeneric(dhcpv4.LinkSelectionSubOption, q.link.AsSlice()),
		dhcpv4.OptGeneric(dhcpv4.RelaySourcePortSubOption, []byte{0, 0}), // empty in RFC 8357; Kea drops what is not two bytes
	))
	return p.ToBytes()
}

var errNoReply = errors.New("not a reply")

func decode4(packet []byte) (reply, error) {
	p, err := dhcpv4.FromBytes(packet)
	if err != nil {
		return reply{}, err
	}
	if p.OpCode != dhcpv4.OpcodeBootReply {
		return reply{}, errNoReply
	}
	r := reply{
		xid: binary.BigEndian.Uint32(p.TransactionID[:]), kind: strings.ToLower(p.MessageType().String()),
		server: p.ServerIdentifier().To4(), lease: p.IPAddressLeaseTime(0), reason: dhcpv4.GetString(dhcpv4.OptionMessage, p.Options),
	}
	if a, ok := netip.AddrFromSlice(p.YourIPAddr.To4()); ok && !a.IsUnspecified() {
		r.address = a
	}
	return r, nil
}
