package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// NotReady says what keeps the servers of a report from taking turns: every one has to be in its normal state by its own word
// and by its partner's, and to reach its database. continues: an earlier run was broken off, so that a server may still
// be covered or paused by it, or without its database. It is pure.
func NotReady(namespace string, r ha.Report, continues bool) []problem.Problem {
	found := []problem.Problem{}
	against := func(code, subject, text string) {
		found = append(found, problem.NewCritical(code, subject, text, "kubectl kea ha status -n "+namespace))
	}
	for _, p := range r.Standalone {
		for _, text := range unfit(p, continues) {
			against("server-not-ready", p.Server, text)
		}
	}
	for _, relationship := range r.Relationships {
		state := normalState(relationship.Mode)
		switch {
		case state == "" || len(relationship.Peers) != 2:
			against("nobody-covers", relationship.Name, fmt.Sprintf("in mode %s with %d servers nobody can cover for another", relationship.Mode, len(relationship.Peers)))
			continue
		case relationship.SharedDatabase == nil || !*relationship.SharedDatabase:
			against("separate-databases", relationship.Name, "its servers do not share one lease database: a partner that covers would not see the other's leases in time")
			continue
		}
		for _, p := range relationship.Peers {
			for _, text := range unfit(p, continues) {
				against("server-not-ready", p.Server, text)
			}
			if text := abnormal(relationship.Mode, p, state, continues); text != "" {
				against("not-normal", p.Server, text)
			}
		}
	}
	return found
}

// unfit says why a server could not be left to serve alone.
func unfit(p ha.Peer, continues bool) []string {
	found := []string{}
	switch {
	case !p.Reached:
		return append(found, "it was not reached: "+p.Why)
	// A broken-off run may have left a server with another password than its database has: to go on is what helps it.
	case p.LeaseQuery != ha.Works && !continues:
		found = append(found, "a lease query does not prove that it reaches its database: "+cmp.Or(string(p.LeaseQuery), "not answered, or without the hook lease_cmds"))
	}
	if len(p.Disabled) > 0 && !continues {
		found = append(found, "its DHCP service is disabled "+strings.Join(p.Disabled, ", "))
	}
	return append(found, p.Sockets...)
}

func containsAll(have, wanted []string) bool {
	for _, w := range wanted {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}
