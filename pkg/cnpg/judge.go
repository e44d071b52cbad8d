package cnpg

import (
	"fmt"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
)

// serving reports whether the primary can take logins.
func serving(s *Summary) bool {
	if s.Hibernated || s.Primary == "" || isFenced(s.Fenced, s.Primary) {
		return false
	}
	for _, m := range s.Members {
		if m.Pod == s.Primary {
			return m.Ready
		}
	}
	return false
}

// reasons says why a cluster is not healthy. The operator's phase is only one of the witnesses: while a cluster is
// fenced it goes on saying healthy, and says so for a while after an instance has gone.
func reasons(s *Summary, cluster *cnpgv1.Cluster, now time.Time) []string {
	list := []string{}
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }

	switch {
	case s.Hibernated:
		add("the cluster is hibernated")
	case len(s.Fenced) == 1 && s.Fenced[0] == allInstances:
		add("all instances are fenced: PostgreSQL is stopped")
	case len(s.Fenced) > 0:
		add("fenced: %s", strings.Join(s.Fenced, ", "))
	}
	if cluster.DeletionTimestamp != nil {
		add("the cluster is being deleted")
	}
	if s.Phase != cnpgv1.PhaseHealthy {
		add("%s", phaseText(s))
	}
	if s.Primary == "" {
		add("there is no primary yet")
	} else if !s.Serving && !s.Hibernated && !isFenced(s.Fenced, s.Primary) {
		add("the primary %s is not ready", s.Primary)
	}
	if s.Transition != TransitionNone && s.Phase != cnpgv1.PhaseFailOver && s.Phase != cnpgv1.PhaseSwitchover {
		add("%s from %s to %s", s.Transition, s.Primary, s.TargetPrimary)
	}
	if s.PrimaryFailingSince != nil {
		add("the primary has been failing for %s", now.Sub(*s.PrimaryFailingSince).Round(time.Second))
	}
	if s.ReadyInstances < s.Instances && !s.Hibernated {
		add("%d of %d instances are ready", s.ReadyInstances, s.Instances)
	}
	if failed := cluster.Status.InstancesStatus[cnpgv1.PodFailed]; len(failed) > 0 {
		add("failed: %s", joinNames(failed))
	}
	if len(cluster.Status.InstancesStatus[cnpgv1.PodHealthy]) == 0 && s.Phase == cnpgv1.PhaseHealthy && !s.Hibernated {
		add("the operator sees no healthy instance")
	}
	if c := condition(cluster, cnpgv1.ConditionConsistentSystemID); c.Working != nil && !*c.Working && !s.Hibernated && !leftOver(cluster, c) {
		add("%s", c.Message)
	}
	return list
}

// leftOver reports a condition that fencing has left behind: CNPG 1.30 went on saying that no instance reported a system
// ID for minutes after the fence was lifted, while it counted every instance as healthy.
func leftOver(cluster *cnpgv1.Cluster, c Condition) bool {
	healthy := len(cluster.Status.InstancesStatus[cnpgv1.PodHealthy])
	return c.Reason == "NotFound" && healthy > 0 && healthy == cluster.Spec.Instances
}

func phaseText(s *Summary) string {
	phase := s.Phase
	if phase == "" {
		phase = "the operator has not looked at the cluster yet"
	}
	if s.PhaseReason == "" {
		return phase
	}
	return phase + ": " + s.PhaseReason
}

func joinNames(names []string) string { return strings.Join(names, ", ") }
