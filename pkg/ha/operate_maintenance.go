package ha

import "github.com/kubectl-kea/kubectl-kea/pkg/kea"

// start takes a server out of service. Kea's command goes to its partner, which then serves all clients.
func (c couple) start(a *Act) {
	a.Wanted = c.own.Server + " in-maintenance, " + c.partner.Server + " partner-in-maintenance and serving all clients"
	down := able(c.partner)
	switch {
	case c.is(kea.StateInMaintenance, kea.StatePartnerInMaintenance) && serving(c.partner):
		a.Done = "it is in maintenance, and " + c.partner.Server + " serves all clients"
	case !c.own.Reached && (c.partner.State == kea.StatePartnerInMaintenance || c.partner.State == kea.StatePartnerDown) && serving(c.partner):
		a.Done = "it is down (" + c.own.Why + "), and " + c.partner.Server + " serves all clients"
	case c.own.State == kea.StatePartnerInMaintenance:
		a.refuse(c.command(MaintenanceCancel, c.partner), "%s is in maintenance, and %s serves its clients: nobody else would", c.partner.Server, c.own.Server)
	case down != "":
		a.refuse(bringBack(c.partner), "its partner %s %s: nobody would serve", c.partner.Server, down)
	case coming(c.own.State) && c.partner.State == kea.StatePartnerInMaintenance:
		// It was restarted while in maintenance, and goes back there by itself.
	case !c.own.Reached:
		a.refuse(c.command(ForceTakeover, c.partner), "it is down or does not answer (%s), which its partner cannot agree on with it; when it is dead, its partner can be made to take over", c.own.Why)
	case !c.healthy():
		a.refuse(c.waitCommand(), "%s is %s and %s is %s, and a server is only taken out of a pair that is %s on both sides and in touch",
			c.own.Server, stateText(c.own), c.partner.Server, stateText(c.partner), c.normal())
	default:
		a.send(c.partner, "ha-maintenance-start")
		if serving(c.own) {
			a.cost("%s takes over at once: clients notice nothing, or repeat one packet", c.partner.Server)
		} else {
			a.cost("none for clients: %s serves them now and goes on", c.partner.Server)
		}
		a.cost("until it is cancelled %s is alone: when it fails, nobody serves", c.partner.Server)
	}
}

// cancel ends the maintenance of a server. Kea's command goes to its partner, which serves in its place.
func (c couple) cancel(a *Act) {
	a.Wanted = "both servers " + string(c.normal()) + ", and every scope served"
	switch {
	case c.healthy() && c.r.Serving != nil && *c.r.Serving:
		a.Done = "it is not in maintenance: both servers are " + string(c.normal())
	case c.is(kea.StatePartnerInMaintenance, kea.StateInMaintenance):
		a.refuse(c.command(MaintenanceCancel, c.partner), "it serves; it is %s that is in maintenance", c.partner.Server)
	case c.partner.State == kea.StatePartnerInMaintenance && able(c.own) != "" && !c.own.Reached:
		a.refuse(bringBack(c.own), "it %s: %s, which serves its clients, would stop, and nobody would serve", able(c.own), c.partner.Server)
	case c.partner.State == kea.StatePartnerInMaintenance && c.own.LeaseQuery == Broken:
		a.refuse(logs(c.own), "it has no lease database: %s, which serves its clients, would stop, and nobody would serve", c.partner.Server)
	case c.is(c.normal(), kea.StatePartnerInMaintenance):
		// It serves again, and its partner is to learn that with the next heartbeat; a second cancel would be refused.
	case c.partner.State == kea.StatePartnerInMaintenance:
		a.send(c.partner, "ha-maintenance-cancel")
		c.cancelCosts(a)
	case c.own.State == kea.StateInMaintenance && !c.partner.Reached:
		a.refuse(c.command(ForceTakeover, c.own), "its partner %s is down or does not answer (%s), and that one has to cancel; nobody serves", c.partner.Server, c.partner.Why)
	case !c.own.Reached:
		a.refuse(bringBack(c.own), "it is down or does not answer (%s); there is no maintenance to cancel, and it joins %s by itself when it is back", c.own.Why, c.partner.Server)
	case !c.partner.Reached:
		a.refuse(bringBack(c.partner), "its partner %s is down or does not answer (%s), and there is no maintenance to cancel", c.partner.Server, c.partner.Why)
	default:
		// On the way: the maintenance has ended, and the servers join again.
	}
}

// cancelCosts says what the way back costs: the partner stops at once, and who was restarted meanwhile waits for a heartbeat.
func (c couple) cancelCosts(a *Act) {
	if c.g.config.Mode == kea.ModeHotStandby && c.own.Role == kea.RoleStandby {
		a.cost("none for clients: %s serves them now and goes on", c.partner.Server)
		return
	}
	who := "clients"
	if c.g.config.Mode == kea.ModeLoadBalancing {
		who = "the clients of " + c.own.Server
	}
	a.cost("not gapless: %s stops serving %s at once, and %s begins within a heartbeat (%s) when it was restarted or reloaded meanwhile; else at once",
		c.partner.Server, who, c.own.Server, c.g.config.HeartbeatDelay)
}
