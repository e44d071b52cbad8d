package ha

import (
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Kind is what an operation does with the servers of a relationship.
type Kind string

// The kinds, in the words of the command line.
const (
	MaintenanceStart  Kind = "maintenance start"
	MaintenanceCancel Kind = "maintenance cancel"
	Continue          Kind = "continue"
	Reset             Kind = "reset"
	Sync              Kind = "sync"
	ForceTakeover     Kind = "force-takeover"
)

// Request is an operation as it was asked for.
type Request struct {
	Kind Kind
	// Server is one server ("kea-dhcp-0/dhcp4") or a pod, which means all its servers. For MaintenanceCancel "" means
	// every server that is in maintenance.
	Server string
	// Force does what is refused for being pointless, or for a pause in service.
	Force bool
}

// Plan is what an operation comes to, by the state that the servers are in. Nothing has been changed yet.
type Plan struct {
	Namespace string `json:"namespace"`
	Operation Kind   `json:"operation"`
	Server    string `json:"server,omitempty"`
	Acts      []Act  `json:"acts"`

	force bool
}

// Act is what is done in one relationship.
type Act struct {
	Relationship string      `json:"relationship"`
	Server       string      `json:"server"` // that it is about
	State        kea.HAState `json:"state"`  // "" when it was not reached
	Partner      string      `json:"partner"`
	PartnerState kea.HAState `json:"partnerState"`
	// Command is Kea's, To the server that gets it. Both are empty when there is nothing to send any more.
	Command string `json:"command,omitempty"`
	To      string `json:"to,omitempty"`
	// Wanted is how it is to end, for people.
	Wanted string `json:"wanted"`
	// Done says why nothing is left to do; "" when something is.
	Done string `json:"done,omitempty"`
	// Refused says why it must not be done, Next is the command that helps.
	Refused string `json:"refused,omitempty"`
	Next    string `json:"next,omitempty"`
	// Costs are what clients and redundancy have to pay.
	Costs []string `json:"costs"`

	heartbeat time.Duration
	own       Peer
	partner   Peer
	healthy   bool
}

// Done reports whether everything is as it is to be.
func (p Plan) Done() bool {
	return !slices.ContainsFunc(p.Acts, func(a Act) bool { return a.Done == "" })
}

// Healthy reports whether all pairs that the plan is about are in their normal state, as if nothing had ever been done.
func (p Plan) Healthy() bool {
	return !slices.ContainsFunc(p.Acts, func(a Act) bool { return !a.healthy })
}

// Refused is the first act that must not be done; nil when all may.
func (p Plan) Refused() *Act {
	for i := range p.Acts {
		if p.Acts[i].Refused != "" {
			return &p.Acts[i]
		}
	}
	return nil
}

// Command is the command line that asks for the plan again.
func (p Plan) Command() string {
	text := "kubectl kea ha " + string(p.Operation)
	if p.Server != "" {
		text += " " + p.Server
	}
	text += " -n " + p.Namespace
	if p.force {
		text += " --force"
	}
	return text
}

// UnknownServerError says that no server has a name.
type UnknownServerError struct {
	Namespace, Name string
	Servers         []string // that there are
}

// Error implements error.
func (e *UnknownServerError) Error() string {
	return fmt.Sprintf("no Kea server %s in namespace %s", e.Name, e.Namespace)
}

// MakePlan works out an operation. It is pure.
// Error: *UnknownServerError.
func MakePlan(namespace string, observations []Observation, r Request) (Plan, error) {
	p := Plan{Namespace: namespace, Operation: r.Kind, Server: r.Server, Acts: []Act{}, force: r.Force}
	names := []string{}
	for _, g := range groups(observations) {
		if g.config == nil {
			for _, m := range g.members {
				names = append(names, m.Server.Name())
				if named(r.Server, m.Server.Pod, m.Server.Name()) {
					p.Acts = append(p.Acts, alone(m))
				}
			}
			continue
		}
		relationship, _ := g.judge()
		for i := range relationship.Peers {
			c := couple{g: g, r: relationship, own: relationship.Peers[i], partner: partnerOf(&relationship, &relationship.Peers[i]), force: r.Force, namespace: namespace}
			names = append(names, c.own.Server)
			if named(r.Server, c.own.Pod, c.own.Server) || r.Server == "" && c.own.State == kea.StateInMaintenance {
				p.Acts = append(p.Acts, c.act(r.Kind))
			}
		}
	}
	if len(p.Acts) == 0 && r.Server != "" {
		slices.Sort(names)
		return p, &UnknownServerError{Namespace: namespace, Name: r.Server, Servers: names}
	}
	return p, nil
}

// named reports whether a name means a server: its own, or its pod's.
func named(name, pod, server string) bool { return name == server || name == pod }

// alone refuses a server without a partner.
func alone(m member) Act {
	return Act{
		Relationship: m.Server.Name(), Server: m.Server.Name(), Costs: []string{},
		Refused: "it has no high availability: there is no partner that could serve in its place",
	}
}

// couple is the server that an operation is about, and its partner.
type couple struct {
	g            group
	r            Relationship
	own, partner Peer
	namespace    string
	force        bool
}

// act works out what is done with a pair.
func (c couple) act(kind Kind) Act {
	a := Act{
		Relationship: c.r.Name, Server: c.own.Server, State: c.own.State, Partner: c.partner.Server, PartnerState: c.partner.State,
		Costs: []string{}, heartbeat: c.g.config.HeartbeatDelay, own: c.own, partner: c.partner, healthy: c.healthy(),
	}
	switch {
	case c.own.Role == kea.RoleBackup || c.normal() == "":
		a.refuse("", "its part in HA mode %s has no %s", c.g.config.Mode, kind)
		return a
	case c.severalRelationships():
		a.refuse("", "it takes part in several relationships (hub and spoke), which Kea's own commands have to name")
		return a
	}
	switch kind {
	case MaintenanceStart:
		c.start(&a)
	case MaintenanceCancel:
		c.cancel(&a)
	case ForceTakeover:
		c.takeOver(&a)
	case Continue:
		c.goOn(&a)
	case Reset:
		c.reset(&a)
	case Sync:
		c.sync(&a)
	}
	return a
}

func (a *Act) refuse(next, format string, args ...any) {
	a.Refused, a.Next = fmt.Sprintf(format, args...), next
}

func (a *Act) send(to Peer, command string) { a.To, a.Command = to.Server, command }

func (a *Act) cost(format string, args ...any) {
	a.Costs = append(a.Costs, fmt.Sprintf(format, args...))
}

// normal is the state of both servers when all is well; "" in modes that have no maintenance.
func (c couple) normal() kea.HAState {
	switch c.g.config.Mode {
	case kea.ModeHotStandby:
		return kea.StateHotStandby
	case kea.ModeLoadBalancing:
		return kea.StateLoadBalancing
	default:
		return ""
	}
}

func (c couple) severalRelationships() bool {
	return slices.ContainsFunc(c.g.members, func(m member) bool {
		return m.Observation != nil && m.EffectiveConfig() != nil && len(m.EffectiveConfig().HA) > 1
	})
}

// healthy: both servers are in their normal state and hear from each other.
func (c couple) healthy() bool {
	return c.own.State == c.normal() && c.partner.State == c.normal() && hears(c.own) && hears(c.partner)
}

// hears reports whether a server's partner has heard from it lately.
func hears(p Peer) bool {
	return p.SeenState == nil || *p.SeenState != kea.StateUnavailable && *p.SeenState != kea.StateUnknown
}

// is reports whether the server and its partner are in these states.
func (c couple) is(own, partner kea.HAState) bool {
	return c.own.State == own && c.partner.State == partner
}

// coming: a server that has started and has not joined its partner yet.
func coming(s kea.HAState) bool {
	return s == kea.StateWaiting || s == kea.StateSyncing || s == kea.StateReady
}

// able says why a server could not serve all clients, whatever its HA state; "" when nothing speaks against it.
func able(p Peer) string {
	switch {
	case !p.Reached:
		return "is down or does not answer (" + p.Why + ")"
	case p.LeaseQuery == Broken || slices.Contains(p.Disabled, noDatabase):
		return "has no lease database"
	case slices.Contains(p.Disabled, byUser):
		return "has its DHCP service disabled by a user (dhcp-disable)"
	case len(p.Sockets) > 0:
		return "cannot receive DHCP packets (" + p.Sockets[0] + ")"
	case p.State == "":
		return "does not tell its HA state"
	}
	return ""
}

// command is a command of ours for a server of this pair.
func (c couple) command(k Kind, p Peer) string {
	return "kubectl kea ha " + string(k) + " " + p.Server + " -n " + c.namespace
}

func (c couple) waitCommand() string { return "kubectl kea ha wait --for healthy -n " + c.namespace }

// serving reports whether a server answers clients now.
func serving(p Peer) bool { return p.Serves != nil && *p.Serves }

// stateText is a server's state for people.
func stateText(p Peer) string {
	if p.State == "" {
		if p.Why != "" {
			return p.Why
		}
		return "without HA"
	}
	return string(p.State)
}
