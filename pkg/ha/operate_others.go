package ha

import "github.com/kubectl-kea/kubectl-kea/pkg/kea"

// takeOver has a server serve all clients whose partner is dead, without waiting for clients that nobody answers.
func (c couple) takeOver(a *Act) {
	a.Wanted = c.own.Server + " partner-down and serving all clients"
	unable := able(c.own)
	switch {
	case (c.own.State == kea.StatePartnerDown || c.own.State == kea.StatePartnerInMaintenance) && serving(c.own):
		a.Done = "it is " + string(c.own.State) + " and serves all clients"
	case unable != "":
		a.refuse(bringBack(c.own), "it %s: it could not serve", unable)
	case c.own.State == kea.StateInMaintenance && c.partner.Reached:
		a.refuse(c.command(MaintenanceCancel, c.own), "it is in maintenance, and its partner %s is %s", c.partner.Server, stateText(c.partner))
	case c.partner.Reached && serving(c.partner):
		a.refuse(c.command(MaintenanceStart, c.partner), "its partner %s is %s and serves; to have %s serve in its place, take that one out of service", c.partner.Server, c.partner.State, c.own.Server)
	case c.healthy() && serving(c.own):
		a.refuse(c.command(MaintenanceStart, c.partner), "it serves, and its partner %s is well; to have %s serve alone, take that one out of service", c.partner.Server, c.own.Server)
	case c.partner.Reached && coming(c.partner.State):
		a.refuse(c.waitCommand(), "its partner %s is %s, and both are about to join", c.partner.Server, c.partner.State)
	default:
		a.send(c.own, "ha-maintenance-start")
		if c.own.State == kea.StateInMaintenance {
			a.send(c.own, "ha-reset") // only the partner could cancel; begun anew, it takes the other command
		}
		a.cost("%s serves all clients at once, and alone until %s is back", c.own.Server, c.partner.Server)
		c.splitCost(a)
	}
}

// splitCost says what happens when a partner that seems dead lives.
func (c couple) splitCost(a *Act) {
	switch {
	case !c.aliveMaybe():
		return
	case c.r.SharedDatabase != nil && *c.r.SharedDatabase:
		a.cost("if %s is alive where neither we nor %s reach it, both serve; the shared database keeps addresses unique", c.partner.Server, c.own.Server)
	case c.r.SharedDatabase == nil:
		a.cost("DANGER: if %s is alive where neither we nor %s reach it, both serve; whether they share a database is not known, and if they do not, addresses are handed out twice", c.partner.Server, c.own.Server)
	default:
		a.cost("DANGER: if %s is alive where neither we nor %s reach it, both serve, each from a database of its own: addresses are handed out twice", c.partner.Server, c.own.Server)
	}
}

// aliveMaybe: the partner's container is said to run, or it runs where we do not see it.
func (c couple) aliveMaybe() bool {
	for _, m := range c.g.members {
		if m.name == c.partner.Name {
			return m.Observation == nil || m.Server.State.Running
		}
	}
	return true
}

// goOn lets a state machine go on that its configuration pauses.
func (c couple) goOn(a *Act) {
	a.Wanted = c.own.Server + " in another state than " + stateText(c.own)
	switch {
	case !c.own.Reached || c.own.State == "":
		a.refuse(bringBack(c.own), "it %s", able(c.own))
	case c.healthy():
		a.Done = "it is " + string(c.own.State) + ", and so is its partner"
	case c.own.State == kea.StateInMaintenance:
		a.refuse(c.command(MaintenanceCancel, c.own), "it is in maintenance, which ha-continue does not end")
	case c.own.State == kea.StateTerminated:
		a.refuse(logs(c.own), "high availability has ended (clocks apart, or rejected lease updates), which ha-continue does not change")
	default:
		a.send(c.own, "ha-continue")
		a.cost("none: a server that is not paused stays as it is")
	}
}

// reset has a server begin its state machine anew.
func (c couple) reset(a *Act) {
	a.Wanted = c.own.Server + " joined again"
	switch {
	case !c.own.Reached || c.own.State == "":
		a.refuse(bringBack(c.own), "it %s", able(c.own))
	case serving(c.own) && !c.force && c.own.State == kea.StateTerminated:
		a.refuse(logs(c.own), "high availability has ended (clocks apart, or rejected lease updates), and it serves: mend the cause, then restart both servers, one after the other")
	case serving(c.own) && !c.force && c.healthy():
		a.refuse(c.command(MaintenanceStart, c.own), "it serves, and would stop for a heartbeat or two, while %s does not step in: take it out of service first, reset it then, and cancel the maintenance", c.partner.Server)
	case serving(c.own) && !c.force:
		a.refuse(c.waitCommand(), "it serves (%s), and would stop; %s is %s and would not serve in its place", c.own.State, c.partner.Server, stateText(c.partner))
	default:
		a.send(c.own, "ha-reset")
		if serving(c.own) {
			a.cost("%s serves nobody until it has joined %s again: a heartbeat (%s) or two, longer when that one is down", c.own.Server, c.partner.Server, c.g.config.HeartbeatDelay)
			return
		}
		a.cost("none for clients: it serves nobody now; it is no reserve until it has joined %s again, within a heartbeat (%s) or two", c.partner.Server, c.g.config.HeartbeatDelay)
	}
}

// sync has a server fetch all leases of its partner.
func (c couple) sync(a *Act) {
	a.Wanted = "the leases of " + c.partner.Server + " in " + c.own.Server
	shared := c.r.SharedDatabase != nil && *c.r.SharedDatabase
	switch {
	case able(c.own) != "":
		a.refuse(bringBack(c.own), "it %s", able(c.own))
	case able(c.partner) != "":
		a.refuse(bringBack(c.partner), "its partner %s %s: there is nobody to fetch from", c.partner.Server, able(c.partner))
	case shared && !c.force:
		a.refuse("", "both servers keep their leases in one shared database: there is nothing to fetch, and %s would stop serving meanwhile", c.partner.Server)
	default:
		a.send(c.own, "ha-sync")
		if serving(c.partner) {
			a.cost("%s serves nobody while its leases are fetched: fractions of a second for hundreds of leases, at most %s", c.partner.Server, syncPeriod)
			return
		}
		a.cost("none for clients: %s serves nobody now", c.partner.Server)
	}
}
