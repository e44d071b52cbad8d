package kea

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStatus(t *testing.T) {
	clock := time.Date(2026, 11, 22, 18, 29, 14, 0, time.UTC)
	noSkew := 0
	bound := Sockets{Status: "failed", Errors: []string{"Failed to open socket on interface ksa, reason: Failed to bind socket 12 to 10.99.2.2/port=67"}}
	queue := []float64{0, 0, 0}
	tests := map[string]Status{
		"status-2.2-two-services": {
			PID: 13853, Uptime: 48 * time.Second, Reload: 48 * time.Second, Sockets: Sockets{Status: "ready"},
			MultiThreading: true, ThreadPoolSize: 2, PacketQueueSize: 256, PacketQueue: queue,
			HA: []HARelationship{{
				Mode:   ModeHotStandby,
				Local:  HALocal{Role: RolePrimary, Scopes: []string{"server1"}, State: StateHotStandby},
				Remote: HARemote{Role: RoleStandby, LastState: StateHotStandby, LastScopes: []string{}, Age: time.Second, InTouch: true},
			}},
		},
		"status-2.2-agent": {PID: 13857, Uptime: 48 * time.Second, Reload: 48 * time.Second},
		"status-2.2-standby-alone": {
			PID: 6465, Uptime: 24 * time.Second, Reload: 24 * time.Second, Sockets: Sockets{Status: "ready"},
			MultiThreading: true, ThreadPoolSize: 2, PacketQueueSize: 256, PacketQueue: queue,
			HA: []HARelationship{{
				Mode:  ModeHotStandby,
				Local: HALocal{Role: RoleStandby, Scopes: []string{}, State: StateHotStandby},
				Remote: HARemote{
					Role: RolePrimary, LastState: StateUnavailable, LastScopes: []string{"server1"}, Age: 14 * time.Second,
					InTouch: true, CommunicationInterrupted: true, UnackedClientsLeft: 3,
				},
			}},
		},
		"status-2.2-terminated": {
			PID: 21786, Uptime: 21 * time.Second, Reload: 21 * time.Second, Sockets: bound,
			MultiThreading: true, ThreadPoolSize: 2, PacketQueueSize: 256, PacketQueue: queue,
			HA: []HARelationship{{
				Mode:   ModeHotStandby,
				Local:  HALocal{Role: RolePrimary, Scopes: []string{"server1"}, State: StateTerminated},
				Remote: HARemote{Role: RoleStandby, LastState: StateWaiting, LastScopes: []string{}, Age: 7 * time.Second, InTouch: true},
			}},
		},
		"status-2.6-disabled": {
			PID: 23011, Uptime: 8 * time.Second, Reload: 8 * time.Second, Sockets: bound,
			DHCP: &DHCPState{
				GloballyDisabled: true, DisabledByUser: true,
				DisabledByLocalCommand: []int{}, DisabledByRemoteCommand: []int{}, DisabledByDBConnection: []int{},
			},
			MultiThreading: true, ThreadPoolSize: 2, PacketQueueSize: 256, PacketQueue: queue,
			HA: []HARelationship{{
				Mode:   ModeHotStandby,
				Local:  HALocal{Role: RolePrimary, ServerName: "server1", Scopes: []string{"server1"}, State: StateHotStandby},
				Remote: HARemote{Role: RoleStandby, ServerName: "server2", LastState: StateHotStandby, LastScopes: []string{}, InTouch: true},
			}},
		},
		"status-2.6-after-failed-config-set": {
			PID: 23011, Uptime: 8 * time.Second, Reload: 8 * time.Second, Sockets: Sockets{Status: "ready"},
			DHCP: &DHCPState{DisabledByLocalCommand: []int{}, DisabledByRemoteCommand: []int{}, DisabledByDBConnection: []int{}},
		},
		"status-3.0": {
			PID: 20529, Uptime: 31 * time.Second, Reload: 31 * time.Second, Sockets: Sockets{Status: "ready"},
			DHCP:           &DHCPState{DisabledByLocalCommand: []int{}, DisabledByRemoteCommand: []int{}, DisabledByDBConnection: []int{}},
			MultiThreading: true, ThreadPoolSize: 2, PacketQueueSize: 256, PacketQueue: queue,
			HA: []HARelationship{{
				Mode:  ModeHotStandby,
				Local: HALocal{Role: RolePrimary, ServerName: "server1", Scopes: []string{"server1"}, State: StateHotStandby, SystemTime: &clock},
				Remote: HARemote{
					Role: RoleStandby, ServerName: "server2", LastState: StateHotStandby, LastScopes: []string{}, InTouch: true,
					ClockSkew: &noSkew, SystemTime: &clock,
				},
			}},
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := replay(t, name).Status(t.Context(), DHCP4)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestStatusOfUnknownPartner has the nulls that 3.0 writes before the first contact.
func TestStatusOfUnknownPartner(t *testing.T) {
	const body = `[{"arguments":{"high-availability":[{"ha-mode":"load-balancing","ha-servers":{
		"local":{"role":"secondary","scopes":[],"state":"waiting","system-time":null},
		"remote":{"age":0,"clock-skew":null,"in-touch":false,"last-scopes":[],"last-state":"","system-time":null}}}]},"result":0}]`
	got, err := server(t, http.StatusOK, body).Status(t.Context(), DHCP4)
	if err != nil {
		t.Fatal(err)
	}
	r := got.HA[0]
	if r.Local.SystemTime != nil || r.Remote.ClockSkew != nil || r.Remote.SystemTime != nil || r.Remote.LastState != StateUnknown {
		t.Errorf("got %+v", r)
	}
}

func TestHeartbeat(t *testing.T) {
	tests := map[string]Heartbeat{
		"heartbeat-2.2": {Time: time.Date(2026, 11, 22, 18, 11, 46, 0, time.UTC), State: StateHotStandby, Scopes: []string{"server1"}},
		"heartbeat-3.0": {Time: time.Date(2026, 11, 22, 18, 29, 15, 0, time.UTC), State: StateHotStandby, Scopes: []string{"server1"}},
		"heartbeat-2.2-partner-down": {
			Time: time.Date(2026, 11, 22, 18, 28, 17, 0, time.UTC), State: StatePartnerDown,
			Scopes: []string{"server1", "server2"}, UnsentUpdates: 21,
		},
	}
	for name, want := range tests {
		got, err := replay(t, name).Heartbeat(t.Context(), DHCP4)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if _, err := replay(t, "unsupported").Heartbeat(t.Context(), DHCP4); !errors.Is(err, ErrUnsupported) {
		t.Errorf("got %v, want ErrUnsupported", err)
	}
}

func TestVersion(t *testing.T) {
	tests := map[string]Version{
		"version-2.2": {Number: "2.2.0", Major: 2, Minor: 2, PostgreSQLSchema: &SchemaVersion{13, 0}},
		"version-2.6": {Number: "2.6.3", Major: 2, Minor: 6, Patch: 3, PostgreSQLSchema: &SchemaVersion{22, 2}},
		"version-3.0": {Number: "3.0.4", Major: 3, Minor: 0, Patch: 4, PostgreSQLSchema: &SchemaVersion{29, 0}},
	}
	for name, want := range tests {
		got, err := replay(t, name).Version(t.Context(), DHCP4)
		if got.Extended == "" {
			t.Errorf("%s: no description", name)
		}
		got.Extended = ""
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	odd := parseVersion("2.7.8-git (isc20250429)\nbackends:\n- Memfile backend 3.0")
	if odd.Number != "2.7.8-git" || odd.Patch != 8 || odd.PostgreSQLSchema != nil {
		t.Errorf("got %+v", odd)
	}
	for v, want := range map[Version]bool{
		{Major: 2, Minor: 6}: true, {Major: 2, Minor: 7}: true, {Major: 3}: true, {Major: 2, Minor: 5}: false, {Major: 1, Minor: 9}: false,
	} {
		if v.AtLeast(2, 6) != want {
			t.Errorf("%d.%d at least 2.6: %v", v.Major, v.Minor, !want)
		}
	}
}

func TestConfigHash(t *testing.T) {
	for name, want := range map[string]string{
		"hash-2.6": "AE51307B2E7B14E8E9B9813D135F1AA324044065340B3394C8DE511565F7BEC0",
		"hash-3.0": "EAF1BC47E835979585A6761B9F68249EA6143715AE6553E4EFE29B8E608A0F57",
	} {
		if got, err := replay(t, name).ConfigHash(t.Context(), DHCP4); got != want || err != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestProbeLeases(t *testing.T) {
	tests := map[string]error{
		"lease-found": nil, "lease-not-found": nil, "lease-not-found-direct": nil,
		"no-lease-manager": ErrNoDatabase, "unsupported": ErrUnsupported, "offline-refused": ErrOffline,
	}
	for name, want := range tests {
		for _, s := range []Service{DHCP4, DHCP6} {
			err := replay(t, name).ProbeLeases(t.Context(), s)
			if want == nil && err != nil || !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", name, err, want)
			}
		}
	}
}

func TestLeaseStats(t *testing.T) {
	four := func(id uint32, total, assigned, declined uint64) SubnetStats {
		return SubnetStats{SubnetID: id, Addresses: Addresses{Total: CountOf(total), Assigned: CountOf(assigned), Declined: CountOf(declined)}}
	}
	six := func(id uint32, assigned, prefixes, assignedPrefixes uint64) SubnetStats {
		s := four(id, 61440, assigned, 0)
		s.Prefixes = &Prefixes{Total: CountOf(prefixes), Assigned: CountOf(assignedPrefixes)}
		return s
	}
	tests := map[string]struct {
		service Service
		want    LeaseStats
	}{
		"stat4-2.2": {DHCP4, LeaseStats{
			Time:    time.Date(2026, 11, 22, 18, 11, 46, 368176000, time.UTC),
			Subnets: []SubnetStats{four(10, 65023, 0, 0), four(20, 65023, 0, 0), four(30, 241, 0, 0), four(31, 241, 0, 0)},
		}},
		"stat4-3.0": {DHCP4, LeaseStats{
			Time:    time.Date(2026, 11, 22, 18, 29, 15, 973772000, time.UTC),
			Subnets: []SubnetStats{four(10, 65023, 2, 0), four(20, 65023, 3, 1)},
		}},
		"stat4-none": {DHCP4, LeaseStats{}},
		"stat6-2.2": {DHCP6, LeaseStats{
			Time:    time.Date(2026, 11, 22, 18, 55, 30, 164767000, time.UTC),
			Subnets: []SubnetStats{six(10, 1, 256, 1), six(20, 0, 0, 0)},
		}},
		"stat6-3.0-huge": {DHCP6, LeaseStats{
			Time: time.Date(2026, 11, 22, 21, 55, 21, 591999000, time.UTC),
			Subnets: []SubnetStats{
				{SubnetID: 1, Addresses: Addresses{Total: powerOfTwo(65)}, Prefixes: &Prefixes{Total: powerOfTwo(30)}},
				{SubnetID: 2, Addresses: Addresses{Total: powerOfTwo(95)}, Prefixes: &Prefixes{}},
			},
		}},
	}
	for name, tt := range tests {
		got, err := replay(t, name).LeaseStats(t.Context(), tt.service)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// TestLeaseStatsOddTables has columns in another order, a new one, and numbers beyond 2^63.
func TestLeaseStatsOddTables(t *testing.T) {
	const body = `[{"arguments":{"result-set":{
		"columns":["assigned-nas","subnet-id","declined-addresses","total-nas","total-pds"],
		"rows":[[5,1,7,-1,18446744073709551616],[-5,2,7,-9223372036854775808,1.8446744073709552e+19],[1,3]],
		"timestamp":"never"}},"result":0}]`
	got, err := server(t, http.StatusOK, body).LeaseStats(t.Context(), DHCP6)
	if err != nil {
		t.Fatal(err)
	}
	var totals []string
	for _, s := range got.Subnets {
		totals = append(totals, s.Assigned.String(), s.Declined.String(), s.Total.String(), s.Prefixes.Total.String())
	}
	want := []string{
		"5", "7", "18446744073709551615", "18446744073709551616",
		"0", "7", "9223372036854775808", "18446744073709552000",
		"1", "0", "0", "0",
	}
	if diff := cmp.Diff(want, totals); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{
		`[{"arguments":{"result-set":{"columns":["x"],"rows":[[1]]}},"result":0}]`,
		`[{"arguments":{"result-set":{"columns":["subnet-id"],"rows":[[-1]]}},"result":0}]`,
	} {
		if _, err := server(t, http.StatusOK, bad).LeaseStats(t.Context(), DHCP4); !errors.Is(err, ErrNotKea) {
			t.Errorf("%s: got %v, want ErrNotKea", bad, err)
		}
	}
}

func TestConfigGet(t *testing.T) {
	c := replay(t, "config-2.2-dhcp6")
	got, err := c.Config(t.Context(), DHCP6)
	if err != nil {
		t.Fatal(err)
	}
	if got.Service != DHCP6 || len(got.Subnets) != 2 || got.LeaseDatabase.Password.Reveal() != "pw-lease-6" {
		t.Errorf("got %+v", got)
	}
	if _, err := c.Config(t.Context(), DHCP4); !errors.Is(err, ErrWrongService) {
		t.Errorf("got %v, want ErrWrongService: a daemon's own socket ignores the service", err)
	}
	if _, err := replay(t, "version-2.6").Config(t.Context(), DHCP4); !errors.Is(err, ErrWrongService) {
		t.Errorf("got %v, want ErrWrongService", err)
	}
}
