package config

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

const text = `{"Dhcp4": { # by hand
	"valid-lifetime": 3600, "lease-database": { "password": "pw-1" } } }`

func parse(t *testing.T, text string) *kea.Config {
	t.Helper()
	c, err := kea.ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

func TestCompare(t *testing.T) {
	server := inventory.Server{Pod: "kea-0", Service: kea.DHCP4}
	file := inventory.ConfigFile{Kind: "configmap", Name: "conf", Key: "kea.conf", Text: kea.NewSecret(text)}
	runs := parse(t, `{"Dhcp4":{"valid-lifetime":3600,"renew-timer":900,"lease-database":{"password":"pw-1"}}}`)
	none := []kea.Difference{}
	longer := kea.Edit{Path: "valid-lifetime", Value: 7200}
	for name, tt := range map[string]struct {
		fileErr error
		runs    *kea.Config
		change  Change
		want    Difference
	}{
		"as it is": {nil, runs, Change{}, Difference{File: none, Running: none}},
		"a value": {
			nil, runs,
			Change{Edits: []kea.Edit{longer}},
			Difference{File: []kea.Difference{{Path: "valid-lifetime", A: "3600", B: "7200"}}, Running: []kea.Difference{{Path: "valid-lifetime", A: "3600", B: "7200"}}},
		},
		"a password": {
			nil, runs,
			Change{Edits: []kea.Edit{{Path: "lease-database.password", Value: "pw-2"}}},
			Difference{
				File:    []kea.Difference{{Path: "lease-database.password", A: `"<redacted>"`, B: `"<redacted>"`}},
				Running: []kea.Difference{{Path: "lease-database.password", A: `"<redacted>"`, B: `"<redacted>"`}},
			},
		},
		"a whole file": {
			nil, runs,
			Change{Texts: map[string]kea.Secret{"kea-0/dhcp4": kea.NewSecret(`{"Dhcp4":{"valid-lifetime":60}}`)}},
			Difference{
				File: []kea.Difference{
					{Path: "lease-database", A: `{"password":"<redacted>"}`}, {Path: "valid-lifetime", A: "3600", B: "60"},
				},
				Running: []kea.Difference{{Path: "valid-lifetime", A: "3600", B: "60"}},
			},
		},
		"a server that is away": {
			nil, nil,
			Change{Edits: []kea.Edit{longer}},
			Difference{File: []kea.Difference{{Path: "valid-lifetime", A: "3600", B: "7200"}}, Running: none, WhyRunning: "it was not reached: it is away"},
		},
		"a file of nobody": {
			errors.New("made by an init container"), runs,
			Change{},
			Difference{File: none, Running: none, WhyFile: "made by an init container", WhyRunning: "made by an init container"},
		},
		"an edit that cannot be made": {
			nil, runs,
			Change{Edits: []kea.Edit{{Path: "subnet4[id=1].id", Value: 2}}},
			Difference{
				File: none, Running: none,
				WhyFile: "the file as it would be: subnet4[id=1].id: there is no such element", WhyRunning: "the file as it would be: subnet4[id=1].id: there is no such element",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := ha.Observation{Server: server, Config: tt.runs, Reached: tt.runs != nil}
			if tt.runs == nil {
				o.Failure = errors.New("it is away")
			}
			tt.want.Server = "kea-0/dhcp4"
			if tt.fileErr == nil {
				tt.want.Object = "configmap conf, key kea.conf"
			}
			if diff := cmp.Diff(tt.want, compare(file, tt.fileErr, o, tt.change)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompareSums(t *testing.T) {
	r := Compare(&inventory.Inventory{Namespace: "network"}, nil, Change{Texts: map[string]kea.Secret{"kea-1/dhcp4": kea.NewSecret(text)}})
	want := Report{Namespace: "network", Asked: true, Servers: []Difference{incomparable("kea-1/dhcp4", errAbsent)}}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
}

func TestShow(t *testing.T) {
	for name, tt := range map[string]struct {
		text    string
		secrets bool
		want    File
	}{
		"without secrets": {text, false, File{Text: "{\"Dhcp4\": { # by hand\n\t\"valid-lifetime\": 3600, \"lease-database\": { \"password\": \"<redacted>\" } } }"}},
		"with them":       {text, true, File{Text: text}},
		"not readable":    {"{", false, File{Why: "it cannot be read, so nobody knows where its secrets are: line 1, column 2: unexpected end, '}' is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			var f File
			f.Show(kea.NewSecret(tt.text), tt.secrets)
			if diff := cmp.Diff(tt.want, f); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	in := &inventory.Inventory{Namespace: "network", Servers: []inventory.Server{
		{Pod: "kea-0", Service: kea.DHCP4}, {Pod: "kea-0", Service: kea.DHCP6}, {Pod: "kea-1", Service: kea.DHCP4},
	}}
	for name, tt := range map[string]struct {
		names   []string
		service kea.Service
		want    []string
		err     string
	}{
		"all":                {nil, "", []string{"kea-0/dhcp4", "kea-0/dhcp6", "kea-1/dhcp4"}, ""},
		"a pod":              {[]string{"kea-0"}, "", []string{"kea-0/dhcp4", "kea-0/dhcp6"}, ""},
		"a server":           {[]string{"kea-1/dhcp4"}, "", []string{"kea-1/dhcp4"}, ""},
		"a service":          {nil, kea.DHCP6, []string{"kea-0/dhcp6"}, ""},
		"a pod's service":    {[]string{"kea-0"}, kea.DHCP4, []string{"kea-0/dhcp4"}, ""},
		"nobody":             {[]string{"kea-2"}, "", nil, "server kea-2 in namespace network"},
		"without the family": {[]string{"kea-1"}, kea.DHCP6, nil, "server with dhcp6 in namespace network"},
	} {
		t.Run(name, func(t *testing.T) {
			servers, err := Choose(in, tt.names, tt.service)
			var got []string
			for _, s := range servers {
				got = append(got, s.Name())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if text := ""; err != nil || tt.err != "" {
				if err != nil {
					text = err.Error()
				}
				if text != tt.err {
					t.Error(text)
				}
			}
		})
	}
}
