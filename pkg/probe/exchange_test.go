package probe

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv6"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// network is a relay with servers behind it, by their addresses. A server answers packet by packet, nil is silence.
type network struct {
	servers map[string]func(packet []byte) []byte
	broken  error // why the relay ends after the first packet

	mu   sync.Mutex
	said []string // "10.0.0.1 DISCOVER 02:4b:..."
}

// Exec is the relay in the pod.
func (n *network) Exec(_ context.Context, _, _, _ string, command []string, stdin io.Reader, stdout, _ io.Writer) error {
	if command[0] != "perl" {
		return fmt.Errorf("it ran %q", command[0])
	}
	at := 0
	for lines := bufio.NewScanner(stdin); lines.Scan(); {
		if n.broken != nil {
			return n.broken
		}
		words := strings.Fields(lines.Text())
		packet, err := hex.DecodeString(words[3])
		if err != nil {
			return err
		}
		at += 1000
		n.note(words[1], packet)
		fmt.Fprintln(stdout, "sent", words[0], at)
		if server := n.servers[words[1]]; server != nil {
			if answer := server(packet); answer != nil {
				fmt.Fprintf(stdout, "received %d %x\n", at+2500, answer)
			}
		}
	}
	return nil
}

func (n *network) note(to string, packet []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p, err := dhcpv4.FromBytes(packet); err == nil {
		n.said = append(n.said, fmt.Sprintf("%s %s %s %s", to, p.MessageType(), p.ClientHWAddr, p.GatewayIPAddr))
	} else if r, err := dhcpv6.RelayMessageFromBytes(packet); err == nil {
		if m, err := r.GetInnerMessage(); err == nil {
			n.said = append(n.said, fmt.Sprintf("%s %s %s", to, m.MessageType, r.LinkAddr))
		}
	}
}

// kea4 is a server that gives an address to the clients that are its own.
func kea4(own func(mac []byte) bool, address string) func([]byte) []byte {
	return func(packet []byte) []byte {
		p, err := dhcpv4.FromBytes(packet)
		if err != nil || !own(p.ClientHWAddr) || p.MessageType() == dhcpv4.MessageTypeRelease {
			return nil
		}
		kind := map[dhcpv4.MessageType]dhcpv4.MessageType{dhcpv4.MessageTypeDiscover: dhcpv4.MessageTypeOffer, dhcpv4.MessageTypeRequest: dhcpv4.MessageTypeAck}[p.MessageType()]
		answer, err := dhcpv4.NewReplyFromRequest(p, dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(netip.MustParseAddr(address).AsSlice()),
			dhcpv4.WithServerIP([]byte{10, 0, 0, 1}), dhcpv4.WithLeaseTime(3600), dhcpv4.WithOption(dhcpv4.OptServerIdentifier([]byte{10, 0, 0, 1})))
		if err != nil {
			return nil
		}
		return answer.ToBytes()
	}
}

func everybody([]byte) bool { return true }

// even and odd are the halves of load-balancing here.
func even(mac []byte) bool { return mac[5]%2 == 0 }
func odd(mac []byte) bool  { return !even(mac) }

type quiet struct{}

func (quiet) Start(string) {}
func (quiet) Done(string)  {}
func (quiet) Fail(string)  {}

// pair is a probe of one VLAN with two servers, the first of which is to answer.
func pair(mode kea.HAMode, serves ...bool) *Probe {
	p := &Probe{Namespace: "network", Options: Options{Wait: 300 * time.Millisecond}, source: Source{Progress: quiet{}}}
	l := Link{Service: kea.DHCP4, VLAN: inventory.VLAN{ID: 10, Name: "users"}, Subnets: []kea.Subnet{{
		ID: 10, CIDR: netip.MustParsePrefix("10.10.0.0/16"), Pools: []kea.Pool{{First: netip.MustParseAddr("10.10.1.0"), Last: netip.MustParseAddr("10.10.1.255")}},
	}}}
	r := ha.Relationship{Mode: mode, Service: kea.DHCP4}
	states := map[kea.HAMode]kea.HAState{kea.ModeHotStandby: kea.StateHotStandby, kea.ModeLoadBalancing: kea.StateLoadBalancing}
	for i, s := range serves {
		server := inventory.Server{Pod: fmt.Sprintf("kea-%d", i), Service: kea.DHCP4, State: inventory.PodState{IPs: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)})}}}
		role := []kea.HARole{kea.RolePrimary, kea.RoleStandby}[i]
		l.Servers = append(l.Servers, server)
		r.Peers = append(r.Peers, ha.Peer{Server: server.Name(), Role: role, State: states[mode], Serves: &s, Reached: true})
		p.observations = append(p.observations, ha.Observation{Server: server})
		if s {
			r.Serving = &s
		}
	}
	p.Links = []Link{l}
	p.report = ha.Report{Relationships: []ha.Relationship{r}}
	return p
}

// asked runs the conversations of a probe and sums them up.
func asked(t *testing.T, p *Probe, n *network) (LinkReport, []string) {
	t.Helper()
	p.source.Pods = n
	p.source.Connector = inventory.NewConnector(nil, nil)
	f, err := p.ask(t.Context(), pod{name: "kea-probe", ips: []netip.Addr{netip.MustParseAddr("10.0.0.9")}})
	if err != nil {
		t.Fatal(err)
	}
	links, problems := judge(f)
	codes := []string{}
	for _, x := range problems {
		codes = append(codes, string(x.Severity)+"/"+x.Code)
	}
	return links[0], codes
}

