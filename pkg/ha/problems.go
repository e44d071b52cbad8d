package ha

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Thresholds of Kea's HA hook for clocks that are apart (facts of 2.2 to 3.0).
const (
	skewWarns      = 30 // seconds: a warning in Kea's log
	skewTerminates = 60 // seconds: high availability ends
)

// problems says what is wrong in a relationship.
func (g group) problems(r *Relationship) []problem.Problem {
	found := []problem.Problem{}
	add := func(s problem.Severity, code, subject, next, format string, args ...any) {
		found = append(found, problem.Problem{Severity: s, Code: code, Subject: subject, Text: fmt.Sprintf(format, args...), Next: next})
	}
	g.servingProblems(r, add)
	for i := range r.Peers {
		var o *Observation
		var beat time.Duration
		if g.members[i].Observation != nil {
			o, beat = g.members[i].Observation, g.config.HeartbeatDelay
		}
		g.peerProblems(r, &r.Peers[i], o, beat, add)
	}
	g.splitView(r, add)
	if skew := r.ClockSkewSeconds; skew != nil && abs(*skew) >= skewWarns {
		ends := fmt.Sprintf("at %d s high availability ends", skewTerminates)
		if abs(*skew) >= skewTerminates {
			ends = "that is more than the 60 s that high availability bears: the servers go to terminated, without failover"
		}
		add(problem.Warning, "clock-skew", r.Name, "", "the peers' clocks are %d s apart; %s. Mend the nodes' NTP", abs(*skew), ends)
	}
	if r.ConfigurationAlike != nil && !*r.ConfigurationAlike {
		add(problem.Warning, "configuration-differs", r.Name, statusCommand(r, "ha status -o wide"),
			"the peers run different configurations (%s): a client may get other answers after a failover", differing(r.Differences))
	}
	if r.SharedDatabase != nil && *r.SharedDatabase && (g.config.SendLeaseUpdates || g.config.SyncLeases) {
		add(problem.Warning, "lease-updates-over-shared-database", r.Name, "",
			"the peers share one lease database and exchange leases all the same: set send-lease-updates and sync-leases to false")
	}
	return found
}

type adder func(s problem.Severity, code, subject, next, format string, args ...any)

// servingProblems: clients that nobody answers, or that two servers answer.
func (g group) servingProblems(r *Relationship, add adder) {
	if len(r.Unserved) > 0 {
		what := "no client gets an address"
		if len(r.Unserved) < len(g.wantedScopes()) {
			what = "clients of scope " + strings.Join(r.Unserved, ", ") + " (about half) get no address"
		}
		code, reason, next := g.whyNobodyServes(r)
		add(problem.Critical, code, r.Name, next, "nobody serves: %s; %s", what, reason)
	}
	if len(r.Doubled) > 0 {
		severity, text := problem.Critical, "two servers with databases of their own serve scope %s: an address can be handed out twice"
		if r.SharedDatabase != nil && *r.SharedDatabase {
			severity, text = problem.Warning, "two servers serve scope %s; over one shared database that is safe, and it should not last"
		}
		if g.bothIn(r, kea.StatePartnerDown) {
			return // splitView says it better
		}
		add(severity, "both-serve", r.Name, "", text, strings.Join(r.Doubled, ", "))
	}
}

// CodeDisabled is the problem of a server whose service somebody has disabled.
const CodeDisabled = "service-disabled"

