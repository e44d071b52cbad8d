package restore

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/probe"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Clients notice what is critical: a network in which nobody answers, not a partner that is silent.
func TestProofOf(t *testing.T) {
	silent := problem.NewCritical("no-answer", "VLAN 20 dhcp4", "no server answers clients", "")
	r := probe.Report{
		Links:    []probe.LinkReport{{Clients: 8, Answered: 8}, {Clients: 8, Answered: 3}, {Clients: 1}},
		Problems: []problem.Problem{{Severity: problem.Warning, Code: "server-silent"}, silent},
	}
	want := &Proof{Networks: 3, Answered: 2, Problems: []problem.Problem{silent}}
	if diff := cmp.Diff(want, proofOf(r)); diff != "" {
		t.Error(diff)
	}
}
