package cmd

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

// restoreNow is an afternoon an hour east of Greenwich.
func restoreNow() time.Time {
	return time.Date(2026, 3, 10, 16, 35, 12, 0, time.FixedZone("CET", 3600))
}

func before(d time.Duration) *time.Time { t := restoreNow().Add(-d).UTC(); return &t }

// goodRestorePlan is one that nothing stands against, two hours back.
func goodRestorePlan() restore.Plan {
	base := func(name string, ago time.Duration) cnpg.Backup {
		return cnpg.Backup{Name: name, Cluster: "kea-database", Phase: "completed", Stopped: before(ago), Major: 17}
	}
	span := backup.Span{
		Cluster: "kea-database", Archive: cnpg.Archive{Method: cnpg.MethodPlugin, Store: "kea-backups", ServerName: "kea-database"}, Current: true,
		First: before(30 * time.Hour), End: before(4 * time.Minute), EndKnown: true, Live: true,
		Backups: []cnpg.Backup{base("kea-database-20260309103500", 30*time.Hour), base("kea-database-20260310020000", 14*time.Hour)},
	}
	name := "kea-database-20260310-153512"
	return restore.Plan{
		Namespace: "network", Deployment: "kea-dhcp", Source: "kea-database", Name: name,
		Target: restore.Wanted{Time: *before(2*time.Hour + 3*time.Minute)}, Since: *before(2*time.Hour + 3*time.Minute),
		Window: backup.Window{Spans: []backup.Span{span}}, Chosen: backup.Chosen{Span: span, Base: &span.Backups[1]},
		Manifest: &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
			"instances": int64(3), "storage": map[string]any{"size": "1Gi"}, "walStorage": map[string]any{"size": "512Mi"},
		}}},
		SourceAnswers: true, Stable: true, Service: "kea-database",
		Lost: []restore.Loss{
			{Service: "dhcp4", VLAN: 10, VLANName: "users", Subnet: "10.10.0.0/16", SubnetID: 10, Leases: 1203},
			{Service: "dhcp4", VLAN: 20, VLANName: "a name that somebody gave \x1b[2J", Subnet: "10.20.0.0/16", SubnetID: 20, Leases: 7},
			{Service: "dhcp4", SubnetID: 77, Leases: 1},
			{Service: "dhcp6", VLAN: 10, VLANName: "users", Subnet: "2001:db8:10::/64", SubnetID: 10, Leases: 412},
		},
	}
}

// earlierRestorePlan goes back to before a cutover, and had to be clamped.
func earlierRestorePlan() restore.Plan {
	p := goodRestorePlan()
	old := p.Window.Spans[0]
	old.Cluster, old.Current, old.Live, old.Until, old.End = "kea-database-20260308-120000", false, false, before(31*time.Hour), before(31*time.Hour)
	old.First = before(50 * time.Hour)
	old.Archive.ServerName = old.Cluster
	old.Backups = []cnpg.Backup{{Name: "old", Stopped: before(50 * time.Hour), Major: 17}}
	p.Window.Spans = append([]backup.Span{old}, p.Window.Spans...)
	p.Chosen = backup.Chosen{Span: old, Base: &old.Backups[0]}
	p.Target, p.Since, p.Clamped = restore.Wanted{Time: *before(31 * time.Hour)}, *before(31 * time.Hour), before(30*time.Hour+30*time.Minute)
	p.Lost, p.Stable = nil, false
	p.Problems = []problem.Problem{
		{Severity: problem.Warning, Code: "secret-of-the-old-cluster", Subject: "secret kea-database-ca", Text: "it belongs to cluster kea-database and would go with it; the new cluster needs it for the authority of the server's certificate", Next: "later, delete the old cluster by kubectl kea restore cleanup only, which keeps it"},
		{Severity: problem.Info, Code: "no-stable-service", Subject: "service kea-database-rw", Text: "it is the operator's own Service of cluster kea-database: the operator would turn it back; the restore does not need it, a cutover does", Next: "kubectl kea restore prepare -n network"},
	}
	return p
}

// deadRestorePlan takes the last state of a database that does not answer.
func deadRestorePlan() restore.Plan {
	p := goodRestorePlan()
	p.Target, p.AtMost, p.SourceAnswers, p.Lost = restore.Wanted{Latest: true}, true, false, []restore.Loss{}
	p.Window.Spans[0].Live, p.Window.Spans[0].EndKnown = false, false
	p.Chosen.Span, p.Chosen.Base, p.Since = p.Window.Spans[0], nil, *before(4 * time.Minute)
	p.Problems = []problem.Problem{{
		Severity: problem.Warning, Code: "source-silent", Subject: "database kea at kea-database",
		Text: "what the restore would forget is not known, since the database in service cannot be asked: no pod that the Service selects is ready", Next: "kubectl kea status -n network",
	}}
	return p
}

