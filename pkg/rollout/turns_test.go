package rollout

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// peer is one that is as it should be in a mode.
func peer(mode kea.HAMode, pod string, service kea.Service, role kea.HARole) ha.Peer {
	state := normalState(mode)
	p := ha.Peer{Name: pod, Pod: pod, Server: pod + "/" + string(service), Role: role, Reached: true, State: state, SeenState: &state, LeaseQuery: ha.Works}
	p.Scopes = normalScopes(mode, p)
	return p
}

// pair is a relationship that is as it should be.
func pair(mode kea.HAMode, service kea.Service, first, second kea.HARole) ha.Relationship {
	shared := true
	return ha.Relationship{
		Name: "kea-0 + kea-1 " + string(service), Service: service, Mode: mode, SharedDatabase: &shared,
		Peers: []ha.Peer{peer(mode, "kea-0", service, first), peer(mode, "kea-1", service, second)},
	}
}

func TestTurns(t *testing.T) {
	none := []string{}
	for name, tt := range map[string]struct {
		report ha.Report
		want   []Turn
	}{
		"hot-standby, the standby first": {
			ha.Report{Relationships: []ha.Relationship{pair(kea.ModeHotStandby, kea.DHCP4, kea.RolePrimary, kea.RoleStandby)}},
			[]Turn{
				{"kea-1", []Seat{{Server: "kea-1/dhcp4", Service: kea.DHCP4, State: kea.StateHotStandby, Scopes: none, Partner: "kea-0/dhcp4", PartnerScopes: []string{"kea-0"}}}},
				{"kea-0", []Seat{{Server: "kea-0/dhcp4", Service: kea.DHCP4, State: kea.StateHotStandby, Scopes: []string{"kea-0"}, Partner: "kea-1/dhcp4", PartnerScopes: none}}},
			},
		},
		"load-balancing, each keeps its own": {
			ha.Report{Relationships: []ha.Relationship{pair(kea.ModeLoadBalancing, kea.DHCP4, kea.RolePrimary, kea.RoleSecondary)}},
			[]Turn{
				{"kea-0", []Seat{{Server: "kea-0/dhcp4", Service: kea.DHCP4, State: kea.StateLoadBalancing, Scopes: []string{"kea-0"}, Partner: "kea-1/dhcp4", PartnerScopes: []string{"kea-1"}}}},
				{"kea-1", []Seat{{Server: "kea-1/dhcp4", Service: kea.DHCP4, State: kea.StateLoadBalancing, Scopes: []string{"kea-1"}, Partner: "kea-0/dhcp4", PartnerScopes: []string{"kea-0"}}}},
			},
		},
		"a pod's servers go together": {
			ha.Report{Relationships: []ha.Relationship{
				pair(kea.ModeHotStandby, kea.DHCP4, kea.RoleStandby, kea.RolePrimary), pair(kea.ModeHotStandby, kea.DHCP6, kea.RoleStandby, kea.RolePrimary),
			}},
			[]Turn{
				{"kea-0", []Seat{
					{Server: "kea-0/dhcp4", Service: kea.DHCP4, State: kea.StateHotStandby, Scopes: none, Partner: "kea-1/dhcp4", PartnerScopes: []string{"kea-1"}},
					{Server: "kea-0/dhcp6", Service: kea.DHCP6, State: kea.StateHotStandby, Scopes: none, Partner: "kea-1/dhcp6", PartnerScopes: []string{"kea-1"}},
				}},
				{"kea-1", []Seat{
					{Server: "kea-1/dhcp4", Service: kea.DHCP4, State: kea.StateHotStandby, Scopes: []string{"kea-1"}, Partner: "kea-0/dhcp4", PartnerScopes: none},
					{Server: "kea-1/dhcp6", Service: kea.DHCP6, State: kea.StateHotStandby, Scopes: []string{"kea-1"}, Partner: "kea-0/dhcp6", PartnerScopes: none},
				}},
			},
		},
		"alone": {
			ha.Report{Standalone: []ha.Peer{{Pod: "kea-0", Server: "kea-0/dhcp6"}}},
			[]Turn{{"kea-0", []Seat{{Server: "kea-0/dhcp6", Service: kea.DHCP6, Alone: true, Scopes: none, PartnerScopes: none}}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Turns(tt.report)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNotReady(t *testing.T) {
	elsewhere := kea.StateUnavailable
	for name, tt := range map[string]struct {
		change       func(r *ha.Relationship)
		first, again []string
	}{
		"as it should be":    {func(*ha.Relationship) {}, nil, nil},
		"separate databases": {func(r *ha.Relationship) { *r.SharedDatabase = false }, []string{"separate-databases"}, []string{"separate-databases"}},
		"not known whether":  {func(r *ha.Relationship) { r.SharedDatabase = nil }, []string{"separate-databases"}, []string{"separate-databases"}},
		"passive backup":     {func(r *ha.Relationship) { r.Mode = kea.ModePassiveBackup }, []string{"nobody-covers"}, []string{"nobody-covers"}},
		"one is away":        {func(r *ha.Relationship) { r.Peers[1].Reached = false }, []string{"server-not-ready"}, []string{"server-not-ready"}},
		"takes over":         {func(r *ha.Relationship) { r.Peers[0].State = kea.StatePartnerDown }, []string{"not-normal"}, []string{"not-normal"}},
		"its partner misses": {func(r *ha.Relationship) { r.Peers[0].SeenState = &elsewhere }, []string{"not-normal"}, []string{"not-normal"}},
		// What a run leaves that was killed: it is put right, not refused.
		"still covered": {func(r *ha.Relationship) { r.Peers[1].Scopes = []string{"kea-0"} }, []string{"not-normal"}, nil},
		"no database":   {func(r *ha.Relationship) { r.Peers[0].LeaseQuery = ha.Broken }, []string{"server-not-ready"}, nil},
		"not known":     {func(r *ha.Relationship) { r.Peers[0].LeaseQuery = "" }, []string{"server-not-ready"}, nil},
		"still paused":  {func(r *ha.Relationship) { r.Peers[0].Disabled = []string{"by a user"} }, []string{"server-not-ready"}, nil},
		"serves nobody": {func(r *ha.Relationship) { r.Peers[0].Scopes = nil }, []string{"not-normal"}, []string{"not-normal"}},
	} {
		for continues, want := range map[bool][]string{false: tt.first, true: tt.again} {
			r := pair(kea.ModeHotStandby, kea.DHCP4, kea.RolePrimary, kea.RoleStandby)
			tt.change(&r)
			var got []string
			for _, p := range NotReady("network", ha.Report{Relationships: []ha.Relationship{r}}, continues) {
				got = append(got, p.Code)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, continues %v: %s", name, continues, diff)
			}
		}
	}
}
