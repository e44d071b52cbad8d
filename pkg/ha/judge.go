package ha

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Judge makes the report of a deployment's observations, and says what is wrong. It is pure.
func Judge(observations []Observation) (Report, []problem.Problem) {
	report := Report{Relationships: []Relationship{}, Standalone: []Peer{}}
	problems := []problem.Problem{}
	for _, g := range groups(observations) {
		if g.config == nil {
			for _, o := range g.members {
				peer := newPeer(*o.Observation)
				peer.Name = peer.Pod
				judgeAlone(&peer, *o.Observation)
				problems = append(problems, standaloneProblems(peer, *o.Observation)...)
				report.Standalone = append(report.Standalone, peer)
			}
			continue
		}
		relationship, found := g.judge()
		report.Relationships = append(report.Relationships, relationship)
		problems = append(problems, found...)
	}
	problem.Sort(problems)
	return report, problems
}

// group is the servers of one relationship; config is nil for servers without HA.
type group struct {
	service kea.Service
	config  *kea.HAConfig
	members []member
}

// member is an observed server, or a peer of which only the name is known (Observation is nil).
type member struct {
	*Observation
	name string
	role kea.HARole
}

// groups puts servers together that name the same peers.
func groups(observations []Observation) []group {
	found := []group{}
	for i := range observations {
		o := &observations[i]
		config := o.EffectiveConfig()
		if config == nil || len(config.HA) == 0 {
			found = append(found, group{service: o.Server.Service, members: []member{{Observation: o, name: o.Server.Pod}}})
			continue
		}
		for j := range config.HA {
			found = place(found, o, &config.HA[j])
		}
	}
	// A server whose configuration is not known belongs to the relationship that names its pod.
	for i := 0; i < len(found); i++ {
		g := found[i]
		if g.config != nil || g.members[0].EffectiveConfig() != nil {
			continue
		}
		for j := range found {
			if found[j].config != nil && found[j].service == g.service && adopt(&found[j], g.members[0]) {
				found = slices.Delete(found, i, i+1)
				i--
				break
			}
		}
	}
	for i := range found {
		found[i].complete()
	}
	return found
}

func place(found []group, o *Observation, config *kea.HAConfig) []group {
	m := member{Observation: o, name: config.ThisServerName}
	if _, ok := config.Peer(m.name); !ok {
		m.name = o.Server.Pod // a template's placeholder: the pod's name is the usual choice
	}
	if peer, ok := config.Peer(m.name); ok {
		m.role = peer.Role
	}
	for i := range found {
		g := &found[i]
		if g.config != nil && g.service == o.Server.Service && g.members[0].Server.Namespace == o.Server.Namespace && slices.Equal(peerNames(g.config), peerNames(config)) {
			g.members = append(g.members, m)
			return found
		}
	}
	return append(found, group{service: o.Server.Service, config: config, members: []member{m}})
}

func adopt(g *group, m member) bool {
	peer, ok := g.config.Peer(m.Server.Pod)
	if !ok || slices.ContainsFunc(g.members, func(have member) bool { return have.name == peer.Name }) {
		return false
	}
	m.name, m.role = peer.Name, peer.Role
	g.members = append(g.members, m)
	return true
}

// complete adds the peers that are named and were not found, and puts all in the order of their roles.
func (g *group) complete() {
	if g.config == nil {
		return
	}
	for _, peer := range g.config.Peers {
		if !slices.ContainsFunc(g.members, func(m member) bool { return m.name == peer.Name }) {
			g.members = append(g.members, member{name: peer.Name, role: peer.Role})
		}
	}
	rank := map[kea.HARole]int{kea.RolePrimary: 0, kea.RoleSecondary: 1, kea.RoleStandby: 1, kea.RoleBackup: 2}
	slices.SortStableFunc(g.members, func(a, b member) int {
		return cmp.Or(cmp.Compare(rank[a.role], rank[b.role]), cmp.Compare(a.name, b.name))
	})
}