// positionRestorePlan restores to a position, whose moment nobody knows.
func positionRestorePlan() restore.Plan {
	p := goodRestorePlan()
	p.Target, p.AtMost, p.Since, p.Lost = restore.Wanted{LSN: 0x5000028}, true, *p.Chosen.Base.Stopped, p.Lost[:1]
	return p
}

// backupRestorePlan restores to the end of a backup, which nothing came after.
func backupRestorePlan() restore.Plan {
	p := goodRestorePlan()
	p.Target, p.Since, p.Lost = restore.Wanted{Backup: p.Chosen.Base.Name}, *p.Chosen.Base.Stopped, []restore.Loss{}
	return p
}

// latestRestorePlan takes all of a database that answers.
func latestRestorePlan() restore.Plan {
	p := goodRestorePlan()
	p.Target, p.AtMost, p.Since, p.Lost = restore.Wanted{Latest: true}, true, restoreNow(), []restore.Loss{}
	return p
}

// blockedRestorePlan has several reasons against it.
func blockedRestorePlan() restore.Plan {
	p := goodRestorePlan()
	p.Target, p.Chosen, p.Manifest = restore.Wanted{Time: *before(31 * time.Hour)}, backup.Chosen{}, nil
	p.Problems = []problem.Problem{
		{Severity: problem.Critical, Code: "target-outside", Subject: "target 2026-03-09T08:35:12Z", Text: "it is before the end of the first base backup; the nearest that can be restored to: 2026-03-09T09:35:13Z after it", Next: "add --clamp to restore to 2026-03-09T09:35:13Z"},
		{Severity: problem.Critical, Code: "name-taken", Subject: "name kea-database", Text: "cluster kea-database exists", Next: "leave --name out, or give another one"},
		{Severity: problem.Critical, Code: "no-room", Subject: "resourcequota team", Text: "the new cluster does not fit beside the old one: pods: 3 more are needed, 5 of 6 are used", Next: "kubectl -n network describe resourcequota team"},
	}
	return p
}

// barredRestorePlan is what somebody sees who may not even look.
func barredRestorePlan() restore.Plan {
	return restore.Plan{Namespace: "network", Problems: []problem.Problem{{
		Severity: problem.Critical, Code: "missing-permission", Subject: "namespace network",
		Text: "you may not: get,list,create,patch,delete clusters.postgresql.cnpg.io; get,list,create,patch backups.postgresql.cnpg.io; create pods/exec",
		Next: "ask for the Role NAME-admin, which kubectl kea install makes, or for what kubectl kea restore --help lists",
	}}}
}

func TestRestorePlanScreens(t *testing.T) {
	goldenScreens(t, "restore-plan-", map[string]func(printer.Canvas) printer.Page{
		"good": func(c printer.Canvas) printer.Page {
			return restorePlanPage(goodRestorePlan(), planOptions{dryRun: true}, restoreNow(), c)
		},
		"earlier": func(c printer.Canvas) printer.Page {
			return restorePlanPage(earlierRestorePlan(), planOptions{}, restoreNow(), c)
		},
		"dead": func(c printer.Canvas) printer.Page {
			return restorePlanPage(deadRestorePlan(), planOptions{}, restoreNow(), c)
		},
		"position": func(c printer.Canvas) printer.Page {
			return restorePlanPage(positionRestorePlan(), planOptions{}, restoreNow(), c)
		},
		"backup": func(c printer.Canvas) printer.Page {
			return restorePlanPage(backupRestorePlan(), planOptions{cutover: true}, restoreNow(), c)
		},
		"latest": func(c printer.Canvas) printer.Page {
			return restorePlanPage(latestRestorePlan(), planOptions{}, restoreNow().UTC(), c)
		},
		"blocked": func(c printer.Canvas) printer.Page {
			return restorePlanPage(blockedRestorePlan(), planOptions{}, restoreNow(), c)
		},
		"barred": func(c printer.Canvas) printer.Page {
			return restorePlanPage(barredRestorePlan(), planOptions{dryRun: true}, restoreNow(), c)
		},
	})
}

func TestDistance(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "just now", 999 * time.Millisecond: "just now", -999 * time.Millisecond: "just now", 59 * time.Second: "59s ago", 123*time.Minute + 9*time.Second: "2h 3m ago", time.Hour + time.Second: "1h ago",
		49 * time.Hour: "2d 1h ago", -90 * time.Minute: "in 1h 30m", 90*time.Second + 400*time.Millisecond: "1m 30s ago",
	} {
		if got := distance(restoreNow().Add(-d), restoreNow()); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
