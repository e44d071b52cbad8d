package kea

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parseFile(t *testing.T, name string) Config {
	t.Helper()
	c, err := ParseConfig(file(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestParseConfig(t *testing.T) {
	yes := true
	want := Config{
		Service: DHCP4,
		Subnets: []Subnet{
			{
				ID: 10, CIDR: netip.MustParsePrefix("10.10.0.0/16"), Interface: "eth0.10",
				Pools:  []Pool{{First: ip("10.10.1.0"), Last: ip("10.10.254.254")}, {First: ip("10.10.255.0"), Last: ip("10.10.255.15")}},
				Relays: []netip.Addr{ip("10.10.0.1")}, ClientClasses: []string{"users"},
				Reservations: []HostReservation{
					{IdentifierType: "hw-address", Identifier: []byte{2, 0, 0, 0, 0, 2}},
					{IdentifierType: "client-id", Identifier: []byte{1, 2}},
				},
				UserContext: map[string]any{"vlan": int64(10), "name": "users", "snmp-secret": NewSecret("pw-context")},
			},
			{ID: 11},
			{
				ID: 30, CIDR: netip.MustParsePrefix("10.30.0.0/24"), SharedNetwork: "vlan30", Interface: "eth0.30",
				SharedUserContext: map[string]any{"vlan": int64(30)}, ValidLifetime: 600,
				Pools: []Pool{{First: ip("10.30.0.10"), Last: ip("10.30.0.250")}}, Relays: []netip.Addr{ip("10.30.0.1")},
			},
			{
				ID: 31, CIDR: netip.MustParsePrefix("10.31.0.0/24"), SharedNetwork: "vlan30", Interface: "eth0.30",
				SharedUserContext: map[string]any{"vlan": int64(30)}, Relays: []netip.Addr{ip("10.31.0.1")},
			},
		},
		LeaseDatabase: Database{
			Path: "lease-database", Type: "postgresql", Host: "kea-database", Port: 5432, Name: "kea", User: "kea",
			Password: NewSecret("pw-lease"), PasswordSet: true, ConnectTimeout: 5 * time.Second,
			MaxReconnectTries: 60, ReconnectWaitTime: time.Second, OnFail: "stop-retry-exit", RetryOnStartup: &yes,
		},
		HostsDatabases: []Database{{
			Path: "hosts-databases[0]", Type: "postgresql", Host: "kea-database", Name: "hosts", User: "hosts",
			PasswordSet: true, PasswordInclude: "/etc/kea-db/hosts.json", OnFail: "stop-retry-exit",
		}},
		ConfigDatabases: []Database{{
			Path: "config-control.config-databases[0]", Type: "mysql", Name: "cb", User: "cb",
			Password: NewSecret("pw-config-backend"), PasswordSet: true, OnFail: "stop-retry-exit",
		}},
		ForensicDatabases: []Database{{
			Path: "hooks-libraries[2].parameters", Type: "postgresql", Host: "kea-database", Name: "kea", User: "log",
			Password: NewSecret("pw-legal-log"), PasswordSet: true, OnFail: "stop-retry-exit",
		}},
		HA: []HAConfig{{
			ThisServerName: "kea-dhcp-0", Mode: ModeHotStandby,
			HeartbeatDelay: 2 * time.Second, MaxResponseDelay: 60 * time.Second, MaxAckDelay: 10 * time.Second,
			RestrictCommands: &yes, MultiThreading: &yes, DedicatedListener: &yes,
			Peers: []HAPeer{
				{
					Name: "kea-dhcp-0", URL: "http://10.0.0.1:8010/", Role: RolePrimary, AutoFailover: true,
					Auth: &BasicAuth{User: "peer", Password: NewSecret("pw-peer")},
				},
				{Name: "kea-dhcp-1", URL: "http://u:<redacted>@10.0.0.2:8010/", Role: RoleStandby},
			},
		}},
		Hooks:          []string{"libdhcp_lease_cmds.so", "libdhcp_ha.so", "libdhcp_legal_log.so", "libdhcp_radius.so"},
		ControlSockets: []ControlSocket{{Type: "unix", Path: "/run/kea/kea4.sock"}},
		ServerTag:      "a", ValidLifetime: 3600,
		GlobalReservations: []HostReservation{
			{IdentifierType: "hw-address", Identifier: []byte{2, 0, 0, 0, 0, 1}, Address: ip("10.20.0.9")},
		},
		Includes: []Include{
			{Path: "/etc/kea-db/hosts.json", At: "hosts-databases[0].password"},
			{Path: "/etc/kea/more-subnets.json", At: "subnet4[2]"},
		},
		Skipped: []string{
			"subnet4[0].relay.ip-addresses: not an IP address",
			"subnet4[1].subnet: not an address with a prefix length",
			"subnet4[1].pools[0].pool: not a range of addresses",
		},
	}
	got := parseFile(t, "dhcp4.conf")
	if got.Raw["t1-percent"] != 0.5 || got.Raw["valid-lifetime"] != int64(3600) {
		t.Errorf("Raw is %v", got.Raw)
	}
	got.Raw = nil
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	if !got.HasHook("libdhcp_lease_cmds") || got.HasHook("libdhcp_stat_cmds") {
		t.Error("HasHook is wrong")
	}
	var paths []string
	for _, d := range got.Databases() {
		paths = append(paths, d.Path)
	}
	wantPaths := []string{"lease-database", "hosts-databases[0]", "config-control.config-databases[0]", "hooks-libraries[2].parameters"}
	if diff := cmp.Diff(wantPaths, paths); diff != "" {
		t.Error(diff)
	}
}

func TestParseConfigDHCP6(t *testing.T) {
	const text = `{"Dhcp6":{
		"hosts-database":{"type":"memfile"},
		"subnet6":[{"id":1,"subnet":"2001:db8:10::/64","pools":[{"pool":"2001:db8:10::/64"}],
			"pd-pools":[{"prefix":"2001:db8:aa::","prefix-len":48,"delegated-len":56},{"prefix":"x","prefix-len":48,"delegated-len":56}]}]}}`
	c, err := ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := c.Subnets[0]
	if c.Service != DHCP6 || s.Addresses().String() != "18446744073709551616" || s.Prefixes().String() != "256" {
		t.Errorf("got %+v with %v addresses and %v prefixes", s, s.Addresses(), s.Prefixes())
	}
	if diff := cmp.Diff([]string{"subnet6[0].pd-pools[1].prefix: not an IPv6 prefix"}, c.Skipped); diff != "" {
		t.Error(diff)
	}
	if c.LeaseDatabase.Type != "memfile" || len(c.Databases()) != 0 || len(c.HostsDatabases) != 1 {
		t.Errorf("databases: %+v", c)
	}
}

func TestHADefaults(t *testing.T) {
	c, err := ParseConfig([]byte(`{"Dhcp4":{"hooks-libraries":[{"library":"x/libdhcp_ha.so","parameters":{"high-availability":[{"peers":[{}]}]}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []HAConfig{{
		HeartbeatDelay: 10 * time.Second, MaxResponseDelay: time.Minute, MaxAckDelay: 10 * time.Second, MaxUnackedClients: 10,
		SendLeaseUpdates: true, SyncLeases: true, Peers: []HAPeer{{AutoFailover: true}},
	}}
	if diff := cmp.Diff(want, c.HA); diff != "" {
		t.Error(diff)
	}
}

func TestControlSockets(t *testing.T) {
	want := []ControlSocket{
		{Type: "unix", Path: "/run/kea/kea4.sock"},
		{
			Type: "http", Address: "10.0.0.1", Port: 8004,
			Auth: APIAuth{Type: "basic", Clients: []APIClient{{User: "kubectl", Password: NewSecret("pw-socket")}}},
		},
		{Type: "https", Address: "127.0.0.1", Port: 8000, TLS: TLSFiles{TrustAnchor: "ca", CertFile: "c", KeyFile: "k", CertRequired: true}},
	}
	if diff := cmp.Diff(want, parseFile(t, "dhcp4-sockets.conf").ControlSockets); diff != "" {
		t.Error(diff)
	}
}

func TestParseAgentConfig(t *testing.T) {
	got, err := ParseAgentConfig(file(t, "ctrl-agent.conf"))
	if err != nil {
		t.Fatal(err)
	}
	got.Raw = nil
	want := AgentConfig{
		HTTPHost: "0.0.0.0", HTTPPort: 8443,
		TLS: TLSFiles{TrustAnchor: "ca.crt", CertFile: "srv.crt", KeyFile: "srv.key"},
		Auth: APIAuth{
			Type: "basic", Realm: "kea", Directory: "/etc/kea/creds",
			Clients: []APIClient{{User: "admin", Password: NewSecret("pw-agent")}, {UserFile: "u", PasswordFile: "p"}},
		},
		Sockets: map[Service]ControlSocket{
			DHCP4: {Type: "unix", Path: "/run/kea/kea4.sock"},
			DHCP6: {Type: "unix", Path: "/run/kea/kea6.sock"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	bare, err := ParseAgentConfig([]byte(`{"Control-agent":{"control-sockets":{"dhcp4":"@SOCKET@"}}}`))
	if err != nil || bare.HTTPHost != "127.0.0.1" || bare.HTTPPort != 8000 || len(bare.Sockets) != 0 {
		t.Errorf("got %+v, %v", bare, err)
	}
}

func TestOtherConfig(t *testing.T) {
	for _, text := range []string{`{}`, `[]`, `{"Dhcp4":1}`, `{"Dhcp4":{},"Dhcp6":{}}`, `{"DhcpDdns":{}}`, string(file(t, "ctrl-agent.conf"))} {
		if _, err := ParseConfig([]byte(text)); !errors.Is(err, ErrOtherConfig) {
			t.Errorf("%.20s: got %v, want ErrOtherConfig", text, err)
		}
	}
	if _, err := ParseAgentConfig(file(t, "dhcp4.conf")); !errors.Is(err, ErrOtherConfig) {
		t.Errorf("got %v, want ErrOtherConfig", err)
	}
}

// TestNoSecretIsShown has a different password in every place that can hold one.
func TestNoSecretIsShown(t *testing.T) {
	c := parseFile(t, "dhcp4.conf")
	sockets := parseFile(t, "dhcp4-sockets.conf")
	agent, err := ParseAgentConfig(file(t, "ctrl-agent.conf"))
	if err != nil {
		t.Fatal(err)
	}
	other := parseFile(t, "dhcp4.conf")
	other.Raw = map[string]any{}
	const more = `{"Dhcp4":{"user-context":{"conn":"host=h password='pw-a b' user=u","c2":"password=pw-b","psk":7771,"auth-key":["pw-c"],
		"basic-auth":"pw-d","url":"postgres://u:pw-e@f@h/db","PassWord":"pw-g","bind_secret":{"x":"pw-h"},"password-file":"/etc/creds"}}}`
	extra, err := ParseConfig([]byte(more))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(mustJSON(t, extra), "/etc/creds") {
		t.Error("a file's path is no secret")
	}
	live, err := replay(t, "config-3.0-dhcp4").Config(t.Context(), DHCP4)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{c, &c, sockets, agent, extra, live, Diff(c, other), Diff(other, c)} {
		text := mustJSON(t, v) + fmt.Sprintf("%v %+v %#v %s %q", v, v, v, v, v)
		if i := strings.Index(text, "pw-"); i >= 0 {
			t.Errorf("%T shows a password: ...%s...", v, text[max(0, i-60):min(len(text), i+20)])
		}
		if strings.Contains(text, "7771") {
			t.Errorf("%T shows a key", v)
		}
	}
	if n := strings.Count(string(file(t, "dhcp4.conf")), "pw-"); n != 7 {
		t.Errorf("the sample holds %d passwords", n)
	}
}

func TestParseErrors(t *testing.T) {
	tests := map[string]struct {
		text string
		want ParseError
	}{
		"empty":               {"", ParseError{1, 1, "unexpected end, a value is missing"}},
		"placeholder":         {"{\n  \"http-host\": @AGENT-pw-x@\n}", ParseError{2, 16, "a value is missing"}},
		"no comma":            {"{\"a\": 1\n \"b\": 2}", ParseError{2, 2, "',' or '}' is missing"}},
		"no comma in a list":  {"[1 2]", ParseError{1, 4, "',' or ']' is missing"}},
		"no colon":            {`{"a" 1}`, ParseError{1, 6, "':' is missing after a name"}},
		"name without quotes": {`{password: "pw-x"}`, ParseError{1, 2, "a name in double quotes or '}' is missing"}},
		"open object":         {`{"a": 1`, ParseError{1, 8, "unexpected end, '}' is missing"}},
		"open object, comma":  {`{"a": 1,`, ParseError{1, 9, "unexpected end, '}' is missing"}},
		"open list":           {"[1,\n", ParseError{2, 1, "unexpected end, ']' is missing"}},
		"open string":         {"{\"password\": \"pw-x\n}", ParseError{1, 19, "string without an end"}},
		"open comment":        {"{} /* pw-x", ParseError{1, 4, "comment without an end"}},
		"bad escape":          {`{"a": "pw\x"}`, ParseError{1, 7, "string with an escape that does not exist"}},
		"control character":   {"[\"a\tb\"]", ParseError{1, 4, "control character in a string"}},
		"bad number":          {"[1.2.3]", ParseError{1, 2, "not a number"}},
		"more text":           {"{} pw-x", ParseError{1, 4, "text after the end"}},
		"bad include":         {`[<?include pw-x?>]`, ParseError{1, 2, "not an include"}},
		"open include":        {`[<?include "pw-x" ]`, ParseError{1, 2, "not an include"}},
		"bad literal":         {"[nul]", ParseError{1, 2, "a value is missing"}},
		"deep":                {strings.Repeat("[", 101), ParseError{1, 101, "nested too deep"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ParseConfig([]byte(tt.text))
			var got *ParseError
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want a *ParseError", err)
			}
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(err.Error(), "pw") {
				t.Errorf("quotes the configuration: %v", err)
			}
		})
	}
}

func TestDialect(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"standard":        {`{"a":[1,-2,0.5,1e3,"x\n\u00e9\"",true,false,null,{},[]]}`, `{"a":[1,-2,0.5,1000,"x\né\"",true,false,null,{},[]]}`},
		"comments":        {"# one\n// two\n{ /* three\n*/ \"a\": /**/ 1 # four\n} // five", `{"a":1}`},
		"comment marks":   {`["# // /* <?include", "http://h"]`, `["# // /* \u003c?include","http://h"]`},
		"trailing commas": {"{\"a\": [1, 2,], \"b\": {\"c\": 3,},}", `{"a":[1,2],"b":{"c":3}}`},
		"includes": {
			"{<?include \"a.json\"?>, \"b\": <?include \"b.json\"?>, \"c\": [1, <?include \"c.json\"?>, 2], <? include \"d.json\" ?> }",
			`{"\u003c?include \"a.json\"?\u003e":null,"\u003c?include \"d.json\"?\u003e":null,"b":"\u003c?include \"b.json\"?\u003e","c":[1,"\u003c?include \"c.json\"?\u003e",2]}`,
		},
		"include with its own comma": {"{\"a\": 1 <?include \"a\"?> \"b\": 2}", `{"\u003c?include \"a\"?\u003e":null,"a":1,"b":2}`},
		"byte order mark":            {"\xef\xbb\xbf{}", `{}`},
		"big number":                 {`[9223372036854775808]`, `[9223372036854776000]`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, _, err := parseDialect([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, mustJSON(t, got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzParseConfig proves that no text makes the parser panic or quote it, and that it agrees with encoding/json on
// what is standard JSON.
func FuzzParseConfig(f *testing.F) {
	for _, name := range []string{"dhcp4.conf", "ctrl-agent.conf", "dhcp4-sockets.conf", "replies/config-2.2-dhcp6.json"} {
		f.Add(file(f, name))
	}
	for _, s := range []string{"", "{", `{"Dhcp4":{`, `{"a":<?include "x"?>}`, "/*", "#", `"\ud800"`, "-", "[1e999]", "\xff", `{"Dhcp6":{"subnet6":[{"pools":[{"pool":"::/0"}]}]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseConfig(text)
		if err == nil {
			for _, s := range c.Subnets {
				_, _ = s.Addresses().String(), s.Prefixes().String()
			}
			_ = Diff(c, c)
			_ = DiffFile(c, c)
			_ = mustJSON(t, c)
		}
		value, _, err := parseDialect(text)
		var standard any
		if json.Unmarshal(text, &standard) == nil && err == nil {
			a, b := mustJSON(t, value), mustJSON(t, standard)
			var x, y any
			if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil || !cmp.Equal(x, y) {
				t.Errorf("%q is read as %s, encoding/json reads %s", text, a, b)
			}
		}
		if err == nil || json.Unmarshal(text, &standard) != nil {
			return
		}
		var p *ParseError
		if !errors.As(err, &p) || p.Reason != "nested too deep" && p.Reason != "not a number" {
			t.Errorf("%q is JSON and is refused: %v", text, err)
		}
	})
}

// FuzzAnswer proves that no body makes the decoder panic or leak a configuration.
func FuzzAnswer(f *testing.F) {
	names, err := filepath.Glob("testdata/replies/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		f.Add(file(f, strings.TrimPrefix(name, "testdata/")))
	}
	f.Add([]byte(`[{"arguments":{"result-set":{"columns":["subnet-id","total-nas"],"rows":[[1,1e400],[2,-1]]}},"result":0}]`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		body = append([]byte{}, body...)
		var s statusWire
		if _, err := decodeAnswer(strings.NewReader(string(body)), &s); err == nil {
			_ = s.status()
		}
		var w struct {
			ResultSet resultSet `json:"result-set"`
		}
		if _, err := decodeAnswer(strings.NewReader(string(body)), &w); err == nil {
			_, _ = w.ResultSet.leaseStats(DHCP6)
		}
	})
}
