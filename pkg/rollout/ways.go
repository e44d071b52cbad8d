package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// moves are the reloads of some servers, in their order. A server that does not run takes its new file when it starts.
func (f facts) moves(changed []FileChange) []Move {
	moves := []Move{}
	for _, t := range Turns(f.report) {
		byWay := map[Way]*Move{}
		for _, seat := range t.Seats {
			i := slices.IndexFunc(changed, func(c FileChange) bool { return c.Server == seat.Server })
			if i < 0 || changed[i].Later {
				continue
			}
			way, cost := f.way(seat)
			m := byWay[way]
			if m == nil {
				m = &Move{Turn: Turn{Pod: t.Pod}, Way: way, Cost: cost}
				byWay[way] = m
			}
			m.Seats = append(m.Seats, seat)
		}
		for _, way := range []Way{WayCovered, WayMaintenance, WayAlone} {
			if m := byWay[way]; m != nil {
				moves = append(moves, *m)
			}
		}
	}
	return moves
}

// way is how a server gets through its reload, and what clients notice of it.
func (f facts) way(s Seat) (Way, string) {
	own, r := f.peer(s.Server)
	if r == nil {
		return WayAlone, "its clients wait while it reloads, a second or less"
	}
	config := f.haConfig(s.Server)
	if i := slices.IndexFunc(r.Peers, func(p ha.Peer) bool { return p.Server == s.Partner }); s.Partner == "" || s.State == "" || i < 0 || !r.Peers[i].Reached {
		return WayAlone, "nobody covers it: clients wait until it has given up its partner, up to " + aloneTime(config).String()
	}
	partner, _, _ := strings.Cut(s.Partner, "/")
	switch {
	case !s.Serves() && own.Reached && shared(r):
		return WayCovered, "none: " + partner + " serves"
	case !s.Serves() && own.Reached:
		return WayCovered, partner + " serves, but pauses while the other fetches its leases from it"
	case shared(r):
		return WayCovered, "none, or one packet more: " + partner + " answers its clients meanwhile"
	default:
		return WayMaintenance, fmt.Sprintf("%s takes over without a gap; when it gives back, clients wait for a heartbeat (%s) at most", partner, heartbeat(config))
	}
}

// shared reports whether a pair is known to keep its leases in one database.
func shared(r *ha.Relationship) bool { return r.SharedDatabase != nil && *r.SharedDatabase }

// haConfig is the configuration of a server's relationship; nil for none, or where it is not known.
func (f facts) haConfig(server string) *kea.HAConfig {
	for i := range f.observations {
		if f.observations[i].Server.Name() == server {
			if config := f.observations[i].EffectiveConfig(); config != nil && len(config.HA) > 0 {
				return &config.HA[0]
			}
		}
	}
	return nil
}

// heartbeat is the time between two heartbeats.
func heartbeat(c *kea.HAConfig) time.Duration {
	if c == nil {
		return 10 * time.Second // Kea's default
	}
	return c.HeartbeatDelay
}

// aloneTime is how long a server waits for a partner that is dead, before it serves.
func aloneTime(c *kea.HAConfig) time.Duration {
	if c == nil {
		return time.Minute
	}
	return c.MaxResponseDelay + c.HeartbeatDelay
}
