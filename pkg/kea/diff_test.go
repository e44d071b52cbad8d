package kea

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func parse4(t *testing.T, members string) Config {
	t.Helper()
	c, err := ParseConfig([]byte(`{"Dhcp4":{` + members + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDiff(t *testing.T) {
	tests := map[string]struct {
		a, b string
		want []Difference
	}{
		"a server's own": {
			a: `"server-tag":"a","server-id":{"time":1},"interfaces-config":{"interfaces":["eth0/10.0.0.1"],"dhcp-socket-type":"udp"},
				"control-socket":{"socket-type":"unix","socket-name":"/run/kea/a.sock"},"dhcp-ddns":{"sender-ip":"10.0.0.1","sender-port":1,"enable-updates":false},
				"loggers":[{"name":"kea-dhcp4","severity":"INFO","output_options":[{"output":"/a.log"}]}],
				"hooks-libraries":[{"library":"/usr/lib/a/libdhcp_ha.so","parameters":{"high-availability":[{"this-server-name":"s1","peers":[
					{"name":"s1","url":"http://0.0.0.0:8010/","role":"primary"},{"name":"s2","url":"http://10.0.0.2:8010/","role":"standby"}]}]}}]`,
			b: `"server-tag":"b","server-id":{"time":2},"interfaces-config":{"interfaces":["eth1"],"dhcp-socket-type":"udp"},
				"control-sockets":[{"socket-type":"unix","socket-name":"/run/kea/b.sock"}],"dhcp-ddns":{"sender-ip":"10.0.0.2","enable-updates":false},
				"loggers":[{"name":"kea-dhcp4","severity":"INFO","output-options":[{"output":"/b.log"}]}],
				"hooks-libraries":[{"library":"/usr/lib/b/libdhcp_ha.so","parameters":{"high-availability":[{"this-server-name":"s2","peers":[
					{"name":"s2","url":"http://0.0.0.0:8010/","role":"standby"},{"name":"s1","url":"http://10.0.0.1:8010/","role":"primary"}]}]}}]`,
		},
		"matched by identity, not by position": {
			a: `"subnet4":[{"id":10,"pools":[{"pool":"10.0.0.0/24"},{"pool":"10.0.2.1 - 10.0.2.9"}]},{"id":20,"option-data":[{"code":3,"name":"routers","data":"1"},{"code":6,"data":"2"}]}],
				"client-classes":[{"name":"x"},{"name":"y"}],"reservations":[{"hw-address":"02:AA:00:00:00:01","hostname":"h"},{"duid":"01:02"}]`,
			b: `"subnet4":[{"id":20,"option-data":[{"code":6,"data":"2"},{"code":3,"name":"routers","data":"1"}]},{"id":10,"pools":[{"pool":"10.0.2.1-10.0.2.9"},{"pool":"10.0.0.0-10.0.0.255"}]}],
				"client-classes":[{"name":"y"},{"name":"x"}],"reservations":[{"duid":"01:02"},{"hw-address":"02:aa:00:00:00:01","hostname":"h"}]`,
		},
		"values": {
			a: `"valid-lifetime":3600,"subnet4":[{"id":10,"valid-lifetime":60,"relay":{"ip-address":"10.0.0.1"},"option-data":[{"name":"routers","data":"a"}]}],"t1-percent":1`,
			b: `"valid-lifetime":7200,"subnet4":[{"id":10,"valid-lifetime":61,"relay":{"ip-addresses":["10.0.0.1"]},"option-data":[{"name":"routers","data":"b"}]}],"t1-percent":1.0`,
			want: []Difference{
				{`subnet4[id=10].option-data[routers].data`, `"a"`, `"b"`},
				{`subnet4[id=10].valid-lifetime`, `60`, `61`},
				{`valid-lifetime`, `3600`, `7200`},
			},
		},
		"present on one side": {
			a: `"subnet4":[{"id":10,"subnet":"10.0.0.0/24"},{"id":20}],"authoritative":true`,
			b: `"subnet4":[{"id":20},{"id":30}],"boot-file-name":""`,
			want: []Difference{
				{`authoritative`, `true`, ``},
				{`boot-file-name`, ``, `""`},
				{`subnet4[id=10]`, `{"id":10,"subnet":"10.0.0.0/24"}`, ``},
				{`subnet4[id=30]`, ``, `{"id":30}`},
			},
		},
		"the same subnet under another id": {
			a:    `"subnet4":[{"id":1,"subnet":"10.0.0.0/24"}]`,
			b:    `"subnet4":[{"id":2,"subnet":"10.0.0.0/24"}]`,
			want: []Difference{{`subnet4[id=1].id`, `1`, `2`}},
		},
		"another database, another password": {
			a: `"lease-database":{"host":"a","password":"pw-a"},"hosts-database":{"type":"postgresql","password":"pw-same"}`,
			b: `"lease-database":{"host":"b","password":"pw-b"},"hosts-databases":[{"type":"postgresql","password":"pw-same"}]`,
			want: []Difference{
				{`lease-database.host`, `"a"`, `"b"`},
				{`lease-database.password`, `"<redacted>"`, `"<redacted>"`},
			},
		},
		"a role, a peer": {
			a: `"hooks-libraries":[{"library":"libdhcp_ha.so","parameters":{"high-availability":[{"peers":[{"name":"s1","role":"primary"},{"name":"s2","role":"standby"}]}]}}]`,
			b: `"hooks-libraries":[{"library":"libdhcp_ha.so","parameters":{"high-availability":[{"peers":[{"name":"s1","role":"standby"},{"name":"s2","role":"standby"}]}]}}]`,
			want: []Difference{
				{`hooks-libraries[libdhcp_ha.so].parameters.high-availability[s1,s2].peers[s1].role`, `"primary"`, `"standby"`},
			},
		},
		"lists of values keep their order, those of relays do not": {
			a:    `"host-reservation-identifiers":["hw-address","duid"],"shared-networks":[{"name":"n","relay":{"ip-addresses":["10.0.0.2","10.0.0.1"]}}]`,
			b:    `"host-reservation-identifiers":["duid","hw-address"],"shared-networks":[{"name":"n","relay":{"ip-addresses":["10.0.0.1","10.0.0.2"]}}]`,
			want: []Difference{{`host-reservation-identifiers`, `["hw-address","duid"]`, `["duid","hw-address"]`}},
		},
		"another type, a long value": {
			a:    `"x":{"a":1},"y":"` + strings.Repeat("é", 300) + `"`,
			b:    `"x":[1],"y":""`,
			want: []Difference{{`x`, `{"a":1}`, `[1]`}, {`y`, `"` + strings.Repeat("é", 199) + `…`, `""`}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, b := parse4(t, tt.a), parse4(t, tt.b)
			before := mustJSON(t, a)
			if diff := cmp.Diff(tt.want, Diff(a, b)); diff != "" {
				t.Error(diff)
			}
			var mirrored []Difference
			for _, d := range tt.want {
				mirrored = append(mirrored, Difference{Path: d.Path, A: d.B, B: d.A})
			}
			if name != "the same subnet under another id" { // is named after its first side
				if diff := cmp.Diff(mirrored, Diff(b, a), cmpopts.SortSlices(func(x, y Difference) bool { return x.Path < y.Path })); diff != "" {
					t.Errorf("the other way round: %s", diff)
				}
			}
			if before != mustJSON(t, a) {
				t.Error("Diff changed what it compared")
			}
		})
	}
}

func TestDiffFile(t *testing.T) {
	file := parse4(t, `"comment":"ours","lease-database":{"password":<?include "/etc/kea-db/password.json"?>},
		"subnet4":[{"id":10,"option-data":[{"code":3,"data":"10.0.0.1"}]}, <?include "more.json"?>],"valid-lifetime":3600,"authoritative":true`)
	live := parse4(t, `"lease-database":{"password":"pw"},"decline-probation-period":86400,
		"subnet4":[{"id":10,"option-data":[{"code":3,"name":"routers","space":"dhcp4","data":"10.0.0.1"}],"reservations":[]},{"id":11}],"valid-lifetime":7200`)
	want := []Difference{{"authoritative", "true", ""}, {"valid-lifetime", "3600", "7200"}}
	if diff := cmp.Diff(want, DiffFile(file, live)); diff != "" {
		t.Error(diff)
	}
}