// whyNobodyServes explains by the most telling of the peers: what stops a server that would serve, then a standby that
// waits, then what each of them says.
func (g group) whyNobodyServes(r *Relationship) (code, reason, next string) {
	without := []string{}
	for _, p := range r.Peers {
		if p.LeaseQuery == Broken || slices.Contains(p.Disabled, noDatabase) {
			without = append(without, p.Server)
			next = cmp.Or(next, logs(p))
		}
	}
	if len(without) > 0 {
		return "no-lease-database", strings.Join(without, " and ") + " lost the lease database, although status-get may look normal", next
	}
	for i, p := range r.Peers {
		o := g.members[i].Observation
		switch {
		case o == nil || !o.Reached:
		case slices.Contains(p.Disabled, byUser):
			return CodeDisabled, "the DHCP service of " + p.Server + " was disabled by a user (dhcp-disable)", logs(p)
		case hookGone(p, o):
			return "ha-hook-gone", p.Server + " runs without its HA hook, as after a failed configuration reload", logs(p)
		case len(p.Sockets) > 0 && Answers(p.State) && len(p.Scopes) > 0:
			return "socket-failed", p.Server + " cannot receive DHCP packets", logs(p)
		}
	}
	for _, p := range r.Peers {
		down := partnerOf(r, &p)
		if p.State != kea.StateHotStandby || p.Role != kea.RoleStandby || len(p.Scopes) > 0 || down.Reached {
			continue
		}
		return "standby-waits", fmt.Sprintf("%s is down (%s), and %s takes over only after it has seen more than %d clients that the primary leaves unanswered (seen: %d)",
			down.Server, down.Why, p.Server, p.UnackedAllowed, unackedBy(p)), operationCommand(ForceTakeover, p)
	}
	for _, p := range r.Peers {
		if down := partnerOf(r, &p); p.State == kea.StateCommunicationRecovery && !down.Reached {
			return "half-waits", fmt.Sprintf("%s is down (%s), and %s takes its half over only after it has seen more than %d clients of it that are left unanswered (seen: %d)",
				down.Server, down.Why, p.Server, p.UnackedAllowed, unackedBy(p)), operationCommand(ForceTakeover, p)
		}
	}
	for _, p := range r.Peers {
		if serving := partnerOf(r, &p); p.State == kea.StateInMaintenance && !serving.Reached {
			return "nobody-serves", fmt.Sprintf("%s is in maintenance, and %s, which served its clients, is down (%s)", p.Server, serving.Server, serving.Why), operationCommand(ForceTakeover, p)
		}
	}
	parts := []string{}
	for _, p := range r.Peers {
		if p.Role != kea.RoleBackup {
			parts = append(parts, p.Server+" is "+cmp.Or(p.Why, string(p.State), "without its HA hook"))
		}
	}
	return "nobody-serves", strings.Join(parts, ", "), bringBack(r.Peers[0])
}

// unackedBy is how many clients a server knows that its partner leaves unanswered.
func unackedBy(p Peer) int {
	if p.Unacked == nil {
		return 0
	}
	return *p.Unacked
}

// peerProblems: what is wrong with one server.
func (g group) peerProblems(r *Relationship, p *Peer, o *Observation, beat time.Duration, add adder) {
	switch {
	case o == nil && p.SeenState != nil && *p.SeenState != kea.StateUnavailable && *p.SeenState != kea.StateUnknown:
		add(problem.Info, "peer-elsewhere", p.Server, "", "no pod of this namespace runs this peer; its partner hears from it (%s, %s), and it was not asked", *p.SeenState, ageText(p.SeenAge))
		return
	case o == nil:
		add(problem.Warning, "peer-not-found", p.Server, "", "the configuration names this peer and no pod of this namespace runs it")
		return
	case !o.Server.State.Running:
		add(problem.Warning, "server-down", p.Server, bringBack(*p), "the server does not run (%s): there is no redundancy", p.Why)
		return
	case !o.Reached:
		notReached(*p, *o, add)
		return
	}
	// While others serve, a server that could not is a loss of redundancy.
	worst := problem.Critical
	if r.Serving != nil && *r.Serving {
		worst = problem.Warning
	}
	databaseAndService(*p, worst, add)
	if hookGone(*p, o) {
		add(worst, "ha-hook-gone", p.Server, logs(*p), "its configuration has high availability and the daemon has none: a configuration reload has failed; it serves nobody")
		return
	}
	stateProblems(r, p, o, beat, add)
	fileDiffers(*p, add)
}

// notReached: it may serve all the same; we cannot tell.
func notReached(p Peer, o Observation, add adder) {
	next := "kubectl -n " + p.Namespace + " get pod " + p.Pod
	text := "the server runs and could not be asked: %s"
	switch explained := kube.Explain(o.Failure); {
	case errors.Is(o.Failure, kea.ErrUnauthorized):
		text = "its API refuses the user or password found in the configuration: %s"
	case explained != nil && explained.Problem == kube.ProblemForbidden:
		next = "kubectl auth can-i create pods/portforward -n " + p.Namespace
	case errors.Is(o.Failure, kea.ErrOffline):
		text, next = "the control agent answers, the daemon behind it does not: %s", logs(p)
	}
	add(problem.Warning, "not-reached", p.Server, next, text, p.Why)
}