func TestHotStandby(t *testing.T) {
	n := &network{servers: map[string]func([]byte) []byte{"10.0.0.1": kea4(everybody, "10.10.1.7")}}
	start := time.Now()
	r, problems := asked(t, pair(kea.ModeHotStandby, true, false), n)
	if len(problems) > 0 || r.Clients != 1 || r.Answered != 1 {
		t.Errorf("%v: %+v", problems, r)
	}
	if s := r.Servers[0]; s.Outcome != Offered || s.Address != "10.10.1.7" || *s.Milliseconds != 2.5 || s.LeaseSeconds != 3600 {
		t.Errorf("the primary: %+v", s)
	}
	if s := r.Servers[1]; s.Outcome != Silent || s.Why != "standby" {
		t.Errorf("the standby: %+v", s)
	}
	if len(n.said) != 2 || !strings.HasPrefix(n.said[0], "10.0.0.1 DISCOVER 02:4b:45:41:") || !strings.HasSuffix(n.said[0], " 10.0.0.9") {
		t.Errorf("each was asked once, of the pod's address: %q", n.said)
	}
	if took := time.Since(start); took < grace {
		t.Errorf("the standby had no time to answer: %s", took)
	}
}

func TestLoadBalancingAsksUntilBothAnswer(t *testing.T) {
	p := pair(kea.ModeLoadBalancing, true, true)
	n := &network{servers: map[string]func([]byte) []byte{"10.0.0.1": kea4(even, "10.10.1.7"), "10.0.0.2": kea4(odd, "10.10.1.8")}}
	r, problems := asked(t, p, n)
	if len(problems) > 0 || r.Clients != 2 || r.Answered != 2 || r.Servers[0].Clients != 1 || r.Servers[1].Clients != 1 {
		t.Errorf("%v: %+v", problems, r)
	}
	delete(n.servers, "10.0.0.2")
	r, problems = asked(t, p, n)
	if !slices.Equal(problems, []string{"critical/some-unanswered"}) || r.Clients != maxClients || r.Answered != maxClients/2 {
		t.Errorf("half of the clients are left alone: %v: %+v", problems, r)
	}
}

func TestSilenceAsksTwice(t *testing.T) {
	n := &network{}
	r, problems := asked(t, pair(kea.ModeHotStandby, true, false), n)
	if !slices.Equal(problems, []string{"critical/no-answer"}) || r.Answered != 0 || len(n.said) != 4 {
		t.Errorf("%v after %q: %+v", problems, n.said, r)
	}
}

func TestStandbyAloneMayBeSilent(t *testing.T) {
	p := pair(kea.ModeHotStandby, true, false)
	p.Links[0].Servers = p.Links[0].Servers[1:]
	if _, problems := asked(t, p, &network{}); len(problems) > 0 {
		t.Errorf("%v", problems)
	}
}

func TestBothAnswer(t *testing.T) {
	n := &network{servers: map[string]func([]byte) []byte{"10.0.0.1": kea4(everybody, "10.10.1.7"), "10.0.0.2": kea4(everybody, "10.10.1.7")}}
	if _, problems := asked(t, pair(kea.ModeHotStandby, true, false), n); !slices.Equal(problems, []string{"warning/answered-twice"}) {
		t.Errorf("%v", problems)
	}
}

func TestFullGivesBack(t *testing.T) {
	p := pair(kea.ModeHotStandby, true, false)
	p.Options.Full = true
	n := &network{servers: map[string]func([]byte) []byte{"10.0.0.1": kea4(everybody, "10.10.1.7")}}
	r, problems := asked(t, p, n)
	if s := r.Servers[0]; len(problems) > 0 || s.Outcome != Granted || s.AckMilliseconds == nil || s.Released != nil {
		t.Errorf("%v: %+v", problems, s)
	}
	verbs := []string{}
	for _, line := range n.said {
		verbs = append(verbs, strings.Join(strings.Fields(line)[:2], " "))
	}
	if want := []string{"10.0.0.1 DISCOVER", "10.0.0.2 DISCOVER", "10.0.0.1 REQUEST", "10.0.0.1 RELEASE"}; !slices.Equal(verbs, want) {
		t.Errorf("said %q, want %q", verbs, want)
	}
}

func TestRelayEnds(t *testing.T) {
	p := pair(kea.ModeHotStandby, true, false)
	p.source.Pods = &network{broken: errors.New(`exec perl: exec: "perl": executable file not found in $PATH`)}
	_, err := p.ask(t.Context(), pod{ips: []netip.Addr{netip.MustParseAddr("10.0.0.9")}})
	if !errors.Is(err, ErrNoPerl) || !errors.Is(err, errGone) {
		t.Errorf("got %v", err)
	}
}

func TestNoAddressOfTheFamily(t *testing.T) {
	p := pair(kea.ModeHotStandby, true, false)
	n := &network{}
	p.source.Pods = n
	f, err := p.ask(t.Context(), pod{ips: []netip.Addr{netip.MustParseAddr("2001:db8::9")}})
	if err != nil {
		t.Fatal(err)
	}
	links, problems := judge(f)
	if s := links[0].Servers[0]; s.Outcome != Unreached || len(n.said) != 0 || len(problems) != 1 || !strings.Contains(problems[0].Text, "no packet could be sent") {
		t.Errorf("%v: %+v", problems, s)
	}
}
