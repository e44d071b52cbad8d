package cmd

import (
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// noon is when the screens of backups are looked at.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func ago(d time.Duration) *time.Time {
	t := noon().Add(-d)
	return &t
}

func pluginArchive(folder string) cnpg.Archive {
	return cnpg.Archive{Method: cnpg.MethodPlugin, Store: "kea-backups", ServerName: folder}
}

// backedUp is a successful backup that took half a minute.
func backedUp(name, cluster string, since time.Duration) cnpg.Backup {
	return cnpg.Backup{
		Name: name, Cluster: cluster, Method: "plugin", Phase: "completed", Started: ago(since + 30*time.Second), Stopped: ago(since), Schedule: "kea-database",
		ID: "20261122T061034", Instance: cluster + "-2", BeginWAL: "000000010000000000000005", EndWAL: "000000010000000000000006", BeginLSN: 0x5000028, EndLSN: 0x6062800, Major: 17,
	}
}

func listedOf(b cnpg.Backup, until *time.Time) backup.Listed {
	return backup.Listed{Backup: b, Restorable: true, Covers: &backup.Cover{From: *b.Stopped, Until: until}}
}

const oneDay = 24 * time.Hour

// wellBackedUp is a database with a backup a day that answers; change makes something else of it.
func wellBackedUp(change func(*backup.Report)) backup.Report {
	name := func(since time.Duration) string {
		return "kea-database-" + noon().Add(-since).Format("20060102150405")
	}
	all := []cnpg.Backup{}
	for since := 2*oneDay + 10*time.Hour; since > 0; since -= oneDay {
		all = append(all, backedUp(name(since), "kea-database", since))
	}
	r := backup.Report{
		Time: noon(), Namespace: "network", Deployment: "kea-dhcp", Cluster: "kea-database", Archive: pluginArchive("kea-database"),
		Destination: "s3://backups/network/", Retention: "30d", Backups: []backup.Listed{}, Unread: []problem.Unread{},
		Schedules: []backup.Planned{nightly()},
		Window: backup.Window{Spans: []backup.Span{{
			Cluster: "kea-database", Archive: pluginArchive("kea-database"), Current: true, First: all[0].Stopped, End: ago(3 * time.Minute), EndKnown: true, Live: true, Backups: all,
		}}},
	}
	for i, b := range all {
		until := (*time.Time)(nil)
		if i+1 < len(all) {
			until = all[i+1].Stopped
		}
		r.Backups = append([]backup.Listed{listedOf(b, until)}, r.Backups...)
	}
	r.Backups[0].Verdict = &backup.Verdict{At: *ago(time.Hour), OK: true}
	r.Backups[1].Verdict = &backup.Verdict{At: *ago(oneDay), OK: false}
	if change != nil {
		change(&r)
	}
	return r
}

func nightly() backup.Planned {
	return backup.Planned{
		Schedule: cnpg.Schedule{Name: "kea-database", Schedule: "0 0 2 * * *", Method: "plugin", Last: ago(10 * time.Hour)},
		Words:    "every day at 02:00 UTC", Runs: backup.Runs("0 0 2 * * *", noon(), 3),
	}
}

// downReport is a database that does not answer, and whose last backups failed or wait.
func downReport() backup.Report {
	return wellBackedUp(func(r *backup.Report) {
		span := &r.Window.Spans[0]
		span.End, span.EndKnown, span.Live = ago(10*time.Hour), false, false
		failed := backup.Listed{
			Backup:  cnpg.Backup{Name: "kea-database-20261122-113000", Cluster: "kea-database", Method: "plugin", Phase: "failed", Started: ago(30 * time.Minute), Stopped: ago(29 * time.Minute), Error: "exit status 2"},
			Failure: &backup.Failure{Text: "the object store does not answer at http://s3.example.org:9000/backups\x1b[2J", Next: "kubectl -n network get objectstore kea-backups -o yaml", Said: "Can't connect to cloud provider"},
		}
		queued := backup.Listed{Backup: cnpg.Backup{Name: "kea-database-20261122-115000", Cluster: "kea-database", Method: "plugin", Phase: "walArchivingFailing", Started: ago(10 * time.Minute)}}
		r.Backups = append([]backup.Listed{queued, failed}, r.Backups...)
		r.Schedules[0].Suspended, r.Schedules[0].Runs = true, nil
		r.Unread = []problem.Unread{{Source: "pod kea-database-1", Error: "connection refused"}}
	})
}

