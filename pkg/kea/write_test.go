package kea

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// meaning reads JSON with numbers as they are written.
func meaning(t *testing.T, text []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return v
}

func reencode(t *testing.T, text []byte) []byte {
	t.Helper()
	d, err := DecodeDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// capturedConfig is what config-get answered: the arguments of a reply.
func capturedConfig(t *testing.T, name string) []byte {
	t.Helper()
	var reply []struct{ Arguments json.RawMessage }
	if err := json.Unmarshal(file(t, filepath.Join("replies", name)), &reply); err != nil {
		t.Fatal(err)
	}
	return reply[0].Arguments
}

func TestDocumentKeepsCapturedConfigurations(t *testing.T) {
	for _, name := range []string{"config-2.2-dhcp6.json", "config-3.0-dhcp4.json"} {
		t.Run(name, func(t *testing.T) {
			in := capturedConfig(t, name)
			out := reencode(t, in)
			if diff := cmp.Diff(meaning(t, in), meaning(t, out)); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
			if again := reencode(t, out); !bytes.Equal(out, again) {
				t.Error("encoding it a second time gives other bytes")
			}
		})
	}
}

// Files in Kea's dialect: comments go, includes and passwords stay.
func TestDocumentKeepsFiles(t *testing.T) {
	for _, name := range []string{"dhcp4.conf", "dhcp4-sockets.conf", "ctrl-agent.conf"} {
		t.Run(name, func(t *testing.T) {
			before, includes, err := parseDialect(file(t, name))
			if err != nil {
				t.Fatal(err)
			}
			after, includesAfter, err := parseDialect(reencode(t, file(t, name)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(paths(includes), paths(includesAfter)); diff != "" {
				t.Errorf("includes (-before +after):\n%s", diff)
			}
		})
	}
}

func paths(includes []Include) map[string]string {
	out := map[string]string{}
	for _, i := range includes {
		out[i.At] = i.Path
	}
	return out
}

// Every type of a document keeps members that it does not know, and values that its fields cannot hold.
func TestDocumentKeepsUnknownMembers(t *testing.T) {
	const odd = `{"zz-number": 12345678901234567890.10, "aa-nested": {"z": 1, "a": [1e3, {"y": null, "b": "~"}]}, "m": ""}`
	for _, object := range []any{
		&Document{}, &DHCPDocument{}, &AgentDocument{}, &AgentSockets{}, &LeaseDatabase{}, &HostsDatabase{}, &InterfacesConfig{},
		&ControlSocketEntry{}, &ServerID{}, &MultiThreading{}, &Logger{}, &LoggerOutput{}, &HookLibrary{}, &HookParameters{},
		&HAEntry{}, &HAMultiThreading{}, &HAPeerEntry{}, &SharedNetwork{}, &SubnetEntry{}, &Relay{}, &PoolEntry{},
		&PDPoolEntry{}, &OptionData{}, &Reservation{},
	} {
		t.Run(reflect.TypeOf(object).Elem().Name(), func(t *testing.T) {
			if err := json.Unmarshal([]byte(odd), object); err != nil {
				t.Fatal(err)
			}
			out, err := json.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			want := `{"aa-nested":{"z":1,"a":[1e3,{"y":null,"b":"~"}]},"m":"","zz-number":12345678901234567890.10}`
			if string(out) != want {
				t.Errorf("got  %s\nwant %s", out, want)
			}
			for name := range fieldsOf(reflect.TypeOf(object).Elem()) {
				in := fmt.Sprintf(`{%q:{"of":["another",7.50,"type"]},"z":0}`, name)
				if err := json.Unmarshal([]byte(in), object); err != nil {
					t.Fatal(err)
				}
				out, err := json.Marshal(object)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(meaning(t, []byte(in)), meaning(t, out)); diff != "" {
					t.Errorf("%s of another type (-before +after):\n%s", name, diff)
				}
			}
		})
	}
}

func TestDocumentOrder(t *testing.T) {
	in := `{"Dhcp4": {"zebra": 1, "valid-lifetime": 0, "subnet4": [{"z": [], "subnet": "10.0.0.0/8", "id": 1, "b": 2}],
		"lease-database": {"password": "pw", "type": "postgresql", "port": "5432", "host": "h", "persist": false},
		"renew-timer": 5, "test": "a < b && \u003e \\u003c \u0001"}, "hash": "A1"}`
	want := `{
  "Dhcp4": {
    "lease-database": {
      "type": "postgresql",
      "host": "h",
      "persist": false,
      "password": "pw",
      "port": "5432"
    },
    "subnet4": [
      {
        "id": 1,
        "subnet": "10.0.0.0/8",
        "b": 2,
        "z": []
      }
    ],
    "renew-timer": 5,
    "test": "a < b && > \\u003c \u0001",
    "valid-lifetime": 0,
    "zebra": 1
  },
  "hash": "A1"
}
`
	if diff := cmp.Diff(want, string(reencode(t, []byte(in)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What was unknown or empty gives way to a field that is set later.
func TestFieldWinsOverUnknown(t *testing.T) {
	d, err := DecodeDocument([]byte(`{"Dhcp4": {"valid-lifetime": 0, "lease-database": {"port": "x", "password": "pw"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	d.DHCP4.ValidLifetime = 60
	d.DHCP4.LeaseDatabase.Port = 5432
	got, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Dhcp4":{"lease-database":{"port":5432,"password":"pw"},"valid-lifetime":60}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDocumentDoesNotPrintUnknownValues(t *testing.T) {
	d, err := DecodeDocument([]byte(`{"Dhcp4": {"lease-database": {"type": "mysql", "password": "hunter2", "x": 1}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		got := fmt.Sprintf(verb, *d.DHCP4.LeaseDatabase)
		if !strings.Contains(got, "[password x]") || strings.Contains(got, "hunter2") || strings.Contains(got, "104 117") {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func TestDecodeDocumentRefuses(t *testing.T) {
	for _, text := range []string{`[]`, `"text"`, `null`, `7`} {
		if _, err := DecodeDocument([]byte(text)); !errors.Is(err, ErrOtherConfig) {
			t.Errorf("%s: %v", text, err)
		}
	}
	var syntax *ParseError
	if _, err := DecodeDocument([]byte("{\n \"a\": pw-secret}")); !errors.As(err, &syntax) || strings.Contains(err.Error(), "pw-secret") {
		t.Errorf("%v", err)
	}
}

func TestIncludes(t *testing.T) {
	d := Document{DHCP6: &DHCPDocument{
		InterfacesConfig: &InterfacesConfig{Interfaces: &InterfaceList{Include: "/srv/kea/pod/interfaces6.json"}},
		LeaseDatabase: &LeaseDatabase{
			DatabaseAccess: DatabaseAccess{Name: `not an <?include "x"?>`, Host: `"<?include "y"?>`},
			Unknown:        Members{"password": json.RawMessage(`"\u003c?include \"/srv/pw.json\"?>"`)},
		},
	}}
	text, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "Dhcp6": {
    "interfaces-config": {
      "interfaces": <?include "/srv/kea/pod/interfaces6.json"?>
    },
    "lease-database": {
      "host": "\"<?include \"y\"?>",
      "name": "not an <?include \"x\"?>",
      "password": <?include "/srv/pw.json"?>
    }
  }
}
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c, err := ParseConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	includes := []Include{
		{Path: "/srv/kea/pod/interfaces6.json", At: "interfaces-config.interfaces"},
		{Path: "/srv/pw.json", At: "lease-database.password"},
	}
	if diff := cmp.Diff(includes, c.Includes); diff != "" {
		t.Errorf("includes (-want +got):\n%s", diff)
	}
	back, err := DecodeDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.DHCP6.InterfacesConfig, back.DHCP6.InterfacesConfig); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestPasswords(t *testing.T) {
	c := parseFile(t, "dhcp4.conf")
	want := []string{
		"config-control.config-databases[0].password",
		"hooks-libraries[1].parameters.high-availability[0].peers[0].basic-auth-password",
		"hooks-libraries[1].parameters.high-availability[0].peers[1].url",
		"hooks-libraries[2].parameters.password",
		"hooks-libraries[3].parameters.access.servers[0].secret",
		"lease-database.password",
		"subnet4[0].user-context.snmp-secret",
	}
	if diff := cmp.Diff(want, Passwords(c.Raw)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzDocument: whatever can be read means the same when it is written again.
func FuzzDocument(f *testing.F) {
	for _, pattern := range []string{"*.conf", "replies/config-*.json"} {
		names, _ := filepath.Glob(filepath.Join("testdata", pattern))
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before, _, err := parseDialect(text)
		if err != nil {
			return // nothing to keep
		}
		d, err := DecodeDocument(text)
		if err != nil {
			return // nothing to keep
		}
		out, err := d.Encode()
		if err != nil {
			return // not to be written, as it was not to be read
		}
		after, _, err := parseDialect(out)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, out)
		}
		var changes differ // for which 7. and 7 are the same
		changes.values("", before, after)
		for _, change := range changes.found {
			t.Errorf("%s: %s became %s in\n%s", change.Path, change.A, change.B, text)
		}
	})
}
