package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// problems is what is wrong on one link. answered counts, for each client, the servers that answered it.
func (f facts) problems(link int, r LinkReport, answered map[player]int) []problem.Problem {
	found := []problem.Problem{}
	add := func(s problem.Severity, code, next, format string, args ...any) {
		found = append(found, problem.Problem{Severity: s, Code: code, Subject: r.Label(), Text: fmt.Sprintf(format, args...), Next: next})
	}
	l := f.links[link]
	switch {
	case r.Answered == 0 && f.servedElsewhere(r):
		// Only servers that are not to answer were asked.
	case r.Answered == 0:
		why := f.why(l)
		if why.silentByDesign {
			add(problem.Info, "cannot-tell", why.next, "no server answers the probe, which tells nothing of clients: %s", why.text)
			break
		}
		add(problem.Critical, "no-answer", why.next, "no server answers clients: %s", why.text)
	case r.Answered < r.Clients:
		silent := []string{}
		for _, s := range r.Servers {
			if s.Outcome == Silent && s.Why == "" || s.Clients == 0 {
				silent = append(silent, s.Server)
			}
		}
		why := f.why(l)
		if len(silent) > 0 {
			why.text = strings.Join(silent, ", ") + " answered none of them"
		}
		add(problem.Critical, "some-unanswered", why.next, "%d of %d clients got no answer: %s", r.Clients-r.Answered, r.Clients, why.text)
	}
	for _, s := range r.Servers {
		switch {
		case s.Outcome == Refused && !slices.ContainsFunc(r.Servers, ServerReport.gave):
			why := s.Why
			if len(f.full(l)) == len(l.Subnets) {
				why += "; every address is in use"
			}
			add(problem.Critical, "no-address", "kubectl kea leases usage -n "+f.namespace, "%s answers and gives no address: %s", s.Server, why)
		case s.Outcome == Refused:
			add(problem.Warning, "no-address", "kubectl kea leases usage -n "+f.namespace, "%s answers and gives no address: %s", s.Server, s.Why)
		case s.Outcome == Silent && s.Why == "" && s.Serves != nil && r.Answered == r.Clients && r.Clients > 0:
			add(problem.Warning, "server-silent", f.logs(s.Server), "%s is to answer and is silent; another server answers in its place", s.Server)
		}
		if s.gave() {
			if a := f.strange(link, s.Server); a != "" {
				add(problem.Warning, "other-subnet", "kubectl kea leases usage -n "+f.namespace,
					"%s offers %s, which is none of its addresses: the server does not go by the link selection, so a relay's address decides which network clients are on, and a probe cannot tell", s.Server, a)
			}
		}
		if s.Released != nil && !*s.Released {
			add(problem.Warning, "not-released", "kubectl kea leases get "+s.Address+" -n "+f.namespace,
				"the lease of %s that the probe took from %s could not be given back; it ends by itself in %d s", s.Address, s.Server, s.LeaseSeconds)
		}
	}
	for _, n := range answered {
		if n > 1 && !f.sharesLinks(l) {
			add(problem.Warning, "answered-twice", "kubectl kea ha status -n "+f.namespace, "%d servers answer the same client: their HA does not divide the work", n)
			break
		}
	}
	return found
}

// gave reports whether the server gave or offered an address.
func (s ServerReport) gave() bool { return s.Outcome == Offered || s.Outcome == Granted }

// Label names the network for people: "VLAN 10 (users) dhcp4", "10.10.0.0/16".
func (r LinkReport) Label() string {
	name := strings.Join(r.Subnets, ", ")
	switch {
	case r.VLAN > 0 && r.VLANName != "":
		name = fmt.Sprintf("VLAN %d (%s)", r.VLAN, r.VLANName)
	case r.VLAN > 0:
		name = fmt.Sprintf("VLAN %d", r.VLAN)
	}
	return name + " " + string(r.Service)
}

// servedElsewhere: none of the servers that were asked is to answer, and one that was not asked does.
func (f facts) servedElsewhere(r LinkReport) bool {
	return !slices.ContainsFunc(r.Servers, func(s ServerReport) bool {
		return s.Serves == nil || *s.Serves || !slices.ContainsFunc(f.report.Relationships, func(h ha.Relationship) bool {
			return h.Serving != nil && *h.Serving && slices.ContainsFunc(h.Peers, func(p ha.Peer) bool { return p.Server == s.Server })
		})
	})
}

// sharesLinks: the servers of the link have nothing to do with each other, so that each may answer.
func (f facts) sharesLinks(l Link) bool {
	for _, s := range l.Servers {
		if _, mode := peerOf(f.report, s.Name()); mode == "" {
			return true
		}
	}
	return false
}

