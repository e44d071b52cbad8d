package rollout

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestMoves(t *testing.T) {
	type move struct {
		Names []string
		Way   Way
		Cost  string
	}
	hot := func(change func(r *ha.Relationship)) ha.Report {
		r := pair(kea.ModeHotStandby, kea.DHCP4, kea.RolePrimary, kea.RoleStandby)
		change(&r)
		return ha.Report{Relationships: []ha.Relationship{r}}
	}
	none := func(*ha.Relationship) {}
	covers, stands := "none, or one packet more: kea-1 answers its clients meanwhile", "none: kea-0 serves"
	both := []string{"kea-0/dhcp4", "kea-1/dhcp4"}
	for name, tt := range map[string]struct {
		report  ha.Report
		changed []string
		later   string
		want    []move
	}{
		"hot-standby, the standby first": {hot(none), both, "", []move{
			{[]string{"kea-1/dhcp4"}, WayCovered, stands}, {[]string{"kea-0/dhcp4"}, WayCovered, covers},
		}},
		"only one changes": {hot(none), []string{"kea-0/dhcp4"}, "", []move{{[]string{"kea-0/dhcp4"}, WayCovered, covers}}},
		"separate databases": {hot(func(r *ha.Relationship) { r.SharedDatabase = nil }), both, "", []move{
			{[]string{"kea-1/dhcp4"}, WayCovered, "kea-0 serves, but pauses while the other fetches its leases from it"},
			{[]string{"kea-0/dhcp4"}, WayMaintenance, "kea-1 takes over without a gap; when it gives back, clients wait for a heartbeat (2s) at most"},
		}},
		"load-balancing": {
			ha.Report{Relationships: []ha.Relationship{pair(kea.ModeLoadBalancing, kea.DHCP4, kea.RolePrimary, kea.RoleSecondary)}},
			both, "",
			[]move{{[]string{"kea-0/dhcp4"}, WayCovered, covers}, {[]string{"kea-1/dhcp4"}, WayCovered, "none, or one packet more: kea-0 answers its clients meanwhile"}},
		},
		"the standby is dead": {
			hot(func(r *ha.Relationship) {
				r.Peers[1] = ha.Peer{Name: "kea-1", Pod: "kea-1", Server: "kea-1/dhcp4", Role: kea.RoleStandby}
				r.Peers[0].State = kea.StatePartnerDown
			}),
			both, "kea-1/dhcp4",
			[]move{{[]string{"kea-0/dhcp4"}, WayAlone, "nobody covers it: clients wait until it has given up its partner, up to 10s"}},
		},
		"without high availability": {
			ha.Report{Standalone: []ha.Peer{{Name: "kea-0", Pod: "kea-0", Server: "kea-0/dhcp4", Reached: true}}},
			[]string{"kea-0/dhcp4"},
			"",
			[]move{{[]string{"kea-0/dhcp4"}, WayAlone, "its clients wait while it reloads, a second or less"}},
		},
	} {
		f := facts{report: tt.report}
		for _, server := range both {
			pod := server[:5]
			config := kea.Config{HA: []kea.HAConfig{{HeartbeatDelay: 2 * time.Second, MaxResponseDelay: 8 * time.Second}}}
			f.observations = append(f.observations, ha.Observation{Server: inventory.Server{Pod: pod, Service: kea.DHCP4}, Config: &config})
		}
		changed := []FileChange{}
		for _, server := range tt.changed {
			changed = append(changed, FileChange{File: File{Server: server}, Later: server == tt.later})
		}
		got := []move{}
		for _, m := range f.moves(changed) {
			got = append(got, move{m.Names(), m.Way, m.Cost})
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A server whose partner does not serve keeps its clients waiting: that is done only when it is accepted.
func TestNobodyCovers(t *testing.T) {
	r := pair(kea.ModeHotStandby, kea.DHCP4, kea.RolePrimary, kea.RoleStandby)
	r.Peers[1].Reached, r.Peers[0].State = false, kea.StatePartnerDown
	f := facts{report: ha.Report{Relationships: []ha.Relationship{r}}}
	files := []FileChange{{File: File{Server: "kea-0/dhcp4"}}, {File: File{Server: "kea-1/dhcp4"}, Later: true}}
	for outage, want := range map[bool][]string{false: {"with-next-start", "nobody-covers", "clients-wait"}, true: {"with-next-start", "clients-wait"}} {
		p := Plan{facts: f, Files: files, Moves: f.moves(files)}
		p.refuseServers(Request{Outage: outage})
		got := []string{}
		for _, problem := range p.Problems {
			got = append(got, problem.Code)
		}
		if !slices.Equal(got, want) || p.Blocked() == outage {
			t.Errorf("outage %v: %v", outage, got)
		}
	}
}