// databaseAndService: what stops a reached server from answering clients, whatever its HA state.
func databaseAndService(p Peer, worst problem.Severity, add adder) {
	if p.LeaseQuery == Broken {
		add(worst, "no-lease-database", p.Server, logs(p), "its lease database does not answer: it cannot hand out an address, although status-get looks healthy")
	}
	if len(p.Sockets) > 0 {
		add(worst, "socket-failed", p.Server, logs(p), "it cannot receive DHCP packets: %s", strings.Join(p.Sockets, "; "))
	}
	for _, reason := range p.Disabled {
		switch reason {
		case byStateMachine: // the state says why
		case noDatabase:
			if p.LeaseQuery != Broken {
				add(worst, "no-lease-database", p.Server, logs(p), "its DHCP service is disabled for want of a database connection")
			}
		default:
			add(problem.Warning, CodeDisabled, p.Server, "", "its DHCP service is disabled %s", reason)
		}
	}
}

// stateProblems: what each of Kea's HA states means to the person at the keyboard.
func stateProblems(r *Relationship, p *Peer, o *Observation, beat time.Duration, add adder) {
	partner := partnerOf(r, p)
	switch p.State {
	case kea.StatePartnerDown:
		if partner.State == kea.StateWaiting || partner.State == kea.StateSyncing || partner.State == kea.StateReady {
			add(problem.Warning, "partner-down", p.Server, "", "it serves all clients alone until %s, which is %s, is back%s", partner.Server, partner.State, unsent(*p))
			return
		}
		add(problem.Warning, "partner-down", p.Server, bringBack(partner), "it serves all clients alone, since %s is gone: bring that one back, and do not restart this one%s", partner.Server, unsent(*p))
	case kea.StateCommunicationRecovery:
		add(problem.Warning, "communication-recovery", p.Server, bringBack(partner), "it lost touch with %s and still serves its own half only; if %s is dead the other half gets no address", partner.Server, partner.Server)
	case kea.StateWaiting, kea.StateSyncing, kea.StateReady:
		severity, text := problem.Warning, "it is %s and serves nobody; longer than a few heartbeats means that the partner's URL, its version or a ha-pause keeps it there"
		if settling(o, beat) {
			severity, text = problem.Info, "it has just started or reloaded and is %s: normal for a few heartbeats"
		}
		add(severity, "not-ready", p.Server, logs(*p), text, p.State)
	case kea.StateInMaintenance:
		next := operationCommand(MaintenanceCancel, *p)
		if !partner.Reached {
			next = operationCommand(ForceTakeover, *p)
		}
		add(problem.Warning, "in-maintenance", p.Server, next, "it is in maintenance and serves nobody; it is safe to restart, and comes back when the maintenance is cancelled")
	case kea.StatePartnerInMaintenance:
		add(problem.Warning, "partner-in-maintenance", p.Server, operationCommand(MaintenanceCancel, partner), "it serves all clients while %s is in maintenance", partner.Server)
	case kea.StateTerminated:
		add(problem.Warning, "terminated", p.Server, logs(*p), "high availability has ended (clocks more than 60 s apart, or too many rejected lease updates): clients are served, without failover; mend the cause, then restart both servers")
	default: // normal, or said elsewhere
	}
}

// fileDiffers: what runs is not what a restart would load.
func fileDiffers(p Peer, add adder) {
	if p.FileDiffers != nil && *p.FileDiffers {
		add(problem.Info, "file-differs", p.Server, statusCommandOf(p, "ha status -o wide"), "it runs another configuration than %s says (%s): a restart may change it",
			p.File, differing(p.FileDifferences))
	}
}

// differing sums up: "1 difference, at valid-lifetime".
func differing(all []kea.Difference) string {
	if len(all) == 1 {
		return "1 difference, at " + all[0].Path
	}
	return fmt.Sprintf("%d differences, the first at %s", len(all), all[0].Path)
}