// movedReport is a database after a cutover, whose own archive is not being written any more.
func movedReport() backup.Report {
	return wellBackedUp(func(r *backup.Report) {
		r.Cluster = "kea-database-20261122-080000"
		old := &r.Window.Spans[0]
		old.Current, old.Until, old.End, old.Live = false, ago(3*time.Hour), ago(3*time.Hour), false
		first := backedUp("kea-database-20261122-080000-20261122-092000", r.Cluster, 2*time.Hour)
		first.Schedule = ""
		r.Backups = append([]backup.Listed{listedOf(first, nil)}, r.Backups...)
		r.Backups[len(r.Backups)-1].Restorable, r.Backups[len(r.Backups)-1].Covers = false, nil
		r.Window.Spans = append(r.Window.Spans, backup.Span{
			Cluster: r.Cluster, Archive: pluginArchive(r.Cluster), Current: true, First: first.Stopped, End: ago(time.Hour), EndKnown: true, Waiting: 347, Backups: []cnpg.Backup{first},
		})
	})
}

// emptyReport is a database without any backup or schedule.
func emptyReport() backup.Report {
	return wellBackedUp(func(r *backup.Report) {
		r.Backups, r.Schedules, r.Retention = nil, nil, ""
		r.Window.Spans[0].First, r.Window.Spans[0].Backups, r.Window.Spans[0].End = nil, nil, nil
	})
}

func described(r backup.Report, i int) backup.Description {
	d := backup.Description{Time: r.Time, Namespace: r.Namespace, Listed: r.Backups[i], Current: r.Cluster, Archive: r.Window.Spans[0].Archive, Destination: r.Destination}
	return d
}

func TestBackupScreens(t *testing.T) {
	several := backup.Schedules{Time: noon(), Namespace: "network", Cluster: "kea-database", Method: cnpg.MethodPlugin, Retention: "30d", Schedules: []backup.Planned{
		nightly(),
		{Schedule: cnpg.Schedule{Name: "hourly", Schedule: "0 2 * * *", Error: "no such cluster"}, Words: "every hour at minute 2", Runs: backup.Runs("0 2 * * *", noon(), 3), Remark: "it has five fields: CloudNativePG takes the first for the seconds, and runs it every hour at minute 2"},
		{Schedule: cnpg.Schedule{Name: "weekly", Schedule: "0 0 3 * * 0", Suspended: true}, Words: "every Sunday at 03:00 UTC"},
	}}
	none := several
	none.Schedules = nil
	creation := backup.ScheduleCreation{Namespace: "network", Cluster: "kea-database", Retention: "30d", Planned: nightly(), Manifest: newSchedule(true)}
	taken := creation
	taken.Problems = []problem.Problem{{Severity: problem.Critical, Code: "name-taken", Subject: "schedule kea-database", Text: "it exists already", Next: "give another --name"}}
	foreign := described(wellBackedUp(nil), 0)
	foreign.Cluster, foreign.Archive, foreign.Covers, foreign.Restorable = "other", cnpg.Archive{}, nil, false
	page := func(p printer.Page) func(printer.Canvas) printer.Page {
		return func(printer.Canvas) printer.Page { return p }
	}
	goldenScreens(t, "backup-", map[string]func(printer.Canvas) printer.Page{
		"list":              page(backupListPage(wellBackedUp(nil), false)),
		"list-down":         page(backupListPage(downReport(), false)),
		"list-moved":        page(backupListPage(movedReport(), false)),
		"list-none":         page(backupListPage(emptyReport(), false)),
		"describe":          page(backupPage(described(wellBackedUp(nil), 0))),
		"describe-failed":   page(backupPage(described(downReport(), 1))),
		"describe-before":   page(backupPage(described(movedReport(), 2))),
		"describe-foreign":  page(backupPage(foreign)),
		"schedule":          page(schedulesPage(several)),
		"schedule-none":     page(schedulesPage(none)),
		"schedule-new":      func(c printer.Canvas) printer.Page { return newSchedulePage(creation, true, true, noon(), c) },
		"schedule-new-none": func(c printer.Canvas) printer.Page { return newSchedulePage(taken, true, true, noon(), c) },
	})
}

// Wide has all columns and cuts nothing off; ASCII has nothing else.
func TestBackupScreensWideAndASCII(t *testing.T) {
	wide := printer.Canvas{Width: 80, Wide: true}
	golden(t, "backup-list-wide", backupListPage(movedReport(), true).Lines(wide))
	ascii := printer.Canvas{Width: 80, ASCII: true}
	lines := backupListPage(movedReport(), false).Lines(ascii)
	golden(t, "backup-list-ascii", lines)
	for _, line := range lines {
		for _, r := range line {
			if r > '~' {
				t.Errorf("%q in %q", r, line)
			}
		}
	}
}
