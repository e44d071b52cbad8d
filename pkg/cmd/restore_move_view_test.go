package cmd

import (
	"slices"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

const restoredName = "kea-database-20260310-143000"

// movePlan takes a restored cluster into service; change may spoil it.
func movePlan(change func(*restore.MovePlan)) restore.MovePlan {
	p := restore.MovePlan{
		Direction: restore.Cutover, Namespace: "network", Deployment: "kea-dhcp", Service: "kea-database", User: "kea",
		From: "kea-database", To: restoredName, Since: *before(2 * time.Hour), Readable: true, Fence: true,
		Servers: []restore.MoveServer{
			{Name: "kea-dhcp-0/dhcp4", Reached: true, State: "hot-standby"},
			{Name: "kea-dhcp-0/dhcp6", Reached: true},
			{Name: "kea-dhcp-1/dhcp4", Why: "Pending: 0/3 nodes are available, which is a reason that takes a line and a half of a narrow terminal"},
		},
		Newer:  goodRestorePlan().Lost,
		Extend: []restore.Loss{{Service: "dhcp4", VLAN: 10, VLANName: "users", Subnet: "10.10.0.0/16", SubnetID: 10, Leases: 12}},
	}
	if change != nil {
		change(&p)
	}
	return p
}

// restoredClusters are one of each kind.
func restoredClusters() []restore.Restored {
	record := func(phase restore.Phase) *restore.Record {
		return &restore.Record{
			Source: "kea-database", Target: restore.Wanted{Time: *before(2 * time.Hour)}, Phase: phase, By: "ann@desk",
			Started: *before(time.Hour), Recovered: *before(58 * time.Minute), Leases: 2484, CutOver: *before(50 * time.Minute), PauseSeconds: 1.4,
		}
	}
	lineage := []cnpg.Ancestor{{Cluster: "kea-database", Archive: cnpg.Archive{ServerName: "kea-database"}, Until: *before(50 * time.Minute)}}
	return []restore.Restored{
		{Namespace: "network", Name: "kea-database", SupersededBy: restoredName, Fenced: true, Instances: 3, Reasons: []string{"fenced: *"}, Created: *before(90 * 24 * time.Hour), Next: "kubectl kea restore cleanup kea-database -n network"},
		{Namespace: "network", Name: restoredName, Record: record(restore.InService), Current: true, Healthy: true, Instances: 3, ReadyInstances: 3, Timeline: 2, Lineage: lineage, Created: *before(time.Hour)},
		{Namespace: "network", Name: "kea-database-b", Record: record(restore.Recovering), Instances: 3, Created: *before(5 * time.Minute), Next: "kubectl kea restore -n network --name kea-database-b --to-time 2026-03-10T13:35:12Z", Abort: "kubectl kea restore abort kea-database-b -n network"},
		{
			Namespace: "network", Name: "kea-database-c", Record: &restore.Record{Source: "kea-database", Target: restore.Wanted{Backup: "nightly"}, Phase: restore.Recovered, ReplayedToEnd: true, Started: *before(time.Hour)},
			Instances: 3, ReadyInstances: 2, Reasons: []string{"2 of 3 instances ready"}, Created: *before(5 * time.Minute), Next: "kubectl kea restore cutover kea-database-c -n network",
			Unfinished: &restore.Unfinished{Direction: restore.Cutover, From: restoredName, To: "kea-database-c", Started: *before(time.Minute), By: "bob@lap"},
		},
	}
}

func TestMovePages(t *testing.T) {
	plan := func(change func(*restore.MovePlan)) func(printer.Canvas) printer.Page {
		return func(c printer.Canvas) printer.Page { return movePlanPage(movePlan(change), true, restoreNow(), c) }
	}
	moved := func(r restore.MoveReport, change func(*restore.MovePlan)) func(printer.Canvas) printer.Page {
		r.From, r.To = "kea-database", restoredName
		return func(c printer.Canvas) printer.Page { return movedPage(r, movePlan(change), c) }
	}
	none := func(p *restore.MovePlan) { p.Carry.None = true }
	goldenScreens(t, "restore-move-", map[string]func(printer.Canvas) printer.Page{
		"cutover": plan(nil),
		"none":    plan(none),
		"vlans": plan(func(p *restore.MovePlan) {
			p.Carry.VLANs = []string{"10", "users"}
			p.Newer = slices.Clone(p.Newer)
			p.Newer[1].Forgotten = true
		}),
		"blocked": plan(func(p *restore.MovePlan) {
			p.Continues = true
			p.Problems = []problem.Problem{{
				Severity: problem.Critical, Code: "server-unreachable", Subject: "kea-dhcp-1/dhcp4", Text: "it runs and cannot be asked, so it cannot be paused: no answer within 4s",
				Next: "kubectl kea ha status -n network",
			}}
		}),
		"moved": moved(restore.MoveReport{
			PauseSeconds: 1.42, Fenced: true, Backups: restoredName, Proof: &restore.Proof{Networks: 6, Answered: 6}, HistoryGap: "only some subnets were carried",
			Carried: []restore.Carried{{Loss: restore.Loss{VLAN: 10, VLANName: "users", Subnet: "10.10.0.0/16"}, New: 1203, Newer: 7, Extended: 12}},
		}, nil),
		"moved-unanswered": moved(restore.MoveReport{PauseSeconds: 1.42, Fenced: true, Proof: &restore.Proof{Networks: 6, Answered: 5, Problems: []problem.Problem{{
			Severity: problem.Critical, Code: "no-answer", Subject: "VLAN 10 (users) dhcp4", Text: "no server answers clients: every address is in use", Next: "kubectl kea leases usage -n network",
		}}}}, nil),
		"moved-none":    moved(restore.MoveReport{PauseSeconds: 0.9}, none),
		"moved-guarded": moved(restore.MoveReport{PauseSeconds: 5.2, Extended: 2484}, func(p *restore.MovePlan) { p.Carry.None, p.Carry.Guard = true, true }),
		"by-hand": func(printer.Canvas) printer.Page {
			return patchPage(movePlan(func(p *restore.MovePlan) { p.Problems = []problem.Problem{{Code: "no-stable-service"}} }))
		},
	})
}

func TestRestoredPages(t *testing.T) {
	all := restoredClusters()
	pages := map[string]func(printer.Canvas) printer.Page{
		"list": func(printer.Canvas) printer.Page { return restoreListPage(all, restoreNow(), false) },
		"list-all": func(printer.Canvas) printer.Page {
			elsewhere := all[0]
			elsewhere.Namespace = "campus"
			return restoreListsPage(append([]restore.Restored{elsewhere}, all...), restoreNow(), false)
		},
		"cleanup": func(c printer.Canvas) printer.Page {
			return cleanupPage(restore.CleanupPlan{
				Namespace: "network", Name: "kea-database", Kept: []restore.KeptSecret{{Name: "kea-database-ca", For: []string{restoredName}}}, Schedules: []string{"kea-database"},
				Unmade:   []string{"kea-database-20260310100855"},
				Archive:  cnpg.Archive{ServerName: "kea-database"},
				Problems: []problem.Problem{{Severity: problem.Info, Code: "no-way-back", Subject: "cluster kea-database", Text: "afterwards there is no going back to it from " + restoredName}},
			}, true, c)
		},
		"abort": func(printer.Canvas) printer.Page {
			return abortPage(restore.AbortPlan{Namespace: "network", Delete: "kea-database-b"}, true)
		},
		"abort-cutover": func(printer.Canvas) printer.Page {
			return abortPage(restore.AbortPlan{Namespace: "network", Move: all[3].Unfinished}, false)
		},
	}
	for i, name := range []string{"former", "serving", "unfinished", "waiting"} {
		pages["status-"+name] = func(printer.Canvas) printer.Page { return restoreStatusPage(&all[i], restoreNow()) }
	}
	goldenScreens(t, "restored-", pages)
}