// settling: since the process started or loaded a configuration, which both start HA anew, it has not had the few
// heartbeats that it needs.
func settling(o *Observation, beat time.Duration) bool {
	return o.Status != nil && min(o.Status.Uptime, o.Status.Reload) < max(3*beat, 15*time.Second)
}

// splitView: two reachable servers that tell different stories.
func (g group) splitView(r *Relationship, add adder) {
	if g.bothIn(r, kea.StatePartnerDown) {
		severity, text := problem.Critical, "split brain: both servers think that the other is down and serve all clients, each from a database of its own: addresses are handed out twice"
		if r.SharedDatabase != nil && *r.SharedDatabase {
			severity, text = problem.Warning, "split view: both servers think that the other is down and serve all clients; the shared database keeps addresses unique"
		}
		add(severity, "split-brain", r.Name, "", text+". Mend the network between the peers' HA ports")
		return
	}
	for i, p := range r.Peers {
		o := g.members[i].Observation
		if o == nil || !o.Reached || p.State == "" || p.SeenState == nil || p.State == kea.StateTerminated {
			continue
		}
		partner := partnerOf(r, &r.Peers[i])
		if *p.SeenState == kea.StateUnavailable && partner.State != kea.StateTerminated && !settling(o, g.config.HeartbeatDelay) {
			add(problem.Warning, "split-view", r.Name, logs(partner), "%s answers us (%s), and %s has not heard from it since %s: the way between their HA ports is broken", p.Server, p.State, partner.Server, ageText(p.SeenAge))
		}
	}
}

func (g group) bothIn(r *Relationship, s kea.HAState) bool {
	in := 0
	for _, p := range r.Peers {
		if p.State == s {
			in++
		}
	}
	return in > 1
}

// standaloneProblems: a server without high availability.
func standaloneProblems(p Peer, o Observation) []problem.Problem {
	found := []problem.Problem{}
	add := func(s problem.Severity, code, subject, next, format string, args ...any) {
		found = append(found, problem.Problem{Severity: s, Code: code, Subject: subject, Text: fmt.Sprintf(format, args...), Next: next})
	}
	switch {
	case !o.Server.State.Running:
		add(problem.Critical, "server-down", p.Server, bringBack(p), "the server does not run (%s), and it has no partner: no client gets an address", p.Why)
	case !o.Reached:
		notReached(p, o, add)
	default:
		databaseAndService(p, problem.Critical, add)
		for i := range found {
			if found[i].Code == CodeDisabled {
				found[i].Severity = problem.Critical // nobody serves in its place
			}
		}
		fileDiffers(p, add)
	}
	return found
}

func partnerOf(r *Relationship, p *Peer) Peer {
	for _, other := range r.Peers {
		if other.Name != p.Name && other.Role != kea.RoleBackup {
			return other
		}
	}
	return Peer{Server: "its partner"}
}

func unsent(p Peer) string {
	if p.UnsentUpdates == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d leases are still to be sent to the partner)", p.UnsentUpdates)
}

// bringBack is the command that shows why a pod is away.
func bringBack(p Peer) string {
	if p.Namespace == "" {
		return ""
	}
	if strings.HasPrefix(p.Why, "no pod") {
		return "kubectl -n " + p.Namespace + " get statefulsets,deployments,events"
	}
	return "kubectl -n " + p.Namespace + " describe pod " + p.Pod
}

// operationCommand is the operation that helps a server.
func operationCommand(k Kind, p Peer) string {
	if p.Namespace == "" {
		return ""
	}
	return "kubectl kea ha " + string(k) + " " + p.Server + " -n " + p.Namespace
}

func logs(p Peer) string {
	return "kubectl -n " + p.Namespace + " logs " + p.Pod + " -c " + p.Container + " --tail=50"
}

func statusCommand(r *Relationship, command string) string {
	for _, p := range r.Peers {
		if p.Namespace != "" {
			return statusCommandOf(p, command)
		}
	}
	return ""
}

func statusCommandOf(p Peer, command string) string {
	return "kubectl kea " + command + " -n " + p.Namespace
}

func abs(n int) int { return max(n, -n) }
