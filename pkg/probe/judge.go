package probe

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// facts are what a judgement is made of.
type facts struct {
	namespace    string
	links        []Link
	asks         []*ask // of clients that look for a server
	requests     []*ask
	released     map[*ask]bool // requests whose lease is gone, or is not; absent where it is not known
	report       ha.Report
	observations []ha.Observation
	deaf         []string // servers that heard no packet at all while they were asked
}

// judge makes the report of what was heard. It is pure.
func judge(f facts) ([]LinkReport, []problem.Problem) {
	reports, problems := []LinkReport{}, []problem.Problem{}
	for i, l := range f.links {
		r := LinkReport{Service: l.Service, VLAN: l.VLAN.ID, VLANName: l.VLAN.Name, Subnets: []string{}, Servers: []ServerReport{}}
		for _, s := range l.Subnets {
			r.Subnets = append(r.Subnets, s.CIDR.String())
		}
		asks := slices.DeleteFunc(slices.Clone(f.asks), func(a *ask) bool { return a.link != i })
		played, answered := map[player]bool{}, map[player]int{}
		for _, a := range asks {
			played[a.client] = true
			if a.reply != nil {
				answered[a.client]++
			}
		}
		r.Clients, r.Answered = len(played), len(answered)
		for _, s := range l.Servers {
			r.Servers = append(r.Servers, f.server(i, s.Name(), len(answered) > 0))
		}
		problems = append(problems, f.problems(i, r, answered)...)
		reports = append(reports, r)
	}
	problem.Sort(problems)
	return reports, problems
}

// server sums up what one server did on a link.
func (f facts) server(link int, name string, answered bool) ServerReport {
	r := ServerReport{Server: name, Outcome: Silent}
	peer, mode := peerOf(f.report, name)
	r.Role, r.State, r.Serves = peer.Role, peer.State, peer.Serves
	for _, a := range f.asks {
		if a.link != link || a.server.Name() != name {
			continue
		}
		if a.failure != "" && r.Outcome == Silent {
			r.Outcome, r.Why = Unreached, a.failure
		}
		if a.reply == nil {
			continue
		}
		r.Clients++
		if r.Milliseconds == nil || (r.Outcome == Refused && a.reply.address.IsValid()) {
			r.Milliseconds, r.LeaseSeconds = milliseconds(a.took), int(a.reply.lease.Seconds())
			r.Outcome, r.Why, r.Address = Offered, "", addressText(a.reply.address, a.reply.length)
			if !a.reply.address.IsValid() {
				r.Outcome, r.Why = Refused, orText(a.reply.reason, "its answer holds no address")
			}
		}
	}
	for _, a := range f.requests {
		if a.link == link && a.server.Name() == name {
			f.request(&r, a)
		}
	}
	if r.Outcome == Silent {
		r.Why = silence(r, mode, answered)
	}
	return r
}

// request adds what came of asking for the lease.
func (f facts) request(r *ServerReport, a *ask) {
	switch {
	case a.reply == nil:
		r.Outcome, r.Why = Refused, "no answer to the request for "+r.Address
	case !a.reply.address.IsValid() || a.reply.kind == "nak":
		r.Outcome, r.Why = Refused, strings.ToUpper(a.reply.kind)+" to the request for "+r.Address
		if a.reply.reason != "" {
			r.Why += ": " + a.reply.reason
		}
	default:
		r.Outcome, r.AckMilliseconds = Granted, milliseconds(a.took)
		r.LeaseSeconds = int(a.reply.lease.Seconds())
	}
	if gone, known := f.released[a]; known {
		r.Released = &gone
	}
}

// silence says why it is right that a server does not answer; "" when it is not, or not known to be.
func silence(r ServerReport, mode kea.HAMode, answered bool) string {
	switch {
	case r.Serves == nil || *r.Serves && mode != kea.ModeLoadBalancing:
		return ""
	case *r.Serves && answered:
		return "other half"
	case *r.Serves:
		return ""
	case r.Role == kea.RoleStandby && r.State == kea.StateHotStandby:
		return "standby"
	case r.Role == kea.RoleBackup:
		return "backup"
	}
	return "does not serve"
}

// peerOf is what high availability knows of a server.
func peerOf(r ha.Report, server string) (ha.Peer, kea.HAMode) {
	for _, relationship := range r.Relationships {
		for _, p := range relationship.Peers {
			if p.Server == server {
				return p, relationship.Mode
			}
		}
	}
	for _, p := range r.Standalone {
		if p.Server == server {
			return p, ""
		}
	}
	return ha.Peer{}, ""
}

func milliseconds(d time.Duration) *float64 {
	ms := float64(d.Microseconds()) / 1000
	return &ms
}

// addressText is an address, or a delegated prefix with its length.
func addressText(a netip.Addr, length int) string {
	switch {
	case !a.IsValid():
		return ""
	case length > 0:
		return fmt.Sprintf("%s/%d", a, length)
	}
	return a.String()
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
