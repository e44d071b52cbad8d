package load

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
)

// fakeServer is a DHCP server in one family on the loopback interface. It answers as its policy says.
type fakeServer struct {
	family Family
	conn   *net.UDPConn
	id     []byte // server identifier
	policy policy

	mu    sync.Mutex
	heard []heard
}

// policy decides what happens with a client's packet. The number is that of the client in the run, from 0.
type policy func(number int, s step, tries int) reaction

type reaction struct {
	silent bool
	nak    bool
	delay  time.Duration
	addr   netip.Addr // invalid means one of the client's own
}

// heard is a packet that the server got.
type heard struct {
	step   step
	number int
	v4     *dhcpv4.DHCPv4
	relay6 *dhcpv6.RelayMessage
	inner6 *dhcpv6.Message
}

const leaseTime = 3600 * time.Second

func serve(_ int, _ step, _ int) reaction  { return reaction{} }
func silent(_ int, _ step, _ int) reaction { return reaction{silent: true} }

func newFake(t *testing.T, f Family, addr string, id byte, p policy) *fakeServer {
	t.Helper()
	conn, err := net.ListenUDP(fmt.Sprintf("udp%d", f), net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(addr), 0)))
	if err != nil {
		t.Skipf("no loopback address for %v: %v", f, err)
	}
	s := &fakeServer{family: f, conn: conn, id: []byte{10, 0, 0, id}, policy: p}
	if f == V6 {
		s.id = (&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: net.HardwareAddr{2, 0, 0, 0, 0, id}}).ToBytes()
	}
	done := make(chan struct{})
	go func() { defer close(done); s.serve() }()
	t.Cleanup(func() { conn.Close(); <-done })
	return s
}

func (s *fakeServer) port() uint16 { return uint16(s.conn.LocalAddr().(*net.UDPAddr).Port) }

// count returns how many packets of a kind the server got.
func (s *fakeServer) count(kind step) int {
	n := 0
	for _, h := range s.all() {
		if h.step == kind {
			n++
		}
	}
	return n
}

func (s *fakeServer) all() []heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]heard(nil), s.heard...)
}

func (s *fakeServer) serve() {
	buffer := make([]byte, 1<<16)
	tries := map[[2]int]int{}
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		h, mine := s.parse(append([]byte(nil), buffer[:n]...))
		s.mu.Lock()
		s.heard = append(s.heard, h)
		s.mu.Unlock()
		key := [2]int{h.number, int(h.step)}
		r := s.policy(h.number, h.step, tries[key])
		tries[key]++
		if r.silent || !mine {
			continue
		}
		packet := s.reply(h, r)
		send := func() { _, _ = s.conn.WriteToUDPAddrPort(packet, from) }
		if r.delay > 0 {
			time.AfterFunc(r.delay, send)
		} else {
			send()
		}
	}
}

// parse reads a packet, and tells whether it is meant for this server. The tests' runs have seed 0.
func (s *fakeServer) parse(b []byte) (h heard, mine bool) {
	if s.family == V6 {
		relay, err := dhcpv6.RelayMessageFromBytes(b)
		if err != nil {
			panic(err)
		}
		m, err := relay.GetInnerMessage()
		if err != nil {
			panic(err)
		}
		h = heard{relay6: relay, inner6: m, number: numberOf(m.Options.ClientID().(*dhcpv6.DUIDLL).LinkLayerAddr)}
		switch m.MessageType {
		case dhcpv6.MessageTypeSolicit:
			h.step = ask
		case dhcpv6.MessageTypeRequest:
			h.step = take
		case dhcpv6.MessageTypeRebind:
			h.step = renew
		}
		id := m.GetOneOption(dhcpv6.OptionServerID)
		return h, id == nil || string(id.ToBytes()) == string(s.id)
	}
	p, err := dhcpv4.FromBytes(b)
	if err != nil {
		panic(err)
	}
	h = heard{v4: p, number: numberOf(p.ClientHWAddr)}
	id := p.ServerIdentifier()
	switch {
	case p.MessageType() == dhcpv4.MessageTypeDiscover:
		h.step = ask
	case id != nil:
		h.step = take
	default:
		h.step = renew
	}
	return h, id == nil || id.Equal(s.id)
}

