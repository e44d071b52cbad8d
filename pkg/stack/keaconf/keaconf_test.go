package keaconf

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/stackfile"
)

var update = flag.Bool("update", false, "rewrite the configurations in testdata")

func cases() []string {
	return []string{"hot-standby-2.6", "load-balancing-3.0", "memfile-2.6", "single-3.0"}
}

func addresses() Addresses {
	return Addresses{Peers: []string{"10.90.50.10", "10.90.50.11"}, Identifiers: []string{"10.90.50.20", "10.90.50.21"}}
}

// stackOf is the stack file of a case with all defaults.
func stackOf(t *testing.T, name string) *v1alpha1.Stack {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name, "stack.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s, findings := stackfile.Load(text)
	for _, f := range findings {
		t.Error(f)
	}
	return s
}

// read is a stack with all defaults that need not be a valid one.
func read(t *testing.T, text string) *v1alpha1.Stack {
	t.Helper()
	var s v1alpha1.Stack
	if err := yaml.UnmarshalStrict([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	stackfile.Default(&s)
	return &s
}

func daemon(t *testing.T, s *v1alpha1.Stack, server int, service kea.Service, a Addresses) []byte {
	t.Helper()
	text, err := Daemon(s, server, service, a)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parse(t *testing.T, text []byte) kea.Config {
	t.Helper()
	c, err := kea.ParseConfig(text)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	if len(c.Skipped) > 0 {
		t.Errorf("not understood: %v", c.Skipped)
	}
	return c
}

// section is what is inside Dhcp4 or Dhcp6.
func section(t *testing.T, text []byte) *kea.DHCPDocument {
	t.Helper()
	d, err := kea.DecodeDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	if d.DHCP6 != nil {
		return d.DHCP6
	}
	return d.DHCP4
}

func services(s *v1alpha1.Stack) []kea.Service {
	var out []kea.Service
	if s.Has4() {
		out = append(out, kea.DHCP4)
	}
	if s.Has6() {
		out = append(out, kea.DHCP6)
	}
	return out
}

// eachDaemon runs check for every daemon of every case.
func eachDaemon(t *testing.T, check func(t *testing.T, s *v1alpha1.Stack, server int, service kea.Service)) {
	t.Helper()
	for _, name := range cases() {
		s := stackOf(t, name)
		for server := range s.Servers() {
			for _, service := range services(s) {
				t.Run(name+"/"+s.ConfigKey(server, string(service)), func(t *testing.T) { check(t, s, server, service) })
			}
		}
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites):\n%s", file, diff)
	}
}

func TestFiles(t *testing.T) {
	for _, name := range cases() {
		t.Run(name, func(t *testing.T) {
			s := stackOf(t, name)
			for server := range s.Servers() {
				for _, service := range services(s) {
					key := s.ConfigKey(server, string(service))
					golden(t, filepath.Join(name, key+".json"), daemon(t, s, server, service, addresses()))
				}
			}
			if s.HasAgent() {
				text, err := Agent(s)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join(name, s.AgentKey()+".json"), text)
			}
		})
	}
}

func TestAgent(t *testing.T) {
	text, err := Agent(stackOf(t, "hot-standby-2.6"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := kea.ParseAgentConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	a.Raw = nil
	want := kea.AgentConfig{HTTPHost: "127.0.0.1", HTTPPort: 8000, Sockets: map[kea.Service]kea.ControlSocket{
		kea.DHCP4: {Type: "unix", Path: "/run/kea/kea4.sock"},
		kea.DHCP6: {Type: "unix", Path: "/run/kea/kea6.sock"},
	}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Two peers differ in what is a server's own, and in all of that.
func TestPeersAgree(t *testing.T) {
	for _, name := range cases() {
		s := stackOf(t, name)
		if len(s.Servers()) < 2 {
			continue
		}
		for _, service := range services(s) {
			t.Run(name+"/"+string(service), func(t *testing.T) {
				first, second := daemon(t, s, 0, service, addresses()), daemon(t, s, 1, service, addresses())
				if diff := cmp.Diff([]kea.Difference(nil), kea.Diff(parse(t, first), parse(t, second))); diff != "" {
					t.Errorf("the peers differ:\n%s", diff)
				}
				a, b := own(t, first), own(t, second)
				for _, key := range []string{"this-server-name", "identifier", "dhcp-server-identifier"} {
					if a[key] != "" && a[key] == b[key] {
						t.Errorf("both servers have the %s %s", key, a[key])
					}
				}
			})
		}
	}
}

// own is what identifies a server.
func own(t *testing.T, text []byte) map[string]string {
	t.Helper()
	d := section(t, text)
	out := map[string]string{}
	if d.ServerID != nil {
		out["identifier"] = d.ServerID.Identifier
	}
	for _, o := range d.OptionData {
		out[o.Name] = o.Data
	}
	for _, h := range d.HooksLibraries {
		if h.Parameters != nil && len(h.Parameters.HighAvailability) > 0 {
			out["this-server-name"] = h.Parameters.HighAvailability[0].ThisServerName
		}
	}
	return out
}

func TestNoPassword(t *testing.T) {
	eachDaemon(t, func(t *testing.T, s *v1alpha1.Stack, server int, service kea.Service) {
		text := daemon(t, s, server, service, addresses())
		if bytes.Contains(bytes.ToLower(text), []byte("password")) {
			t.Errorf("a password in:\n%s", text)
		}
	})
}

// What is written is read back as the stack says, VLANs included.
func TestSubnetsAreReadBack(t *testing.T) {
	type subnet struct {
		VLAN     int
		Name     string
		ID       uint32
		CIDR     string
		Pools    []string
		PDPools  []string
		Relays   []string
		Reserved int
	}
	eachDaemon(t, func(t *testing.T, s *v1alpha1.Stack, server int, service kea.Service) {
		want, got := map[uint32]subnet{}, map[uint32]subnet{}
		for _, v := range s.Spec.VLANs {
			list := v.Subnets4
			if service == kea.DHCP6 {
				list = v.Subnets6
			}
			for _, in := range list {
				n := subnet{VLAN: v.ID, Name: v.Name, ID: uint32(in.ID), CIDR: in.Subnet, Relays: in.Relays, Reserved: len(in.Reservations)}
				for _, p := range in.Pools {
					pool, _ := kea.ParsePool(p)
					n.Pools = append(n.Pools, pool.String())
				}
				for _, p := range in.PrefixPools {
					n.PDPools = append(n.PDPools, p.Prefix)
				}
				want[n.ID] = n
			}
		}
		for _, in := range parse(t, daemon(t, s, server, service, addresses())).Subnets {
			v := inventory.VLANOf(in)
			n := subnet{VLAN: v.ID, Name: v.Name, ID: in.ID, CIDR: in.CIDR.String(), Reserved: len(in.Reservations)}
			for _, r := range in.Relays {
				n.Relays = append(n.Relays, r.String())
			}
			for _, p := range joined(in.Pools) {
				n.Pools = append(n.Pools, p.String())
			}
			n.PDPools = joinedPrefixes(in.PDPools)
			got[n.ID] = n
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-stack +read back):\n%s", diff)
		}
	})
}

// joined puts ranges together again that follow each other without a gap. Ranges that overlap stay as they are.
func joined(pools []kea.Pool) []kea.Pool {
	var out []kea.Pool
	for _, p := range pools {
		if n := len(out); n > 0 && out[n-1].Last.Next() == p.First {
			out[n-1].Last = p.Last
			continue
		}
		out = append(out, p)
	}
	return out
}

// joinedPrefixes puts two halves of a prefix together again.
func joinedPrefixes(pools []kea.PDPool) []string {
	var out []string
	for i := 0; i < len(pools); i++ {
		p := pools[i].Prefix
		if i+1 < len(pools) {
			q := pools[i+1].Prefix
			parent, _ := p.Addr().Prefix(p.Bits() - 1)
			if q.Bits() == p.Bits() && p != q && parent.Addr() == p.Addr() && parent.Contains(q.Addr()) {
				p = parent
				i++
			}
		}
		out = append(out, p.String())
	}
	return out
}

func TestConfigIsMerged(t *testing.T) {
	s := read(t, `
spec:
  kea:
    dhcp4:
      config:
        valid-lifetime: 7
        max-valid-lifetime: null
        interfaces-config: {re-detect: false}
        lease-database: {password: '<?include "/srv/pw.json"?>', sslmode: 12345678901}
  vlans:
    - {id: 10, subnets4: [{subnet: 10.0.0.0/24, config: {user-context: {name: null, vlan: 11}, renew-timer: 5}}]}
`)
	text := daemon(t, s, 0, kea.DHCP4, addresses())
	includes := []kea.Include{{Path: "/srv/pw.json", At: "lease-database.password"}}
	if diff := cmp.Diff(includes, parse(t, text).Includes); diff != "" {
		t.Errorf("includes (-want +got):\n%s", diff)
	}
	d := section(t, text)
	got := []any{
		d.ValidLifetime, d.MaxValidLifetime, d.InterfacesConfig.DHCPSocketType,
		*d.InterfacesConfig.ReDetect,
		string(d.LeaseDatabase.Unknown["sslmode"]), d.LeaseDatabase.Host,
		string(d.Subnet4[0].UserContext), string(d.Subnet4[0].Unknown["renew-timer"]),
	}
	want := []any{7, 0, "udp", false, "12345678901", "kea-database", `{"vlan":11}`, "5"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPasswordsAreRefused(t *testing.T) {
	for name, config := range map[string]string{
		"lease-database.password":                                `{lease-database: {password: hunter2}}`,
		"hooks-libraries[0].parameters.access.servers[0].secret": `{hooks-libraries: [{library: r.so, parameters: {access: {servers: [{secret: hunter2}]}}}]}`,
		"server-tag": `{server-tag: "http://u:hunter2@h/"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := read(t, `spec: {kea: {dhcp4: {config: `+config+`}}}`)
			_, err := Daemon(s, 0, kea.DHCP4, addresses())
			if !errors.Is(err, ErrPassword) || !strings.HasSuffix(err.Error(), ": "+name) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestInterfaces(t *testing.T) {
	names := func(names ...string) *kea.InterfaceList { return &kea.InterfaceList{Names: names} }
	type interfaces = kea.InterfacesConfig
	for _, tt := range []struct {
		name, exposure string
		want4, want6   interfaces
	}{
		{
			"pod network", `{}`,
			interfaces{Interfaces: names("eth0"), DHCPSocketType: "udp"},
			interfaces{Interfaces: &kea.InterfaceList{Include: "/srv/kea/pod/interfaces6.json"}},
		},
		{
			"pod network, own addresses", `{interfaces: [eth0, "eth0/2001:db8::5"]}`,
			interfaces{Interfaces: names("eth0", "eth0/2001:db8::5"), DHCPSocketType: "udp"},
			interfaces{Interfaces: names("eth0", "eth0/2001:db8::5")},
		},
		{
			"multus", `{type: multus}`,
			interfaces{Interfaces: names("net1")},
			interfaces{Interfaces: names("net1")},
		},
		{
			"host", `{type: hostNetwork}`,
			interfaces{Interfaces: names("*")},
			interfaces{Interfaces: names("*")},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := read(t, `spec: {kea: {dhcp6: {enabled: true}}, exposure: `+tt.exposure+`}`)
			for service, want := range map[kea.Service]interfaces{kea.DHCP4: tt.want4, kea.DHCP6: tt.want6} {
				got := section(t, daemon(t, s, 0, service, addresses())).InterfacesConfig
				if diff := cmp.Diff(&want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", service, diff)
				}
			}
		})
	}
}

func TestClientID(t *testing.T) {
	for in, want := range map[string]string{
		"01:02:AB:00": "0102ab00", "0102AB": "0102ab", "'text'": "'text'", "": "", "1:2": "0102", "01:2g": "01:2g", "102": "102",
	} {
		if got := clientID(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestPeerURLs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		peers []string
		want  []string // of server 1
	}{
		{"IPv4", []string{"10.0.0.1", "10.0.0.2"}, []string{"http://10.0.0.1:8010/", "http://0.0.0.0:8010/"}},
		{"IPv6", []string{"2001:db8::1", "2001:db8::2"}, []string{"http://[2001:db8::1]:8010/", "http://[::]:8010/"}},
		{"not known yet", []string{"<of a>", "<of b>"}, []string{"http://<of a>:8010/", "http://0.0.0.0:8010/"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := daemon(t, read(t, ""), 1, kea.DHCP4, Addresses{Peers: tt.peers, Identifiers: []string{"", ""}})
			c := parse(t, text)
			got := []string{c.HA[0].Peers[0].URL, c.HA[0].Peers[1].URL}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(string(text), "dhcp-server-identifier") {
				t.Error("a server identifier that nobody gave")
			}
		})
	}
}

// A server's DUID depends on nothing but its name: clients rely on it.
func TestServerID(t *testing.T) {
	id := func(stack string, server int) string {
		return own(t, daemon(t, read(t, stack), server, kea.DHCP6, addresses()))["identifier"]
	}
	const six = `, spec: {kea: {dhcp6: {enabled: true}}}}`
	got := []string{
		id(`{metadata: {name: kea, namespace: a}`+six, 0), id(`{metadata: {name: kea, namespace: a}`+six, 1),
		id(`{metadata: {name: kea, namespace: b}`+six, 0), id(`{metadata: {name: kea-b, namespace: a}`+six, 0),
	}
	want := []string{"0A5393B42FDB4CC0", "E36B8762631CDD92", "38E540EF3DB45920", "2C1AC443509C481E"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
