package load

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv6"
)

func TestEncode4(t *testing.T) {
	q := question{
		step: take, xid: 0x01020304, client: identity(0, 7), relay: netip.MustParseAddr("10.10.0.1"),
		secs: 70_000 * time.Second, addr: netip.MustParseAddr("10.10.1.2"), server: "\x0a\x00\x00\x09",
	}
	p, err := dhcpv4.FromBytes(encode4(q))
	if err != nil {
		t.Fatal(err)
	}
	if p.OpCode != dhcpv4.OpcodeBootRequest || p.HopCount != 1 || p.NumSeconds != 65535 || p.TransactionID != [4]byte{1, 2, 3, 4} ||
		p.GatewayIPAddr.String() != "10.10.0.1" || p.ClientHWAddr.String() != "02:00:00:00:00:07" || !p.ClientIPAddr.IsUnspecified() ||
		p.MessageType() != dhcpv4.MessageTypeRequest || p.RequestedIPAddress().String() != "10.10.1.2" || p.ServerIdentifier().String() != "10.0.0.9" ||
		string(p.Options.Get(dhcpv4.OptionClientIdentifier)) != "\x01\x02\x00\x00\x00\x00\x07" {
		t.Errorf("got %s", p.Summary())
	}
}

func TestEncode6(t *testing.T) {
	q := question{
		step: take, xid: 0x010203, client: identity(0, 7), relay: netip.MustParseAddr("fd00:10::1"), link: "vlan10",
		secs: 700 * time.Second, addr: netip.MustParseAddr("fd00:10::2"), server: "\x00\x03\x00\x01\x02\x00\x00\x00\x00\x09",
	}
	relay, err := dhcpv6.RelayMessageFromBytes(encode6(q))
	if err != nil {
		t.Fatal(err)
	}
	m, err := relay.GetInnerMessage()
	if err != nil {
		t.Fatal(err)
	}
	ia := m.Options.OneIANA()
	if relay.MessageType != dhcpv6.MessageTypeRelayForward || relay.HopCount != 0 || relay.LinkAddr.String() != "fd00:10::1" ||
		relay.PeerAddr.String() != "fe80::ff:fe00:7" || string(relay.Options.InterfaceID()) != "vlan10" ||
		m.MessageType != dhcpv6.MessageTypeRequest || m.TransactionID != [3]byte{1, 2, 3} || m.Options.ElapsedTime() != 655350*time.Millisecond ||
		string(m.Options.ServerID().ToBytes()) != q.server || string(m.Options.ClientID().ToBytes()) != "\x00\x03\x00\x01\x02\x00\x00\x00\x00\x07" ||
		ia.IaId != [4]byte{0, 0, 0, 7} || ia.Options.OneAddress().IPv6Addr.String() != "fd00:10::2" {
		t.Errorf("got %s", relay.Summary())
	}
}

// TestDecode6Refusals checks the answers that do not give the client an address to use.
func TestDecode6Refusals(t *testing.T) {
	solicit := heard{step: ask}
	solicit.relay6, solicit.inner6 = parse6(t, encode6(question{step: ask, client: identity(0, 1), relay: netip.IPv6Loopback(), link: "x"}))
	rebind := solicit
	rebind.step = renew
	server := &fakeServer{family: V6, id: []byte("\x00\x03\x00\x01\x02\x00\x00\x00\x00\x09")}

	a, err := decode6(server.reply(solicit, reaction{nak: true}))
	if err != nil || a.verdict != unasked || !strings.HasSuffix(a.why, "ADVERTISE without an address: NoAddrsAvail") {
		t.Errorf("refusing ADVERTISE: got %+v and error %v", a, err)
	}
	a, err = decode6(server.reply(rebind, reaction{nak: true}))
	if err != nil || a.verdict != refused {
		t.Errorf("refusing REPLY: got %+v and error %v", a, err)
	}
	taken := &dhcpv6.Message{MessageType: dhcpv6.MessageTypeReply}
	ia := &dhcpv6.OptIANA{}
	ia.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: netip.IPv6Loopback().AsSlice()})
	taken.AddOption(ia)
	relay, err := dhcpv6.NewRelayReplFromRelayForw(solicit.relay6, taken)
	if err != nil {
		t.Fatal(err)
	}
	a, err = decode6(relay.ToBytes())
	if err != nil || a.verdict != refused {
		t.Errorf("an address with a lifetime of 0: got %+v and error %v", a, err)
	}
}

func parse6(t *testing.T, b []byte) (*dhcpv6.RelayMessage, *dhcpv6.Message) {
	t.Helper()
	relay, err := dhcpv6.RelayMessageFromBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	m, err := relay.GetInnerMessage()
	if err != nil {
		t.Fatal(err)
	}
	return relay, m
}

func TestDecodeMalformed(t *testing.T) {
	for _, b := range [][]byte{nil, {1}, make([]byte, 240), []byte("hello"), encode6(question{relay: netip.IPv6Loopback()})} {
		if _, err := decode4(b); err == nil {
			t.Errorf("v4: no error for % x", b)
		}
		if _, err := decode6(b); err == nil {
			t.Errorf("v6: no error for % x", b)
		}
	}
	a, err := decode4(encode4(question{relay: netip.MustParseAddr("10.0.0.1")}))
	if err != nil || a.verdict != unasked {
		t.Errorf("a client's own packet: got %+v and error %v", a, err)
	}
}
