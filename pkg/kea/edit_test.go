package kea

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// handmade is a configuration as people write them.
const handmade = `# the branch's own
{ "Dhcp4": {
    // seconds
    "valid-lifetime": 3600, /* an hour */ "renew-timer": 900,
    "lease-database": {
        "type": "postgresql",
        "password": "pw-old" # rotated by hand
    },
    "hosts-database": { "type": "postgresql", "password": <?include "/etc/kea-db/hosts.json"?> },
    "control-socket": { "socket-type": "unix", "socket-name": "/run/kea/kea4.sock" },
    "hooks-libraries": [
        { "library": "/usr/lib/kea/hooks/libdhcp_lease_cmds.so" },
        { "library": "/usr/lib/kea/hooks/libdhcp_ha.so", "parameters": { "high-availability": [ {
            "this-server-name": "a", // not b
            "heartbeat-delay": 2000,
            "peers": [ { "name": "a" }, { "name": "b" } ]
        } ] } }
    ],
    "subnet4": [
        {
            "id": 10,
            "subnet": "10.10.0.0/24", /* the
                office */
            "pools": [ { "pool": "10.10.0.10 - 10.10.0.99" } ],
            "reservations": [
                { "hw-address": "02:AA:00:00:00:01", "ip-address": "10.10.0.5" },
                { "hw-address": "02:aa:00:00:00:02", "ip-address": "10.10.0.6" }, # the printer
            ]
        },
        { "id": 20, "subnet": "10.20.0.0/24", "option-data": [] }
    ],
    "option-data": [ { "name": "routers", "data": "x" }, <?include "/etc/kea/options.json"?> ],
    "client-classes": [ { "name": "phones" }, { "name": "phones" } ],
    <?include "/etc/kea/more.json"?>
} }
`