// strange is the address that a server gave and that is none of the link's; "" for none.
func (f facts) strange(link int, server string) string {
	for _, a := range f.asks {
		if a.link == link && a.server.Name() == server && a.reply != nil && a.reply.address.IsValid() && !f.links[link].Holds(a.reply.address) {
			return addressText(a.reply.address, a.reply.length)
		}
	}
	return ""
}

// reason is why nobody answers, and a command that helps.
type reason struct {
	text, next string
	// silentByDesign: the configuration has no answer for the probe, and may well have one for clients.
	silentByDesign bool
}

// why is the likeliest reason for silence. The surest reasons come first.
func (f facts) why(l Link) reason {
	unwell, failed := []string{}, []string{}
	for _, s := range l.Servers {
		p, _ := peerOf(f.report, s.Name())
		if p.Serves != nil && !*p.Serves {
			unwell = append(unwell, s.Name()+" "+state(p))
		}
		for _, a := range f.asks {
			if a.server.Name() == s.Name() && a.service == l.Service && a.failure != "" {
				failed = append(failed, s.Name()+" ("+a.failure+")")
				break
			}
		}
	}
	classes, pools, full := []string{}, 0, f.full(l)
	for _, s := range l.Subnets {
		classes = append(classes, s.ClientClasses...)
		pools += len(s.Pools) + len(s.PDPools)
	}
	slices.Sort(classes)
	heard := slices.DeleteFunc(slices.Clone(l.Servers), func(s inventory.Server) bool { return slices.Contains(f.deaf, s.Name()) })
	usage, logs := "kubectl kea leases usage -n "+f.namespace, f.logs(l.Servers[0].Name())
	switch {
	case len(unwell) == len(l.Servers):
		return reason{text: "nobody serves; " + strings.Join(unwell, ", "), next: "kubectl kea ha status -n " + f.namespace}
	case len(failed) == len(l.Servers):
		return reason{text: "no packet could be sent to " + strings.Join(failed, ", ")}
	case len(heard) == 0:
		return reason{text: "the packets do not arrive: a network policy, or the servers listen on other interfaces (interfaces-config)", next: logs}
	case pools == 0:
		return reason{text: "it has no pool, only reservations", next: usage, silentByDesign: true}
	case len(full) == len(l.Subnets):
		return reason{text: "every address is in use", next: usage}
	case f.relayOnly(l):
		return reason{text: "the configuration ignores the link selection (ignore-rai-link-selection), so that a relay's address decides", silentByDesign: true}
	case len(classes) > 0:
		return reason{text: "it is for clients of class " + strings.Join(slices.Compact(classes), ", ") + ", and the probe is in none", silentByDesign: true}
	}
	return reason{text: "the servers say that they serve; class DROP, a hook, or a host reservation rule may drop what the probe asks", next: logs}
}

// state says in a few words why a server does not serve.
func state(p ha.Peer) string {
	switch {
	case !p.Reached:
		return "is not reached (" + p.Why + ")"
	case p.LeaseQuery == ha.Broken:
		return "has no lease database"
	case len(p.Disabled) > 0:
		return "is disabled " + strings.Join(p.Disabled, ", ")
	case p.State != "":
		return "is " + string(p.State) + " as " + string(p.Role)
	}
	return "does not serve"
}

// full are the link's subnets without a free address, by the counters of whichever server tells.
func (f facts) full(l Link) []uint32 {
	full := []uint32{}
	for _, s := range l.Subnets {
		for _, o := range f.observations {
			if o.Server.Service != l.Service || o.Leases == nil {
				continue
			}
			i := slices.IndexFunc(o.Leases.Subnets, func(n kea.SubnetStats) bool { return n.SubnetID == s.ID })
			if i < 0 || s.Addresses().IsZero() {
				continue
			}
			n := o.Leases.Subnets[i]
			if n.Assigned.Add(n.Declined).Cmp(s.Addresses()) >= 0 {
				full = append(full, s.ID)
				break
			}
		}
	}
	return full
}

// relayOnly: the servers were told to ignore which network a relay says the client is on.
func (f facts) relayOnly(l Link) bool {
	return l.Service == kea.DHCP4 && slices.ContainsFunc(f.observations, func(o ha.Observation) bool {
		config := o.EffectiveConfig()
		if o.Server.Service != l.Service || config == nil {
			return false
		}
		compatibility, _ := config.Raw["compatibility"].(map[string]any)
		ignored, _ := compatibility["ignore-rai-link-selection"].(bool)
		return ignored
	})
}

// logs is the command that shows what a server says.
func (f facts) logs(name string) string {
	for _, o := range f.observations {
		if o.Server.Name() == name {
			return fmt.Sprintf("kubectl -n %s logs %s -c %s --since=1m", f.namespace, o.Server.Pod, o.Server.Container)
		}
	}
	return ""
}
