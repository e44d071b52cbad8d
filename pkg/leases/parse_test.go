package leases

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseMAC(t *testing.T) {
	for text, want := range map[string]string{
		"00:1a:2b:3c:4d:5e":             "00:1a:2b:3c:4d:5e",
		"00-1A-2B-3C-4D-5E":             "00:1a:2b:3c:4d:5e",
		"001a.2b3c.4d5e":                "00:1a:2b:3c:4d:5e",
		"001a2b-3c4d5e":                 "00:1a:2b:3c:4d:5e",
		"001a-2b3c-4d5e":                "00:1a:2b:3c:4d:5e",
		"001A2B3C4D5E":                  "00:1a:2b:3c:4d:5e",
		"0x001a2b3c4d5e":                "00:1a:2b:3c:4d:5e",
		"0:1a:2b:3c:4d:5e":              "00:1a:2b:3c:4d:5e",
		" 00 1a 2b 3c 4d 5e ":           "00:1a:2b:3c:4d:5e",
		"00:1a:2b":                      "00:1a:2b*",
		"00:1a:2b:":                     "00:1a:2b*",
		"00:1a:2b:*":                    "00:1a:2b*",
		"001a2b":                        "00:1a:2b*",
		"001a.2b":                       "00:1a:2b*",
		"00:1a:2b:3c:4d:5e:*":           "00:1a:2b:3c:4d:5e*",
		"00:1a:2b:3c:4d:5e:6f:70":       "00:1a:2b:3c:4d:5e:6f:70",
		"":                              "it is empty",
		"*":                             "it is empty",
		"printer":                       "it is not hexadecimal",
		"00:1a:2b:3c:4d:5g":             "it is not hexadecimal",
		"00::1a":                        "there is nothing",
		"00:1a-2b:3c":                   "odd number",
		"10.10.1.7":                     "four digits",
		"001":                           "odd number",
		strings.Repeat("00", 21):        "21 octets",
		"\x1b[2J":                       "is no hardware address",
		strings.Repeat(":", 1<<10):      "nothing",
		"001a2b3c4d5e\u202e":            "is not hexadecimal",
		"00:1a:2b:3c:4d:5e\nevil: host": "is no hardware address",
	} {
		mac, prefix, err := ParseMAC(text)
		got := mac.String()
		if prefix {
			got += "*"
		}
		check(t, text, want, got, err)
	}
}

// check compares an answer, or an error with a part of its text.
func check(t *testing.T, asked, want, got string, err error) {
	t.Helper()
	switch {
	case err != nil && !strings.Contains(err.Error(), want):
		t.Errorf("%q: error %v, want %q", asked, err, want)
	case err == nil && got != want:
		t.Errorf("%q: %q, want %q", asked, got, want)
	}
}

func TestParseIdentifiers(t *testing.T) {
	for text, want := range map[string]string{
		"01:02:00:00:00:00:01": "01:02:00:00:00:00:01", "0x0102": "01:02", "'printer'": "70:72:69:6e:74:65:72", "01": "the shortest have 2", "": "empty",
		strings.Repeat("aa", 256): "256 octets", "''": "not hexadecimal",
	} {
		id, err := ParseClientID(text)
		check(t, text, want, id.String(), err)
	}
	for text, want := range map[string]string{"00:03:00:01:02:00:00:00:00:01": "00:03:00:01:02:00:00:00:00:01", "00:03": "the shortest have 3", strings.Repeat("aa", 131): "131 octets"} {
		id, err := ParseDUID(text)
		check(t, text, want, id.String(), err)
	}
}

func TestParseRange(t *testing.T) {
	for text, want := range map[string]string{
		"10.10.1.7": "10.10.1.7-10.10.1.7", " 10.10.0.0/16": "10.10.0.0-10.10.255.255", "10.10.1.7/24": "10.10.1.0-10.10.1.255",
		"10.10.1.10-10.10.1.20": "10.10.1.10-10.10.1.20", "10.10.1.10 - 10.10.1.20": "10.10.1.10-10.10.1.20", "10.10.1.10-20": "10.10.1.10-10.10.1.20",
		"2001:db8::/64": "2001:db8::-2001:db8::ffff:ffff:ffff:ffff", "2001:db8::1-2001:db8::ff": "2001:db8::1-2001:db8::ff", "::ffff:10.0.0.1": "10.0.0.1-10.0.0.1",
		"0.0.0.0/0": "0.0.0.0-255.255.255.255", "::/0": "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"10.10.1.20-10.10.1.10": "ends before it begins", "10.10.1.1-2001:db8::1": "one end is IPv4", "10.10.1.300": "no address, prefix or range", "10.10.1.1-300": "no address",
		"fe80::1%eth0": "no address", "": "no address", "-": "is no address", "10.0.0.0/33": "no address", "a-b-c": `"a" is no address`,
	} {
		r, err := ParseRange(text)
		check(t, text, want, fmt.Sprintf("%s-%s", r.First, r.Last), err)
	}
}