func TestEditConfig(t *testing.T) {
	for name, tt := range map[string]struct {
		edit     Edit
		old, now string // the only part of the text that changes
	}{
		"a value": {
			Edit{Path: "valid-lifetime", Value: 7200},
			`"valid-lifetime": 3600, /*`, `"valid-lifetime": 7200, /*`,
		},
		"a secret": {
			Edit{Path: "lease-database.password", Value: NewSecret(`pw"&<new>`)},
			`"pw-old" # rotated`, `"pw\"&<new>" # rotated`,
		},
		"equal already": {Edit{Path: "subnet4[id=10].pools[10.10.0.10-10.10.0.99].pool", Value: "10.10.0.10 - 10.10.0.99"}, "", ""},
		"as a difference spells it": {
			Edit{Path: "hooks-libraries[libdhcp_ha.so].parameters.high-availability[a,b].heartbeat-delay", Value: 1000},
			`"heartbeat-delay": 2000`, `"heartbeat-delay": 1000`,
		},
		"by any member": {
			Edit{Path: "hooks-libraries[library=libdhcp_ha.so].parameters.high-availability[this-server-name=a].heartbeat-delay", Value: 1000},
			`"heartbeat-delay": 2000`, `"heartbeat-delay": 1000`,
		},
		"by position": {
			Edit{Path: "hooks-libraries[1].parameters.high-availability[0].peers[1].name", Value: "c"},
			`{ "name": "b" }`, `{ "name": "c" }`,
		},
		"an identifier in other letters": {
			Edit{Path: "subnet4[id=10].reservations[hw-address=02:aa:00:00:00:01].ip-address", Value: "10.10.0.7"},
			`"10.10.0.5"`, `"10.10.0.7"`,
		},
		"an older name": {
			Edit{Path: "control-sockets[unix].socket-name", Value: "/run/kea/4.sock"},
			`"/run/kea/kea4.sock"`, `"/run/kea/4.sock"`,
		},
		"an object in the place of a list": {
			Edit{Path: "subnet4[id=20].option-data", Value: json.RawMessage(`{"b":1,"a":[2,{}]}`)},
			`"option-data": [] }`, `"option-data": { "b": 1, "a": [2, {}] } }`,
		},
		"a new member behind a comment": {
			Edit{Path: "lease-database.connect-timeout", Value: 5},
			`"pw-old" # rotated by hand
`, `"pw-old", # rotated by hand
        "connect-timeout": 5
`,
		},
		"a new member on one line": {
			Edit{Path: "subnet4[id=20].valid-lifetime", Value: 60},
			`"option-data": [] }`, `"option-data": [], "valid-lifetime": 60 }`,
		},
		"a new member with its objects": {
			Edit{Path: "subnet4[id=10].relay.ip-addresses", Value: []string{"10.10.0.1"}},
			`# the printer
            ]
`, `# the printer
            ],
            "relay": {
                "ip-addresses": [
                    "10.10.0.1"
                ]
            }
`,
		},
		"an element behind a comma": {
			Edit{Path: "subnet4[id=10].reservations[hw-address=02:aa:00:00:00:03]", Value: json.RawMessage(`{"hw-address":"02:aa:00:00:00:03", "ip-address":"10.10.0.8"}`)},
			`"10.10.0.6" }, # the printer
`, `"10.10.0.6" }, # the printer
                { "hw-address": "02:aa:00:00:00:03", "ip-address": "10.10.0.8" },
`,
		},
		"an element on one line": {
			Edit{Path: "subnet4[id=10].pools[10.10.0.128/25]", Value: map[string]any{"pool": "10.10.0.128/25"}},
			`10.10.0.99" } ]`, `10.10.0.99" }, { "pool": "10.10.0.128/25" } ]`,
		},
		"the first element": {
			Edit{Path: "subnet4[id=20].option-data[routers]", Value: json.RawMessage(`{"name":"routers","data":"10.20.0.1"}`)},
			`"option-data": []`, `"option-data": [{ "name": "routers", "data": "10.20.0.1" }]`,
		},
		"an element with its list": {
			Edit{Path: "subnet4[id=20].pools[10.20.0.0/25]", Value: map[string]any{"pool": "10.20.0.0/25"}},
			`[] }`, `[], "pools": [{ "pool": "10.20.0.0/25" }] }`,
		},
		"an include instead": {
			Edit{Path: "lease-database.password", Value: IncludeOf("/etc/kea-db/password.json")},
			`"pw-old"`, `<?include "/etc/kea-db/password.json"?>`,
		},
		"a member out": {
			Edit{Path: "valid-lifetime", Remove: true},
			`"valid-lifetime": 3600, /* an hour */`, `/* an hour */`,
		},
		"the last member out": {
			Edit{Path: "lease-database.password", Remove: true},
			`"postgresql",
        "password": "pw-old" # rotated`, `"postgresql"
         # rotated`,
		},
		"a line out": {
			Edit{Path: "lease-database.type", Remove: true},
			`        "type": "postgresql",
`, "",
		},
		"the last line out": {
			Edit{Path: "subnet4[id=10].reservations", Remove: true},
			` } ],
            "reservations": [
                { "hw-address": "02:AA:00:00:00:01", "ip-address": "10.10.0.5" },
                { "hw-address": "02:aa:00:00:00:02", "ip-address": "10.10.0.6" }, # the printer
            ]
`, ` } ]
`,
		},
		"an element out": {
			Edit{Path: "subnet4[id=20]", Remove: true},
			`        },
        { "id": 20, "subnet": "10.20.0.0/24", "option-data": [] }
`, `        }
`,
		},
		"out of one line": {
			Edit{Path: "subnet4[id=20].option-data", Remove: true},
			`, "option-data": [] }`, ` }`,
		},
		"the first out of one line": {Edit{Path: "subnet4[id=20].id", Remove: true}, `"id": 20, `, ``},
		"out already":               {Edit{Path: "subnet4[id=20].valid-lifetime", Remove: true}, "", ""},
		"an element out already":    {Edit{Path: "subnet4[id=30]", Remove: true}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Count(handmade, tt.old) != 1 && tt.old != "" {
				t.Fatalf("%q is not once in the text", tt.old)
			}
			want := strings.Replace(handmade, tt.old, tt.now, 1)
			got, err := EditConfig([]byte(handmade), []Edit{tt.edit})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Error(diff)
			}
			again, err := EditConfig(got, []Edit{tt.edit})
			// What is gone may be in the file that its object includes, and an element without its id is another one.
			if !errors.Is(err, ErrIncluded) && !errors.Is(err, ErrAbsent) && string(again) != string(got) {
				t.Errorf("a second time: %v\n%s", err, cmp.Diff(string(got), string(again)))
			}
		})
	}
}