func peerNames(c *kea.HAConfig) []string {
	names := []string{}
	for _, p := range c.Peers {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

// judge works out the state of a relationship from all its members' words.
func (g group) judge() (Relationship, []problem.Problem) {
	r := Relationship{Service: g.service, Mode: g.config.Mode, Differences: []kea.Difference{}, Unserved: []string{}, Doubled: []string{}}
	names := []string{}
	for _, m := range g.members {
		r.Peers = append(r.Peers, g.peer(m))
		names = append(names, m.name)
	}
	r.Name = strings.Join(names, " + ") + " " + string(g.service)
	g.compareConfigurations(&r)
	g.compareClocks(&r)
	g.scopes(&r)
	return r, g.problems(&r)
}

// peer describes a member, with what its partners say of it.
func (g group) peer(m member) Peer {
	p := Peer{
		Name: m.name, Pod: m.name, Server: m.name + "/" + string(g.service), Role: m.role, Why: "no pod in this namespace",
		Scopes: []string{}, Disabled: []string{}, Sockets: []string{}, FileDifferences: []kea.Difference{},
	}
	if m.Observation != nil {
		p = newPeer(*m.Observation)
		p.Name, p.Role = m.name, cmp.Or(m.role, p.Role)
	}
	p.UnackedAllowed = g.config.MaxUnackedClients
	if local, ok := m.view(); ok {
		p.State, p.Scopes = local.Local.State, append([]string{}, local.Local.Scopes...)
		p.Role = cmp.Or(p.Role, local.Local.Role)
		if local.Remote.CommunicationInterrupted || local.Remote.ConnectingClients > 0 {
			unacked := local.Remote.UnackedClients
			p.Unacked = &unacked
		}
	} else if m.Observation != nil && m.Heartbeat != nil {
		p.State, p.Scopes = m.Heartbeat.State, append([]string{}, m.Heartbeat.Scopes...)
	}
	for _, other := range g.members {
		view, ok := other.view()
		if !ok || other.name == m.name || (len(g.members) > 2 && view.Remote.ServerName != m.name) {
			continue
		}
		state, age := view.Remote.LastState, Seconds(view.Remote.Age/time.Second)
		p.SeenState = &state
		if state != kea.StateUnknown {
			p.SeenAge = &age
		}
	}
	p.Serves = serves(p, m.Observation)
	return p
}

// hookGone: the configuration has high availability and the daemon has none, as after a failed reload.
func hookGone(p Peer, o *Observation) bool {
	return o.Reached && p.State == "" && (o.Status != nil || o.WithoutHA)
}

// silent reports whether a server that was not reached gave no sign of life, as opposed to one that we may not ask. We
// are a witness then, as its partner is.
func silent(o *Observation) bool {
	for _, reason := range []error{kea.ErrUnreachable, kea.ErrOffline, context.DeadlineExceeded} {
		if errors.Is(o.Failure, reason) {
			return true
		}
	}
	return false
}

// view is what a member says of this relationship.
func (m member) view() (kea.HARelationship, bool) {
	if m.Observation == nil || m.Status == nil || len(m.Status.HA) == 0 {
		return kea.HARelationship{}, false
	}
	for _, r := range m.Status.HA {
		if r.Local.ServerName == m.name {
			return r, true
		}
	}
	return m.Status.HA[0], true
}

// newPeer is what a server says of itself, HA aside.
func newPeer(o Observation) Peer {
	p := Peer{
		Server: o.Server.Name(), Namespace: o.Server.Namespace, Pod: o.Server.Pod, Container: o.Server.Container, Reached: o.Reached, Via: o.Via,
		LeaseQuery: o.LeaseQuery, Restarts: o.Server.State.Restarts, Started: o.Server.State.Started,
		Scopes: []string{}, Disabled: []string{}, Sockets: []string{}, FileDifferences: []kea.Difference{},
	}
	p.File = o.Server.FileSource
	if config := o.EffectiveConfig(); config != nil {
		p.LeaseBackend = config.LeaseDatabase.Type
	}
	if !o.Reached {
		p.Why = why(o)
	}
	if o.Version != nil {
		p.Version = o.Version.Number
	}
	if o.Heartbeat != nil {
		p.UnsentUpdates = o.Heartbeat.UnsentUpdates
	}
	if o.Status != nil {
		uptime := Seconds(o.Status.Uptime / time.Second)
		p.Uptime = &uptime
		p.Disabled = disabled(o.Status.DHCP)
		if o.Status.Sockets.Status == "failed" || o.Status.Sockets.Status == "retrying" {
			p.Sockets = append(p.Sockets, o.Status.Sockets.Errors...)
			if len(p.Sockets) == 0 {
				p.Sockets = append(p.Sockets, "its sockets are "+o.Status.Sockets.Status)
			}
		}
	}
	if o.Config != nil && o.Server.File != nil {
		p.FileDifferences = append(p.FileDifferences, kea.DiffFile(*o.Server.File, *o.Config)...)
		differs := len(p.FileDifferences) > 0
		p.FileDiffers = &differs
	}
	return p
}

// why says in a few words why a server was not reached.
func why(o Observation) string {
	s := o.Server.State
	if !errors.Is(o.Failure, ErrNotRunning) && o.Failure != nil {
		return o.Failure.Error()
	}
	text := s.Reason
	if s.LastExit != "" && s.Reason != "no pod" {
		text += ", last: " + s.LastExit
	}
	return text
}

// Who disables the DHCP service, for people.
const (
	byUser         = "by a user"
	noDatabase     = "no database connection"
	byStateMachine = "by its HA state machine"
	byPartner      = "by its partner"
)

// disabled says who disabled the DHCP service.
func disabled(d *kea.DHCPState) []string {
	found := []string{}
	if d == nil {
		return found
	}
	if d.DisabledByUser {
		found = append(found, byUser)
	}
	if len(d.DisabledByDBConnection) > 0 {
		found = append(found, noDatabase)
	}
	if len(d.DisabledByLocalCommand) > 0 {
		found = append(found, byStateMachine)
	}
	if len(d.DisabledByRemoteCommand) > 0 {
		found = append(found, byPartner)
	}
	if d.GloballyDisabled && len(found) == 0 {
		found = append(found, "for a reason it does not tell")
	}
	return found
}

// Answers reports whether a server in this state answers clients of the scopes it has.
func Answers(s kea.HAState) bool {
	switch s {
	case kea.StateHotStandby, kea.StateLoadBalancing, kea.StateCommunicationRecovery, kea.StatePartnerDown,
		kea.StatePartnerInMaintenance, kea.StatePassiveBackup, kea.StateTerminated:
		return true
	default:
		return false
	}
}

// serves works out whether a peer answers clients now; nil when that is not known.
func serves(p Peer, o *Observation) *bool {
	no, yes := false, true
	switch {
	case o == nil, !o.Reached && o.Server.State.Running && silent(o):
		// A pod may look alive on a node that is dead. When its partner does not hear from it either, it does not serve.
		if p.SeenState != nil && *p.SeenState == kea.StateUnavailable {
			return &no
		}
		return nil
	case !o.Server.State.Running:
		return &no
	case o.LeaseQuery == Broken:
		return &no
	case o.Status != nil && o.Status.DHCP != nil && o.Status.DHCP.GloballyDisabled:
		return &no
	case o.Status != nil && o.Status.Sockets.Status == "failed":
		return &no
	case hookGone(p, o):
		return &no
	case p.State == "":
		return nil
	}
	result := Answers(p.State) && len(p.Scopes) > 0
	if result {
		return &yes
	}
	return &no
}

func judgeAlone(p *Peer, o Observation) {
	no, yes := false, true
	switch {
	case !o.Server.State.Running, o.LeaseQuery == Broken:
		p.Serves = &no
	case o.Status != nil && ((o.Status.DHCP != nil && o.Status.DHCP.GloballyDisabled) || o.Status.Sockets.Status == "failed"):
		p.Serves = &no
	case o.Reached:
		p.Serves = &yes
	}
}

// compareConfigurations compares what the peers run (or, with a server down, what their files say).
func (g group) compareConfigurations(r *Relationship) {
	configs := []*kea.Config{}
	live := true
	for _, m := range g.members {
		if m.Observation == nil || m.EffectiveConfig() == nil {
			return
		}
		live = live && m.Config != nil
		configs = append(configs, m.EffectiveConfig())
	}
	if !live {
		for i, m := range g.members { // the running one has the defaults filled in: compare like with like
			if m.Server.File == nil {
				return
			}
			configs[i] = m.Server.File
		}
	}
	shared := true
	first := configs[0]
	for _, c := range configs[1:] {
		r.Differences = append(r.Differences, kea.Diff(*first, *c)...)
		a, b := first.LeaseDatabase, c.LeaseDatabase
		shared = shared && a.Type != "memfile" && a.Type == b.Type && a.Host == b.Host && a.Port == b.Port && a.Name == b.Name
	}
	alike := len(r.Differences) == 0
	r.ConfigurationAlike, r.SharedDatabase = &alike, &shared
}

// compareClocks takes the skew from the daemons where they tell it (3.0), else from the heartbeats' times.
func (g group) compareClocks(r *Relationship) {
	for _, m := range g.members {
		if view, ok := m.view(); ok && view.Remote.ClockSkew != nil && view.Remote.Age < 30*time.Second {
			skew := *view.Remote.ClockSkew
			if m.role != kea.RolePrimary {
				skew = -skew
			}
			r.ClockSkewSeconds = &skew
			return
		}
	}
	offsets := []time.Duration{}
	for _, m := range g.members {
		if m.Observation != nil && m.ClockOffset != nil {
			offsets = append(offsets, *m.ClockOffset)
		}
	}
	if len(offsets) < 2 {
		return
	}
	skew := int((offsets[1] - offsets[0]).Round(time.Second) / time.Second)
	if skew == 1 || skew == -1 {
		skew = 0 // whole seconds, read at two moments: one is no difference
	}
	r.ClockSkewSeconds = &skew
}

// scopes finds out which scopes are served, by whom. A server that could not be asked counts by its partner's word.
func (g group) scopes(r *Relationship) {
	anyUnknown := false
	for _, scope := range g.wantedScopes() {
		servers, unknown := 0, false
		for i, p := range r.Peers {
			switch {
			case p.Serves == nil:
				if g.presumed(r.Peers, i, scope) {
					servers++
				} else {
					unknown = true
				}
			case *p.Serves && slices.Contains(p.Scopes, scope):
				servers++
			}
		}
		switch {
		case servers == 0 && unknown:
			anyUnknown = true
		case servers == 0:
			r.Unserved = append(r.Unserved, scope)
		}
		if servers > 1 {
			r.Doubled = append(r.Doubled, scope)
		}
	}
	serving := len(r.Unserved) == 0
	if serving && anyUnknown {
		return
	}
	r.Serving = &serving
}

// presumed reports whether a partner that was asked has heard lately from a server that could not be asked, in a state in
// which it serves the scope.
func (g group) presumed(peers []Peer, i int, scope string) bool {
	p := peers[i]
	fresh := p.SeenAge != nil && p.SeenAge.Duration() <= 3*g.config.HeartbeatDelay
	if !fresh || p.SeenState == nil || !Answers(*p.SeenState) {
		return false
	}
	for _, m := range g.members {
		if view, ok := m.view(); ok && m.name != p.Name && slices.Contains(view.Remote.LastScopes, scope) {
			return true
		}
	}
	return false
}

// wantedScopes are the scopes that somebody has to serve: the primary's in hot-standby, both in load-balancing.
func (g group) wantedScopes() []string {
	wanted := []string{}
	for _, p := range g.config.Peers {
		if p.Role == kea.RolePrimary || (p.Role == kea.RoleSecondary && g.config.Mode == kea.ModeLoadBalancing) {
			wanted = append(wanted, p.Name)
		}
	}
	return wanted
}

func ageText(s *Seconds) string {
	if s == nil {
		return "never"
	}
	return fmt.Sprintf("%s ago", s.Duration())
}