func TestParsePattern(t *testing.T) {
	for text, want := range map[string]Pattern{
		"printer": {"printer", Exact}, "*print*": {"print", Substring}, "~print": {"print", Substring}, "~a*b": {"a*b", Substring},
		"print*": {"print*", Glob}, "p?int": {"p?int", Glob}, "*a*b*": {"*a*b*", Glob}, "*": {"*", Glob}, "**": {"**", Glob}, " Host.Example.org ": {"Host.Example.org", Exact},
	} {
		got, err := ParsePattern(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", " ", "~"} {
		if _, err := ParsePattern(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestParseStates(t *testing.T) {
	for text, want := range map[string]string{
		"active": "[active]", "Active, declined,active": "[active declined]", "all": "[]", "active,all": "[]",
		"decline": "did you mean declined?", "activ": "did you mean active?", "relaesed": "did you mean released?", "": "is no state", "zzzzzzzzzzzz": "there are active, expired",
		strings.Repeat("active", 1000): "is no state",
	} {
		states, err := ParseStates(text)
		check(t, text, want, fmt.Sprint(states), err)
	}
	if _, err := ParseSort("size"); err == nil || !strings.Contains(err.Error(), "address, seen, expires") {
		t.Errorf("unknown order: %v", err)
	}
}

func TestParseWhen(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2025, 3, 10, 9, 15, 0, 0, zone)
	for text, want := range map[string]string{
		"2025-03-10T08:00:00Z": "2025-03-10T08:00:00Z", "2025-03-10t08:00:00z": "2025-03-10T08:00:00Z", "2025-03-10 08:00:00+02:00": "2025-03-10T08:00:00+02:00",
		"2025-03-09 14:30": "2025-03-09T14:30:00+01:00", "2025-03-09T14:30": "2025-03-09T14:30:00+01:00", "2025-03-09 14:30:05": "2025-03-09T14:30:05+01:00",
		"2025-03-09": "2025-03-09T00:00:00+01:00", "2025-03-10 08:00 UTC": "2025-03-10T08:00:00Z", "2025-03-10 08:00Z": "2025-03-10T08:00:00Z", "2025-03-10 08:00 +0200": "2025-03-10T08:00:00+02:00",
		"08:30": "2025-03-10T08:30:00+01:00", "8:30": "2025-03-10T08:30:00+01:00", "14:30": "2025-03-09T14:30:00+01:00", "08:10 UTC": "2025-03-10T08:10:00Z",
		"today": "2025-03-10T00:00:00+01:00", "today 08:00": "2025-03-10T08:00:00+01:00", "yesterday 14:30": "2025-03-09T14:30:00+01:00", "Yesterday": "2025-03-09T00:00:00+01:00",
		"now": "2025-03-10T09:15:00+01:00", "2h ago": "2025-03-10T07:15:00+01:00", "-15m": "2025-03-10T09:00:00+01:00", "1d12h ago": "2025-03-08T21:15:00+01:00", "@1741593600": "2025-03-10T09:00:00+01:00",
		"today 14:30": "no time that has passed", "2026-01-01": "no time that has passed", "": "it is empty", "tomorrow": "no form that is known", "25:00": "no form that is known", "-": "no length of time",
		"2025-02-30": "no form", "@-1": "seconds since 1970", "@99999999999999999999": "seconds since 1970", "2025-03-10 08:00 CET": "no form", "1969-01-01": "before there was DHCP", "2h": "no form",
		"0000-01-01": "before there was DHCP", "~a\xedZ": "no form", "-5000y": "no length",
	} {
		when, err := ParseWhen(text, now)
		check(t, text, want, when.Format(time.RFC3339), err)
	}
	for text, want := range map[string]string{"30d": "2025-02-08T09:15:00+01:00", "15m": "2025-03-10T09:00:00+01:00", "08:30": "2025-03-10T08:30:00+01:00", "0s": "no time"} {
		when, err := ParseSince(text, now)
		check(t, text, want, when.Format(time.RFC3339), err)
	}
}

func TestParseAge(t *testing.T) {
	for text, want := range map[string]string{
		"30d": "720h0m0s", "12h": "12h0m0s", "1d12h": "36h0m0s", "2w": "336h0m0s", "90s": "1m30s", "1.5h": "1h30m0s", "1h 30m": "1h30m0s", "30D": "720h0m0s",
		"5 minutes": "5m0s", "30 min": "30m0s", "1 hour 30 min": "1h30m0s", "2 Days": "48h0m0s", "5 months": "no length of time", "5 ": "no length of time", "5ms": "no length of time",
		"30": "no length of time", "": "no length of time", "d": "no length of time", "-1h": "no length of time", "101000d": "longer than a hundred years", "0s": "shorter than a second", "1.2.3h": "no length of time",
		"1e9h": "no length of time", strings.Repeat("9", 400) + "d": "no length of time", "5y": "no length of time",
	} {
		age, err := ParseAge(text)
		check(t, text, want, age.String(), err)
	}
}

func TestParseVLANMap(t *testing.T) {
	for text, want := range map[string]string{
		"10=10.10.0.0/16,20=10.20.0.0/16, 20=2001:db8:20::/64":      "map[10:[10.10.0.0/16] 20:[10.20.0.0/16 2001:db8:20::/64]]",
		"# the map\n10 = 10.10.3.4/16 # users\r\n\n20=10.20.0.0/16": "map[10:[10.10.0.0/16] 20:[10.20.0.0/16]]",
		"10=10.10.0.0/16,10=10.10.0.0/16":                           "map[10:[10.10.0.0/16]]",
		"10=10.10.0.0/16,20=10.10.0.0/16":                           "VLAN 10 and to VLAN 20",
		"10":                                                        "no entry of a VLAN map", "0=10.0.0.0/8": "numbers from 1 to 4094", "4095=10.0.0.0/8": "numbers from 1", "x=10.0.0.0/8": "no VLAN", "10=10.10.0.0": "no prefix", "": "there are none", ",,": "there are none",
	} {
		vlans, err := ParseVLANMap(text)
		check(t, text, want, fmt.Sprint(vlans), err)
	}
}

func TestParseWanted(t *testing.T) {
	for text, want := range map[string]string{
		"10.10.1.7":                     "IPv4 address 10.10.1.7",
		"2001:db8::7":                   "IPv6 address 2001:db8::7",
		"2001:db8:8000::/56":            "delegated prefix 2001:db8:8000::/56",
		"::ffff:10.10.1.7":              "IPv4 address 10.10.1.7",
		"00:1a:2b:3c:4d:5e":             "hardware address, client id, DUID 00:1a:2b:3c:4d:5e",
		"001a.2b3c.4d5e":                "hardware address, client id, DUID 00:1a:2b:3c:4d:5e; host name 001a.2b3c.4d5e",
		"001a2b3c4d5e":                  "hardware address, client id, DUID 00:1a:2b:3c:4d:5e; host name 001a2b3c4d5e",
		"01:00:1a:2b:3c:4d:5e":          "client id, DUID 01:00:1a:2b:3c:4d:5e",
		"00:03:00:01:00:1a:2b:3c:4d:5e": "DUID, client id 00:03:00:01:00:1a:2b:3c:4d:5e",
		"00:01:00:01:2b:3c:4d:5e":       "DUID, hardware address, client id 00:01:00:01:2b:3c:4d:5e; IPv6 address 0:1:0:1:2b:3c:4d:5e",
		"1:2:3:4:5:6:7:8":               "IPv6 address 1:2:3:4:5:6:7:8",
		"cafe":                          "host name cafe; client id ca:fe",
		"printer-7.example.org":         "host name printer-7.example.org",
		"'printer'":                     "client id, DUID 70:72:69:6e:74:65:72",
		"10.10.1.300":                   "is no address",
		"10.10.0.0/16":                  "list them with --ip 10.10.0.0/16",
		"print*":                        "--hostname 'print*'",
		"~print":                        "--hostname '~print'",
		"fe80::1%eth0":                  "leases have no zone",
		"2001:db8::g":                   "is no address",
		"":                              "is empty",
		" ":                             "is empty",
		"a b":                           "is no address",
		"\x1b[2J":                       "is no address",
		strings.Repeat("x", 256):        "too long",
		"drücker":                       "host name drücker",
		"\xff\xfe":                      "is no address",
	} {
		w, err := ParseWanted(text)
		check(t, text, want, wantedText(w), err)
	}
}

// wantedText lists the readings with what they are read as.
func wantedText(w Wanted) string {
	var out []string
	last := ""
	for _, k := range w.Kinds {
		value := w.Octets.String()
		switch k {
		case IPv4Address, IPv6Address:
			value = w.Address.String()
		case DelegatedPrefix:
			value = netip.PrefixFrom(w.Address, w.Length).String()
		case HostName:
			value = w.Hostname
		}
		switch {
		case len(out) > 0 && value == last:
			out[len(out)-1] = strings.TrimSuffix(out[len(out)-1], " "+value) + ", " + string(k) + " " + value
		default:
			out = append(out, string(k)+" "+value)
		}
		last = value
	}
	return strings.Join(out, "; ")
}

func TestDescribeClientID(t *testing.T) {
	for text, want := range map[string]string{
		"01:02:00:00:00:00:01":                         "Ethernet 02:00:00:00:00:01",
		"ff:00:00:00:07:00:03:00:01:02:00:00:00:00:01": "IAID 7, DUID-LL: Ethernet 02:00:00:00:00:01",
		"ff:80:00:00:07:aa:bb":                         "IAID 2147483655",
		"00:70:72:69:6e:74:65:72":                      `text "printer"`,
		"70:72:69:6e:74:65:72":                         `text "printer"`,
		"52:41:53:20:01:00":                            "",
		"06:02:00:00:00:00:01":                         "IEEE 802 02:00:00:00:00:01",
		"00:1b:5b:32:4a":                               "",
		"01":                                           "", "": "", "ff:00:00:00:07": "", "ff:ff:ff": "", "01:02": "",
	} {
		check(t, text, want, DescribeClientID(must(t, text)), nil)
	}
}

func TestDescribeDUID(t *testing.T) {
	for text, want := range map[string]string{
		"00:01:00:01:2f:61:3f:80:02:00:00:00:00:01":             "DUID-LLT: Ethernet 02:00:00:00:00:01, made 2025-03-10",
		"00:02:00:00:ab:11:b8:8b:c5":                            "DUID-EN: enterprise 43793 (systemd), id b8:8b:c5",
		"00:02:00:00:12:34:61:62:63":                            `DUID-EN: enterprise 4660, id "abc"`,
		"00:03:00:01:02:00:00:00:00:01":                         "DUID-LL: Ethernet 02:00:00:00:00:01",
		"00:03:00:63:02:00":                                     "DUID-LL: hardware of type 99 02:00",
		"00:04:12:3e:45:67:e8:9b:12:d3:a4:56:42:66:14:17:40:00": "DUID-UUID: 123e4567-e89b-12d3-a456-426614174000",
		"00:04:12:3e":                                           "", "00:05:01": "", "00:01": "", "": "", "00:01:00:01:2f:61:3f:80": "", "00:03:00:01": "",
	} {
		check(t, text, want, DescribeDUID(must(t, text)), nil)
	}
}

func must(t *testing.T, text string) Octets {
	t.Helper()
	var id Octets
	if err := id.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestRelayFacts(t *testing.T) {
	for name, test := range map[string]struct{ context, want string }{
		"3.0": {
			`{"ISC":{"relay-agent-info":{"sub-options":"0x0104766c31300208000602000000000105040a0a0001ff0101","remote-id":"00:06"}}}`,
			"circuit-id=vl10 remote-id=switch 02:00:00:00:00:01 link-selection=10.10.0.1 sub-option 255=",
		},
		"2.2":   {`{"ISC":{"relay-agent-info":"0x01060004000a0107"}}`, "circuit-id=VLAN 10, slot 1, port 7 (as Cisco's switches write it)"},
		"typed": {`{"ISC":{"relay-agent-info":"0x0106010465746837"}}`, "circuit-id=eth7"},
		"DHCPv6": {
			`{"ISC":{"relay-info":[{"hop":0,"link":"2001:db8::1","peer":"fe80::2","options":"0x00120004766c31300025000700000009616263004f00080001020000000001"}]}}`,
			"link-address=2001:db8::1 peer-address=fe80::2 interface-id=vl10 remote-id=abc, of enterprise 9 (Cisco) client-link-layer=Ethernet 02:00:00:00:00:01",
		},
		"two hops":   {`{"ISC":{"relay-info":[{"link":"2001:db8::1"},{"link":"2001:db8::2"}]}}`, "relay 1 link-address=2001:db8::1 relay 2 link-address=2001:db8::2"},
		"cut off":    {`{"ISC":{"relay-agent-info":"0x0104766c313002ff00"}}`, "circuit-id=vl10"},
		"hostile":    {`{"ISC":{"relay-agent-info":"0x01041b5b324a"}}`, "circuit-id="},
		"odd":        {`{"ISC":{"relay-agent-info":"0x010"}}`, ""},
		"other type": {`{"ISC":{"relay-agent-info":7,"relay-info":[3,"x"]}}`, ""},
		"none":       {``, ""}, "not json": {`{`, ""}, "a list": {`[]`, ""}, "other": {`{"note":"x"}`, ""},
	} {
		var got []string
		for _, fact := range RelayFacts([]byte(test.context)) {
			got = append(got, fact.Name+"="+fact.Text)
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Whatever is typed, a parser answers or says why not; what it accepts can be written and read again.
func FuzzParsers(f *testing.F) {
	for _, seed := range []string{
		"", "00:1a:2b:3c:4d:5e", "001a.2b3c", "0x", "10.10.0.0/16", "10.0.0.1-20", "2001:db8::/64", "~a", "*a*", "active,declined", "yesterday 14:30", "2h ago", "30d", "@1", "10=10.0.0.0/8", "printer", "'x'",
		"2025-03-10 14:30 +02:00", "fe80::1%eth0", "\xff\x00", "-", ",", "=", "1d12h", "::ffff:1.2.3.4",
	} {
		f.Add(seed)
	}
	now := time.Date(2025, 3, 10, 9, 15, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if mac, _, err := ParseMAC(text); err == nil {
			if again, _, err := ParseMAC(mac.String()); err != nil || again.String() != mac.String() {
				t.Errorf("%q: %s is read as %s, %v", text, mac, again, err)
			}
		}
		if id, err := ParseOctets(text); err == nil && len(id) > 0 {
			if again, err := ParseOctets(id.String()); err != nil || again.String() != id.String() {
				t.Errorf("%q: %s is read as %s, %v", text, id, again, err)
			}
		}
		if r, err := ParseRange(text); err == nil && (r.Last.Less(r.First) || r.First.Is4() != r.Last.Is4()) {
			t.Errorf("%q: %v", text, r)
		}
		if when, err := ParseSince(text, now); err == nil && (when.After(now) || when.Year() < 1970) {
			t.Errorf("%q: %s", text, when)
		}
		if age, err := ParseAge(text); err == nil && age <= 0 {
			t.Errorf("%q: %s", text, age)
		}
		if w, err := ParseWanted(text); (err == nil) != (len(w.Kinds) > 0) {
			t.Errorf("%q: %v, %v", text, w, err)
		}
		_, err := ParseVLANMap(text)
		_, e2 := ParsePattern(text)
		_, e3 := ParseStates(text)
		_ = errors.Join(err, e2, e3)
	})
}

// No octets of a client or a relay stop us.
func FuzzDescribe(f *testing.F) {
	for _, seed := range []string{"", "\x01\x02\x00\x00\x00\x00\x01", "\xff\x00\x00\x00\x01\x00\x01\x00\x01", "\x00\x02\x00\x00\x00\x01a", "\x01\xff", "{\"ISC\":{\"relay-info\":[{}]}}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, text := range []string{DescribeClientID(b), DescribeDUID(b)} {
			if !readable([]byte(text)) && text != "" {
				t.Errorf("%x is described as %q", b, text)
			}
		}
		facts := append(DescribeRelayAgent(b), RelayFacts(b)...)
		for _, fact := range append(facts, hopFacts("", fmt.Appendf(nil, `{"options":"0x%x"}`, b))...) {
			if fact.Name == "" || fact.Text != "" && !readable([]byte(fact.Text)) {
				t.Errorf("%x: %+v", b, fact)
			}
		}
	})
}
