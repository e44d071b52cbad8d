package probe

import (
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv6"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestDiscoverSaysWhereItsClientIs(t *testing.T) {
	q := question{verb: discover, xid: 0x010203, client: newPlayer(1, 2), relay: netip.MustParseAddr("10.0.0.9"), link: netip.MustParseAddr("10.10.0.0")}
	p, err := dhcpv4.FromBytes(encode(kea.DHCP4, q))
	if err != nil {
		t.Fatal(err)
	}
	rai := p.RelayAgentInfo()
	if p.GatewayIPAddr.String() != "10.0.0.9" || p.HopCount != 1 || p.ClientHWAddr.String() != "02:4b:45:41:01:02" ||
		string(rai.Get(dhcpv4.LinkSelectionSubOption)) != "\x0a\x0a\x00\x00" || string(rai.Get(dhcpv4.RelaySourcePortSubOption)) != "\x00\x00" ||
		string(p.GetOneOption(dhcpv4.OptionSubnetSelection)) != "\x0a\x0a\x00\x00" || string(p.GetOneOption(dhcpv4.OptionClientIdentifier)) != "\x00kubectl-kea probe 0102" {
		t.Errorf("%s", p.Summary())
	}
}

func TestSolicitSaysWhereItsClientIs(t *testing.T) {
	q := question{verb: discover, xid: 0x010203, client: newPlayer(1, 2), link: netip.MustParseAddr("2001:db8:10::")}
	r, err := dhcpv6.RelayMessageFromBytes(encode(kea.DHCP6, q))
	if err != nil {
		t.Fatal(err)
	}
	if r.LinkAddr.String() != "2001:db8:10::" || r.PeerAddr.String() != "fe80::4b:45ff:fe41:102" || r.Options.RelayPort() == nil {
		t.Errorf("%s", r.Summary())
	}
}

func TestPrefixesAreAskedForAndGivenBack(t *testing.T) {
	q := question{verb: release, prefix: true, client: newPlayer(1, 2), link: netip.MustParseAddr("2001:db8::"), address: netip.MustParseAddr("2001:db8:8000::"), length: 56, server: []byte{0, 3, 0, 1, 2, 3, 4, 5, 6, 7}}
	r, err := dhcpv6.RelayMessageFromBytes(encode(kea.DHCP6, q))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.GetInnerMessage()
	if err != nil {
		t.Fatal(err)
	}
	if m.MessageType != dhcpv6.MessageTypeRelease || m.Options.OneIANA() != nil || m.Options.OneIAPD().Options.Prefixes()[0].Prefix.String() != "2001:db8:8000::/56" {
		t.Errorf("%s", m.Summary())
	}
}

func TestDecodeReplies(t *testing.T) {
	inner := &dhcpv6.Message{MessageType: dhcpv6.MessageTypeAdvertise, TransactionID: dhcpv6.TransactionID{1, 2, 3}}
	none := &dhcpv6.OptIANA{}
	none.Options.Add(&dhcpv6.OptStatusCode{StatusCode: 2, StatusMessage: "Sorry, no address could be allocated."})
	inner.AddOption(none)
	relayed := &dhcpv6.RelayMessage{MessageType: dhcpv6.MessageTypeRelayReply}
	relayed.AddOption(dhcpv6.OptRelayMessage(inner))
	r, err := decode(kea.DHCP6, relayed.ToBytes())
	if err != nil || r.kind != "advertise" || r.address.IsValid() || r.reason != "NoAddrsAvail: Sorry, no address could be allocated." || r.xid != 0x010203 {
		t.Errorf("%+v, %v", r, err)
	}
	offer, err := dhcpv4.New(dhcpv4.WithMessageType(dhcpv4.MessageTypeOffer), dhcpv4.WithYourIP([]byte{10, 10, 1, 7}), dhcpv4.WithLeaseTime(600), dhcpv4.WithTransactionID(dhcpv4.TransactionID{0, 1, 2, 3}))
	if err != nil {
		t.Fatal(err)
	}
	offer.OpCode = dhcpv4.OpcodeBootReply
	r, err = decode(kea.DHCP4, offer.ToBytes())
	if err != nil || r.kind != "offer" || r.address.String() != "10.10.1.7" || r.lease != 10*time.Minute || r.xid != 0x010203 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := decode(kea.DHCP4, []byte("x")); err == nil {
		t.Error("nonsense was understood")
	}
}
