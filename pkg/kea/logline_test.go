package kea

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLogLine(t *testing.T) {
	tests := map[string]struct {
		line string
		want LogLine
	}{
		"of 2.6": {
			"2026-11-22 22:08:20.123 INFO  [kea-dhcp4.leases/1.139872641349312] DHCP4_LEASE_ALLOC [hwtype=1 02:00:00:00:00:01], cid=[no info], tid=0x1: lease 10.20.1.2 has been allocated for 3600 seconds",
			LogLine{LogInfo, "kea-dhcp4.leases", "DHCP4_LEASE_ALLOC", "[hwtype=1 02:00:00:00:00:01], cid=[no info], tid=0x1: lease 10.20.1.2 has been allocated for 3600 seconds"},
		},
		"of the agent": {
			"2026-11-22 22:08:20.123 WARN  [kea-ctrl-agent.dctl/12.140] DCTL_CONFIG_CHECK a text",
			LogLine{LogWarn, "kea-ctrl-agent.dctl", "DCTL_CONFIG_CHECK", "a text"},
		},
		"without a time, as for syslog": {
			"ERROR [kea-dhcp6.ha-hooks.139872641349312] HA_HEARTBEAT_COMMUNICATIONS_FAILED server1: failed",
			LogLine{LogError, "kea-dhcp6.ha-hooks", "HA_HEARTBEAT_COMMUNICATIONS_FAILED", "server1: failed"},
		},
		"an identifier alone":          {"FATAL [kea-dhcp4] DHCP4_SHUTDOWN", LogLine{LogFatal, "kea-dhcp4", "DHCP4_SHUTDOWN", ""}},
		"no identifier":                {"DEBUG [kea-dhcp4.hooks/1.2] Some words, A_B", LogLine{LogDebug, "kea-dhcp4.hooks", "", "Some words, A_B"}},
		"a shell's":                    {"sh: 1: exec: kea-dhcp4: not found", LogLine{Text: "sh: 1: exec: kea-dhcp4: not found"}},
		"a word that is no level":      {"INFORMATION [x] A_B c", LogLine{Text: "INFORMATION [x] A_B c"}},
		"the second line of a message": {"  type=053, len=001: 1", LogLine{Text: "  type=053, len=001: 1"}},
		"empty":                        {"", LogLine{}},
		"what a client sent stays":     {"INFO  [a/1.2] X_Y host \x1b[31m", LogLine{LogInfo, "a", "X_Y", "host \x1b[31m"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ParseLogLine(test.line)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Nothing of a line that quotes a configuration, a request or a connection tells a password.
func TestLogLinesHoldNoPassword(t *testing.T) {
	const password = `s3cr"t`
	tests := map[string]struct{ line, want string }{
		"a configuration":          {`got {"user": "kea", "password": "hunter22", "host": "db"} at once`, `got {"user": "kea", "password": "<redacted>", "host": "db"} at once`},
		"one with escapes":         {`{"password":"hunter22\"more","x":1}`, `{"password":"<redacted>","x":1}`},
		"one cut off":              {`{"basic-auth-password": "hunter22 and mo`, `{"basic-auth-password": "<redacted>"`},
		"one cut off at an escape": {`{"password": "hunter22\`, `{"password": "<redacted>"`},
		"a number":                 {`{"password": 1234567, "x": 1}`, `{"password": "<redacted>", "x": 1}`},
		"no secret":                {`{"retry-on-startup": true, "password": null, "password-file": "/a/b"}`, `{"retry-on-startup": true, "password": null, "password-file": "/a/b"}`},
		"a request":                {`POST / HTTP/1.1 Authorization: Basic b3BzOmxhYg== Host: x`, `POST / HTTP/1.1 Authorization: Basic <redacted> Host: x`},
		"a URL":                    {`cannot reach http://ops:hunter22@10.0.0.1:8000/`, `cannot reach http://ops:<redacted>@10.0.0.1:8000/`},
		"a connection":             {`host=db user=kea password=hunter22 port=1`, `host=db user=kea password=<redacted> port=1`},
		"a known one anywhere":     {`no such thing as kn0wn-pass in here`, `no such thing as <redacted> in here`},
		"a short one stays":        {`kea is a word`, `kea is a word`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := ParseLogLine(test.line, NewSecret("kn0wn-pass"), NewSecret("kea"), NewSecret(password)).Text
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	inner := ParseLogLine(`text: "{\"password\": \"hunter22\", \"x\": 1}"`).Text
	if strings.Contains(inner, "hunter22") {
		t.Errorf("JSON in a string: %s", inner)
	}
}

func TestLogLevels(t *testing.T) {
	for text, want := range map[string]LogLevel{"warn": LogWarn, "WARNING": LogWarn, "Info": LogInfo, "fatal": LogFatal} {
		if got, ok := ParseLogLevel(text); !ok || got != want {
			t.Errorf("%s: %s, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "loud"} {
		if got, ok := ParseLogLevel(text); ok {
			t.Errorf("%q is %s", text, got)
		}
	}
	if !LogError.AtLeast(LogWarn) || LogInfo.AtLeast(LogWarn) || LogLevel("").AtLeast(LogDebug) {
		t.Error("the order of the levels")
	}
}

func TestLogOutputs(t *testing.T) {
	tests := map[string]struct {
		loggers string
		want    []LogOutput
		here    bool
	}{
		"no loggers":     {`"valid-lifetime":1`, nil, true},
		"output":         {`"loggers":[{"name":"kea-dhcp4","output-options":[{"output":"stdout"}]}]`, nil, true},
		"not said where": {`"loggers":[{"name":"kea-dhcp4","severity":"INFO"}]`, nil, true},
		"a file":         {`"loggers":[{"name":"kea-dhcp4","output_options":[{"output":"/var/log/kea/a.log"}]}]`, []LogOutput{{"kea-dhcp4", "/var/log/kea/a.log"}}, false},
		"both":           {`"loggers":[{"name":"kea-dhcp4","output-options":[{"output":"stdout"},{"output":"syslog"}]}]`, []LogOutput{{"kea-dhcp4", "syslog"}}, true},
		"one logger only": {
			`"loggers":[{"name":"kea-dhcp4.leases","output-options":[{"output":"/l.log"}]},{"name":"kea-dhcp4","output-options":[{"output":"stderr"}]}]`,
			[]LogOutput{{"kea-dhcp4.leases", "/l.log"}},
			true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := parse4(t, test.loggers)
			if diff := cmp.Diff(test.want, c.LogOutputs()); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
			if got := c.LogsToOutput(); got != test.here {
				t.Errorf("its own output: %v", got)
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	c := parse4(t, `"lease-database":{"type":"postgresql","password":"one"},"hosts-databases":[{"type":"mysql","password":"two","user":"three"}]`)
	found := map[string]bool{}
	for _, s := range Secrets(c.Raw) {
		found[s.Reveal()] = true
	}
	if diff := cmp.Diff(map[string]bool{"one": true, "two": true}, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
