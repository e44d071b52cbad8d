package cmd

import (
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

func TestPreparationPages(t *testing.T) {
	pair := func(change func(*restore.Preparation)) restore.Preparation {
		p := restore.Preparation{
			Namespace: "dhcp", Deployment: "dhcp", Cluster: "dhcpdb", Host: "dhcpdb-rw", Service: "kea-database",
			Rollout: rollout.Plan{Moves: []rollout.Move{
				{Turn: rollout.Turn{Pod: "dhcp-1", Seats: []rollout.Seat{{Server: "dhcp-1/dhcp4"}, {Server: "dhcp-1/dhcp6"}}}, Cost: "none: dhcp-0 serves"},
				{Turn: rollout.Turn{Pod: "dhcp-0", Seats: []rollout.Seat{{Server: "dhcp-0/dhcp4"}}}, Cost: "none, or one packet more: dhcp-1 answers its clients meanwhile"},
			}},
		}
		change(&p)
		return p
	}
	plan := func(dryRun bool, change func(*restore.Preparation)) func(printer.Canvas) printer.Page {
		return func(c printer.Canvas) printer.Page { return preparationPage(pair(change), dryRun, c) }
	}
	same := func(*restore.Preparation) {}
	goldenScreens(t, "restore-prepare-", map[string]func(printer.Canvas) printer.Page{
		"plan":     plan(true, same),
		"needless": plan(false, func(p *restore.Preparation) { p.Prepared = true }),
		"blocked": plan(false, func(p *restore.Preparation) {
			p.Rollout.Moves = nil
			p.Problems = []problem.Problem{problem.NewCritical("name-taken", "service kea-database", "it exists and does not lead to the primary of cluster dhcpdb", "kubectl kea restore prepare --service NAME -n dhcp")}
		}),
		"done": func(printer.Canvas) printer.Page {
			return preparedPage(pair(same), rollout.Report{Servers: []rollout.Reloaded{{}, {}, {}}, Seconds: 9.4, Remarks: []string{"dhcp-1/dhcp6 waited for its partner."}})
		},
	})
}
