package load

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"
)

func encode4(q question) []byte {
	p := &dhcpv4.DHCPv4{
		OpCode:        dhcpv4.OpcodeBootRequest,
		HWType:        iana.HWTypeEthernet,
		HopCount:      1,
		NumSeconds:    uint16(min(q.secs/time.Second, 1<<16-1)),
		ClientHWAddr:  q.client.mac(),
		GatewayIPAddr: q.relay.AsSlice(),
		Options:       dhcpv4.Options{},
	}
	binary.BigEndian.PutUint32(p.TransactionID[:], q.xid)
	p.UpdateOption(dhcpv4.OptClientIdentifier(append([]byte{byte(iana.HWTypeEthernet)}, q.client[:]...)))
	p.UpdateOption(dhcpv4.OptParameterRequestList(dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer))
	switch q.step {
	case ask:
		p.UpdateOption(dhcpv4.OptMessageType(dhcpv4.MessageTypeDiscover))
	case take:
		p.UpdateOption(dhcpv4.OptMessageType(dhcpv4.MessageTypeRequest))
		p.UpdateOption(dhcpv4.OptRequestedIPAddress(q.addr.AsSlice()))
		p.UpdateOption(dhcpv4.OptServerIdentifier([]byte(q.server)))
	case renew:
		p.UpdateOption(dhcpv4.OptMessageType(dhcpv4.MessageTypeRequest))
		p.ClientIPAddr = q.addr.AsSlice()
	}
	return p.ToBytes()
}

func decode4(b []byte) (answer, error) {
	p, err := dhcpv4.FromBytes(b)
	if err != nil {
		return answer{}, err
	}
	a := answer{xid: binary.BigEndian.Uint32(p.TransactionID[:]), server: string(p.ServerIdentifier().To4())}
	a.addr, _ = netip.AddrFromSlice(p.YourIPAddr.To4())
	a.lease = p.IPAddressLeaseTime(0)
	usable := a.addr.IsValid() && !a.addr.IsUnspecified()
	switch kind := p.MessageType(); {
	case p.OpCode != dhcpv4.OpcodeBootReply:
		a.verdict, a.why = unasked, "v4 packet that is no reply"
	case kind == dhcpv4.MessageTypeOffer && usable && a.server != "":
		a.verdict = offered
	case kind == dhcpv4.MessageTypeAck && usable:
		a.verdict = granted
	case kind == dhcpv4.MessageTypeNak:
		a.verdict = refused
	default:
		a.verdict, a.why = unasked, fmt.Sprintf("v4 %v that lacks an address or a server identifier, or that nobody asked for", kind)
	}
	return a, nil
}
