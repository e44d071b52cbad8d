package rollout

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// codeWriters is the problem of an object that other programs write too.
const codeWriters = "written-by-others"

// refuse finds what stands against the plan beside what is tried. It is pure.
func (p *Plan) refuse(r Request) {
	p.refuseObjects()
	p.refuseServers(r)
	for _, f := range p.Files {
		p.refuseDifferences(f)
	}
	if _, err := pack(p.record()); err != nil {
		p.against("too-large", "the configuration", err.Error(), "")
	}
}

// refuseObjects is about the Secrets and ConfigMaps.
func (p *Plan) refuseObjects() {
	told := []string{}
	once := func(code, subject string) bool {
		first := !slices.Contains(told, code+subject)
		told = append(told, code+subject)
		return first
	}
	for _, s := range p.facts.servers {
		if s.fileErr != nil || !slices.ContainsFunc(p.Files, func(f FileChange) bool { return f.Server == s.Name() }) {
			continue
		}
		whole := s.object().whole()
		if s.file.Frozen {
			p.against("frozen-file", s.Name(), "its file "+s.file.Path+" is mounted by a subPath: a changed object never reaches a container that runs", "mount the whole volume")
		}
		if s.file.Immutable && once("immutable", whole) {
			p.against("immutable", whole, "it is immutable", "make another one that is not, and have the pods mount it")
		}
		if s.file.ManagedBy != "" && once("managed", whole) {
			p.warn(codeWriters, whole, s.file.ManagedBy+" writes it too, and may put its own version back: make the same change there", "")
		}
	}
}

// refuseServers is about the state that the servers are in. A rollout that goes on takes them as the first run left them.
func (p *Plan) refuseServers(r Request) {
	if len(p.Moves) == 0 && len(p.Files) > 0 {
		p.warn("with-next-start", "", "no server that runs has the file: the change takes effect when they start", "")
	}
	for _, f := range p.Files {
		if f.Later {
			p.warn("with-next-start", f.Server, "it does not run, and takes the new configuration when it starts", "")
		}
	}
	health := "kubectl kea ha status -n " + p.Namespace
	for _, m := range p.Moves {
		for _, s := range m.Seats {
			own, relation := p.facts.peer(s.Server)
			for _, text := range p.notStanding(own, s, m.Way, relation) {
				if p.Continues {
					p.warn("server-not-ready", s.Server, text, health)
				} else {
					p.against("server-not-ready", s.Server, text, health)
				}
			}
			if m.Way == WayAlone && !s.Alone && !r.Outage {
				p.against("nobody-covers", s.Server, "its partner does not serve, and its clients would wait: "+m.Cost, health)
			}
			if m.Way != WayCovered || strings.Contains(m.Cost, "pauses") {
				p.warn("clients-wait", s.Server, m.Cost, "")
			}
		}
	}
}

// notStanding says why a server could not take its turn, or why its partner could not stand in.
func (p *Plan) notStanding(own ha.Peer, s Seat, way Way, r *ha.Relationship) []string {
	found := unfit(own, p.Continues)
	if r == nil || way == WayAlone || s.State == "" {
		return found
	}
	for i := range r.Peers {
		peer := r.Peers[i]
		if peer.Server == s.Partner && !slices.ContainsFunc(p.Moves, func(m Move) bool { return slices.Contains(m.Names(), peer.Server) }) {
			for _, text := range unfit(peer, p.Continues) {
				found = append(found, "its partner "+peer.Server+": "+text)
			}
		}
		if peer.Server == s.Server {
			if text := abnormal(r.Mode, peer, s.State, p.Continues); text != "" {
				found = append(found, text)
			}
		}
	}
	return found
}

// refuseDifferences is about changes that a reload does not bring, or that cut the servers off from each other or from us.
func (p *Plan) refuseDifferences(f FileChange) {
	kinds := map[string][]string{}
	for _, d := range f.Differences {
		kind := resists(d.Path)
		kinds[kind] = append(kinds[kind], d.Path)
	}
	delete(kinds, "")
	for _, kind := range []string{"control-socket", "ha-relationship", "multi-threading", "interfaces"} {
		paths := kinds[kind]
		if len(paths) == 0 {
			continue
		}
		what := strings.Join(paths, ", ")
		switch kind {
		case "control-socket":
			p.against(kind, f.Server, "a reload would change the way to the server itself ("+what+"), and nobody could ask it afterwards whether it serves", "kubectl -n "+p.Namespace+" delete pod "+f.Pod+" (after the change by hand, the standby first)")
		case "ha-relationship":
			p.against(kind, f.Server, "two servers that do not agree on their relationship ("+what+") do not join again: it has to change on both at once, with a pause of service", "")
		case "multi-threading":
			p.warn(kind, f.Server, "threads change with the reload ("+what+"); the high availability of Kea needs them", "")
		case "interfaces":
			p.warn(kind, f.Server, "the sockets are opened anew ("+what+"): a server that cannot open one is taken back", "")
		}
	}
}

// resists is the kind of a change that is more than a value; "" for the others.
func resists(path string) string {
	_, relation, inHA := strings.Cut(path, ".high-availability")
	switch {
	case strings.HasPrefix(path, "control-socket"):
		return "control-socket"
	case inHA && (strings.Contains(relation, "this-server-name") || strings.HasSuffix(relation, ".mode") || strings.Contains(relation, "peers") || !strings.Contains(relation, ".")):
		return "ha-relationship"
	case strings.HasPrefix(path, "hooks-libraries") && strings.Contains(path, "libdhcp_ha") && !inHA:
		return "ha-relationship"
	case strings.HasPrefix(path, "multi-threading"), inHA && strings.Contains(relation, "multi-threading"):
		return "multi-threading"
	case strings.HasPrefix(path, "interfaces-config"):
		return "interfaces"
	}
	return ""
}

// abnormal says why a server of a pair is not as it is while all is well; "" when it is. continues: it may be covered by what
// an earlier run left.
func abnormal(mode kea.HAMode, p ha.Peer, state kea.HAState, continues bool) string {
	switch wanted := normalScopes(mode, p); {
	case !p.Reached:
	case p.State != state:
		return "its state is " + cmp.Or(string(p.State), "not known") + ", not " + string(state)
	case p.SeenState == nil || *p.SeenState != state:
		return "its partner does not see it in " + string(state)
	case !slices.Equal(p.Scopes, wanted) && !(continues && containsAll(p.Scopes, wanted)):
		return "it serves the scopes [" + strings.Join(p.Scopes, " ") + "], not [" + strings.Join(wanted, " ") + "]"
	}
	return ""
}
