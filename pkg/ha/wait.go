package ha

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Condition is what can be waited for.
type Condition string

// The conditions.
const (
	// Healthy: both servers of every relationship are in their normal state, hear from each other and have their database.
	Healthy Condition = "healthy"
	// Serving: every scope is served by somebody.
	Serving Condition = "serving"
)

// Missing says what a report lacks for a condition, each server or relationship in a few words; nothing when it holds. What
// does not pass by itself, such as configurations that differ, is not waited for.
func Missing(r Report, c Condition) []string {
	missing := []string{}
	for _, relationship := range r.Relationships {
		if c == Healthy {
			missing = append(missing, relationship.unhealthy()...)
		}
		switch {
		case relationship.Serving == nil:
			missing = append(missing, string(relationship.Service)+": not known who serves")
		case !*relationship.Serving:
			missing = append(missing, fmt.Sprintf("%s: nobody serves scope %s", relationship.Service, strings.Join(relationship.Unserved, ", ")))
		}
	}
	for _, p := range r.Standalone {
		if !serving(p) {
			missing = append(missing, p.Server+" does not serve: "+notServing(p))
		}
	}
	return missing
}

// unhealthy names the servers of a relationship that are not as they are to be.
func (r Relationship) unhealthy() []string {
	found := []string{}
	for _, p := range r.Peers {
		unable := able(p)
		switch {
		case p.Role == kea.RoleBackup && p.Reached:
		case unable != "":
			found = append(found, p.Server+" "+unable)
		case !normalState(p.State):
			found = append(found, p.Server+" is "+string(p.State))
		case !hears(p):
			found = append(found, p.Server+" is not heard by its partner")
		case p.SeenState != nil && !normalState(*p.SeenState): // its partner has not heard from it since it changed
			found = append(found, p.Server+" is still "+string(*p.SeenState)+" for its partner")
		}
	}
	if len(r.Doubled) > 0 {
		found = append(found, string(r.Service)+": two servers serve scope "+strings.Join(r.Doubled, ", "))
	}
	return found
}

func normalState(s kea.HAState) bool {
	return slices.Contains([]kea.HAState{kea.StateHotStandby, kea.StateLoadBalancing, kea.StatePassiveBackup, kea.StateBackup}, s)
}

// notServing says why a server without a partner serves nobody.
func notServing(p Peer) string {
	if unable := able(p); unable != "" && (p.State != "" || !p.Reached) {
		return unable
	}
	if len(p.Disabled) > 0 {
		return "disabled " + strings.Join(p.Disabled, ", ")
	}
	return "reason not known"
}

// waitEvery is the time between two looks of a wait.
const waitEvery = time.Second

// Wait looks until a condition holds, and tells after each look what is missing.
// Errors: *StuckError when the context ends first.
func Wait(ctx context.Context, src Source, c Condition, note func(string)) (Report, error) {
	missing := "the servers were not seen"
	for {
		_, observations, err := src.Look(ctx)
		switch {
		case ctx.Err() != nil:
			return Report{}, &StuckError{missing, context.Cause(ctx)}
		case err != nil:
			missing = err.Error()
		default:
			report, _ := Judge(observations)
			lacking := Missing(report, c)
			if len(lacking) == 0 {
				return report, nil
			}
			missing = strings.Join(lacking, "; ")
		}
		note(missing)
		select {
		case <-ctx.Done():
			return Report{}, &StuckError{missing, context.Cause(ctx)}
		case <-time.After(waitEvery):
		}
	}
}