func TestEditConfigRefuses(t *testing.T) {
	for path, tt := range map[string]struct {
		edit Edit
		why  error
		file string
	}{
		"hosts-database.password":                       {Edit{Value: "pw-new"}, ErrIncluded, "/etc/kea-db/hosts.json"},
		"hosts-databases[postgresql].password":          {Edit{Remove: true}, ErrIncluded, "/etc/kea-db/hosts.json"},
		"hosts-databases[0].password.more":              {Edit{Value: 1}, ErrIncluded, "/etc/kea-db/hosts.json"},
		"hosts-database":                                {Edit{Value: map[string]any{}}, ErrIncluded, "/etc/kea-db/hosts.json"},
		"authoritative":                                 {Edit{Value: true}, ErrIncluded, "/etc/kea/more.json"},
		"option-data[domain-name]":                      {Edit{Value: map[string]any{"name": "domain-name"}}, ErrIncluded, "/etc/kea/options.json"},
		"option-data[0].data":                           {Edit{Value: "y"}, ErrIncluded, "/etc/kea/options.json"},
		"client-classes[phones].test":                   {Edit{Value: "x"}, ErrAmbiguous, ""},
		"subnet4[id=30].valid-lifetime":                 {Edit{Value: 60}, ErrAbsent, ""},
		"subnet4[id=30].pools[1].pool":                  {Edit{Remove: true}, ErrAbsent, ""},
		"subnet4[id=20].reservations[duid=01].hostname": {Edit{Value: "h"}, ErrAbsent, ""},
		"subnet4[id=20].reservations[duid=01]":          {Edit{Value: map[string]any{"duid": "02"}}, ErrAbsent, ""},
		"subnet4[id=40]":                                {Edit{Value: map[string]any{"id": 41}}, ErrOtherID, ""},
		"valid-lifetime.default":                        {Edit{Value: 1}, ErrNoParent, ""},
		"subnet4.id":                                    {Edit{Value: 1}, ErrNoParent, ""},
		"lease-database[0]":                             {Edit{Value: 1}, ErrNoParent, ""},
		"":                                              {Edit{Value: 1}, ErrBadPath, ""},
		"a..b":                                          {Edit{Value: 1}, ErrBadPath, ""},
		"subnet4[]":                                     {Edit{Value: 1}, ErrBadPath, ""},
		"subnet4[id=10":                                 {Edit{Value: 1}, ErrBadPath, ""},
		"subnet4[id=10]x":                               {Edit{Value: 1}, ErrBadPath, ""},
		"valid-lifetime.":                               {Edit{Value: 1}, ErrBadPath, ""},
		"lease-database.max-reconnect-tries":            {Edit{Value: func() {}}, nil, ""},
		"subnet4[id=10].reservations[10.10.0.5].ip-address": {Edit{Value: "x"}, ErrAbsent, ""},
	} {
		tt.edit.Path = path
		_, err := EditConfig([]byte(handmade), []Edit{tt.edit})
		var failed *EditError
		if !errors.As(err, &failed) || tt.why != nil && !errors.Is(err, tt.why) || failed.File != tt.file || !strings.HasPrefix(err.Error(), failed.Path+": ") {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, text := range []string{`{`, `{"Control-agent":{}}`, `[]`, ``} {
		if _, err := EditConfig([]byte(text), nil); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if _, err := EditConfig([]byte(`{"Dhcp4":{"a":1,"a":2}}`), []Edit{{Path: "a", Value: 3}}); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("a name twice: %v", err)
	}
}

func TestRedactConfig(t *testing.T) {
	const text = `{ "Dhcp4": { # the auth of the API: x y
	"lease-database": { "password": "pw-1", "password-file": "/f" }, // "password": "pw-2"
	/* token
	pw-3 */ "control-sockets": [ { "authentication": { "clients": [ { "user": "u", "password": "pw-4" } ] } } ],
	"url": "http://u:pw-5@host/", "secret": { /* pass */ "a": "pw-6" }, "secrets": [], "psk": "", "token": null, # harmless
	"hosts-database": { "password": <?include "/etc/p"?> } } }`
	const want = `{ "Dhcp4": { # <redacted>
	"lease-database": { "password": "<redacted>", "password-file": "/f" }, // <redacted>
	/* <redacted>
 */ "control-sockets": [ { "authentication": { "clients": [ { "user": "u", "password": "<redacted>" } ] } } ],
	"url": "http://u:<redacted>@host/", "secret": "<redacted>", "secrets": "<redacted>", "psk": "", "token": null, # harmless
	"hosts-database": { "password": <?include "/etc/p"?> } } }`
	got, err := RedactConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if got, err := RedactConfig([]byte(`{"password":"pw-1"`)); err == nil || got != nil {
		t.Error("a text that cannot be read is shown")
	}
}

// Other people's editors: Windows, tabs, no blanks at all.
func TestEditConfigStyles(t *testing.T) {
	const reservation = `subnet4[0].reservations[duid=01]`
	value := json.RawMessage(`{"duid":"01","hostname":"h"}`)
	for name, tt := range map[string]struct{ text, want string }{
		"windows": {
			"\xef\xbb\xbf{\r\n\t\"Dhcp4\": {\r\n\t\t\"subnet4\": [ {\r\n\t\t\t\"id\": 1\r\n\t\t} ]\r\n\t}\r\n}\r\n",
			"\xef\xbb\xbf{\r\n\t\"Dhcp4\": {\r\n\t\t\"subnet4\": [ {\r\n\t\t\t\"id\": 1,\r\n\t\t\t\"reservations\": [\r\n\t\t\t\t{\r\n\t\t\t\t\t\"duid\": \"01\",\r\n\t\t\t\t\t\"hostname\": \"h\"\r\n\t\t\t\t}\r\n\t\t\t]\r\n\t\t} ]\r\n\t}\r\n}\r\n",
		},
		"dense":      {`{"Dhcp4":{"subnet4":[{"id":1}]}}`, `{"Dhcp4":{"subnet4":[{"id":1,"reservations":[{"duid":"01","hostname":"h"}]}]}}`},
		"commented":  {"{\"Dhcp4\":{\"subnet4\":[{\"reservations\":[ // none\n ]}]}}", "{\"Dhcp4\":{\"subnet4\":[{\"reservations\":[ // none\n  {\n   \"duid\": \"01\",\n   \"hostname\": \"h\"\n  }\n ]}]}}"},
		"comma last": {`{"Dhcp6":{"subnet4":[{"id":1,}]}}`, `{"Dhcp6":{"subnet4":[{"id":1,"reservations":[{"duid":"01","hostname":"h"}],}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := EditConfig([]byte(tt.text), []Edit{{Path: reservation, Value: value}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
			back, err := EditConfig(got, []Edit{{Path: reservation, Remove: true}})
			if err != nil || len(back) >= len(got) {
				t.Errorf("the way back: %v", err)
			}
		})
	}
}

// Whatever a text and a path are: an edit says what it should afterwards, or is refused.
func FuzzEditConfig(f *testing.F) {
	for _, path := range []string{"valid-lifetime", "subnet4[id=10].pools[0].pool", "lease-database.password", "a.b[c].d", "option-data[routers]"} {
		f.Add([]byte(handmade), path, "value")
	}
	f.Add([]byte("{\"Dhcp4\":{\"a\":[1,/**/<?include \"x\"?> 2,],}}"), "a[1]", "2")
	f.Fuzz(func(t *testing.T, text []byte, path, value string) {
		if !utf8.ValidString(value) {
			t.Skip("no JSON")
		}
		for _, e := range []Edit{{Path: path, Value: value}, {Path: path, Value: map[string]any{"name": value}}, {Path: path, Remove: true}} {
			got, err := EditConfig(text, []Edit{e})
			if errors.Is(err, ErrEdit) {
				t.Errorf("%q as %q: %v", path, value, err)
			}
			if err == nil {
				if _, err := ParseConfig(got); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