func numberOf(mac net.HardwareAddr) int { return int(mac[3])<<16 | int(mac[4])<<8 | int(mac[5]) }

func (s *fakeServer) reply(h heard, r reaction) []byte {
	n := h.number
	if s.family == V6 {
		if !r.addr.IsValid() {
			r.addr = netip.AddrFrom16([16]byte{0: 0xfd, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)})
		}
		return s.reply6(h, r).ToBytes()
	}
	if !r.addr.IsValid() {
		r.addr = netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
	}
	return s.reply4(h, r).ToBytes()
}

func (s *fakeServer) reply4(h heard, r reaction) *dhcpv4.DHCPv4 {
	p, err := dhcpv4.NewReplyFromRequest(h.v4, dhcpv4.WithOption(dhcpv4.OptServerIdentifier(s.id)))
	if err != nil {
		panic(err)
	}
	if r.nak {
		p.UpdateOption(dhcpv4.OptMessageType(dhcpv4.MessageTypeNak))
		return p
	}
	kind := dhcpv4.MessageTypeAck
	if h.step == ask {
		kind = dhcpv4.MessageTypeOffer
	}
	p.UpdateOption(dhcpv4.OptMessageType(kind))
	p.UpdateOption(dhcpv4.OptIPAddressLeaseTime(leaseTime))
	p.YourIPAddr = r.addr.AsSlice()
	return p
}

func (s *fakeServer) reply6(h heard, r reaction) dhcpv6.DHCPv6 {
	m := &dhcpv6.Message{MessageType: dhcpv6.MessageTypeReply, TransactionID: h.inner6.TransactionID}
	if h.step == ask {
		m.MessageType = dhcpv6.MessageTypeAdvertise
	}
	m.AddOption(h.inner6.GetOneOption(dhcpv6.OptionClientID))
	m.AddOption(&dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionServerID, OptionData: s.id})
	ia := &dhcpv6.OptIANA{IaId: h.inner6.Options.OneIANA().IaId}
	if r.nak {
		ia.Options.Add(&dhcpv6.OptStatusCode{StatusCode: iana.StatusNoAddrsAvail})
	} else {
		ia.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: r.addr.AsSlice(), PreferredLifetime: leaseTime, ValidLifetime: leaseTime})
	}
	m.AddOption(ia)
	reply, err := dhcpv6.NewRelayReplFromRelayForw(h.relay6, m)
	if err != nil {
		panic(err)
	}
	return reply
}

// lab is a pair of servers, a and b, in both families.
type lab struct {
	a, b map[Family]*fakeServer
}

// newLab starts the servers, a with the policy, b standing by in silence.
func newLab(t *testing.T, a policy) lab {
	return lab{
		a: map[Family]*fakeServer{V4: newFake(t, V4, "127.0.1.1", 1, a), V6: newFake(t, V6, "::1", 1, a)},
		b: map[Family]*fakeServer{V4: newFake(t, V4, "127.0.1.2", 2, silent), V6: newFake(t, V6, "::1", 2, silent)},
	}
}

// config returns a load on the pair, which the test may change.
func (l lab) config(families ...Family) Config {
	servers := []Server{
		{Name: "a", V4: netip.MustParseAddr("127.0.1.1"), V6: netip.IPv6Loopback()},
		{Name: "b", V4: netip.MustParseAddr("127.0.1.2"), V6: netip.IPv6Loopback()},
	}
	return Config{
		Rate: 100, Duration: time.Second, Timeout: 2 * time.Second, // long, because the machine may be busy
		Families: families,
		Segments: []Segment{{Name: "vlan10", VLAN: 10, Relay4: netip.MustParseAddr("127.0.2.1"), Relay6: netip.IPv6Loopback()}},
		Servers:  func() []Server { return servers },
		ports: &ports{server: func(s Server, f Family) uint16 {
			if s.Name == "a" {
				return l.a[f].port()
			}
			return l.b[f].port()
		}},
	}
}
