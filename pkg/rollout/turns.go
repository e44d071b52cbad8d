package rollout

import (
	"cmp"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Turn is one pod's. Its servers share an address and files, so that what is done to one is done to all.
type Turn struct {
	Pod   string `json:"pod"`
	Seats []Seat `json:"seats"`
}

// Seat is a server, and who answers its clients meanwhile.
type Seat struct {
	Server  string      `json:"server"` // "kea-dhcp-0/dhcp4"
	Service kea.Service `json:"service"`
	// Alone: it has no high availability, and its clients wait during its turn.
	Alone bool `json:"alone,omitempty"`
	// State and Scopes are the server's in normal operation: a standby serves no scope.
	State  kea.HAState `json:"state,omitempty"`
	Scopes []string    `json:"scopes"`
	// Partner is the server that covers it, PartnerScopes what that serves in normal operation.
	Partner       string   `json:"partner,omitempty"`
	PartnerScopes []string `json:"partnerScopes"`
}

// Serves reports whether clients depend on the server.
func (s Seat) Serves() bool { return s.Alone || len(s.Scopes) > 0 }

// Serves reports whether clients depend on a server of the pod.
func (t Turn) Serves() bool { return slices.ContainsFunc(t.Seats, Seat.Serves) }

// Names are the turn's servers.
func (t Turn) Names() []string {
	names := []string{}
	for _, s := range t.Seats {
		names = append(names, s.Server)
	}
	return names
}

// Turns are the pods of a report in the order in which they take their turns: who serves least comes first. It is pure.
func Turns(r ha.Report) []Turn {
	turns := []Turn{}
	add := func(pod string, s Seat) {
		i := slices.IndexFunc(turns, func(t Turn) bool { return t.Pod == pod })
		if i < 0 {
			i = len(turns)
			turns = append(turns, Turn{Pod: pod})
		}
		turns[i].Seats = append(turns[i].Seats, s)
	}
	for _, p := range r.Standalone {
		add(p.Pod, Seat{Server: p.Server, Service: serviceOf(p), Alone: true, Scopes: []string{}, PartnerScopes: []string{}})
	}
	for _, relationship := range r.Relationships {
		for i, p := range relationship.Peers {
			seat := Seat{Server: p.Server, Service: relationship.Service, State: normalState(relationship.Mode), Scopes: normalScopes(relationship.Mode, p), PartnerScopes: []string{}}
			if len(relationship.Peers) == 2 {
				partner := relationship.Peers[1-i]
				seat.Partner, seat.PartnerScopes = partner.Server, normalScopes(relationship.Mode, partner)
			}
			add(p.Pod, seat)
		}
	}
	for _, t := range turns {
		slices.SortFunc(t.Seats, func(a, b Seat) int { return cmp.Compare(a.Server, b.Server) })
	}
	slices.SortStableFunc(turns, func(a, b Turn) int {
		return cmp.Or(cmp.Compare(a.weight(), b.weight()), cmp.Compare(a.Pod, b.Pod))
	})
	return turns
}

// weight is how many of the pod's servers clients depend on.
func (t Turn) weight() int {
	n := 0
	for _, s := range t.Seats {
		if s.Serves() {
			n++
		}
	}
	return n
}

// serviceOf is the service of a server that has no relationship to say it.
func serviceOf(p ha.Peer) kea.Service {
	if p.Server == p.Pod+"/"+string(kea.DHCP6) {
		return kea.DHCP6
	}
	return kea.DHCP4
}

// normalState is the state of both servers while all is well; "" for a mode in which nobody can be covered.
func normalState(mode kea.HAMode) kea.HAState {
	switch mode {
	case kea.ModeHotStandby:
		return kea.StateHotStandby
	case kea.ModeLoadBalancing:
		return kea.StateLoadBalancing
	case kea.ModePassiveBackup:
	}
	return ""
}

// normalScopes are what a server serves while all is well.
func normalScopes(mode kea.HAMode, p ha.Peer) []string {
	if p.Role == kea.RolePrimary || mode == kea.ModeLoadBalancing && p.Role == kea.RoleSecondary {
		return []string{p.Name}
	}
	return []string{}
}
