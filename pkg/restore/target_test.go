package restore

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// at is a time of the day that all of this happens on.
func at(t *testing.T, clock string) time.Time {
	t.Helper()
	when, err := time.Parse("2006-01-02 15:04:05", "2026-03-10 "+clock)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// twoSpans is a window across a cutover at noon; it is five in the afternoon.
func twoSpans(t *testing.T) field {
	t.Helper()
	moment := func(clock string) *time.Time { when := at(t, clock); return &when }
	base := func(name, stopped string, lsn cnpg.LSN) cnpg.Backup {
		return cnpg.Backup{Name: name, ID: "id-" + name, Cluster: "kea", Phase: "completed", Stopped: moment(stopped), EndLSN: lsn, Major: 17}
	}
	return field{
		window: backup.Window{Spans: []backup.Span{
			{
				Cluster: "kea", Archive: cnpg.Archive{Method: cnpg.MethodPlugin, Store: "store", ServerName: "kea"}, First: moment("08:00:00"), End: moment("12:00:00"),
				EndKnown: true, Until: moment("12:00:00"), Backups: []cnpg.Backup{base("morning", "08:00:00", 100), base("late-morning", "11:00:00", 200)},
			},
			{
				Cluster: "kea-new", Archive: cnpg.Archive{Method: cnpg.MethodPlugin, Store: "store", ServerName: "kea-new"}, Current: true, First: moment("12:10:00"), End: moment("16:59:00"),
				EndKnown: true, Live: true, Backups: []cnpg.Backup{base("noon", "12:10:00", 300), base("afternoon", "16:00:00", 400), {Name: "nameless", Stopped: moment("16:30:00"), Phase: "completed"}},
			},
		}},
		all: []cnpg.Backup{
			{Name: "broken", Phase: "failed", Error: "no route to the object store"}, {Name: "under-way", Phase: "running"}, {Name: "others", Phase: "completed"},
		},
		written: 500, now: at(t, "17:00:00"), namespace: "network",
	}
}

func TestFindTarget(t *testing.T) {
	f := twoSpans(t)
	clock := func(c string) Wanted { return Wanted{Time: at(t, c)} }
	for name, test := range map[string]struct {
		wanted Wanted
		clamp  bool
		// base is the base backup; since the moment that all is known up to.
		base, since string
		target      cnpg.RecoveryTarget
		problem     string
		change      func(*field)
	}{
		"in the current archive":    {wanted: clock("16:10:00"), base: "afternoon", since: "16:10:00", target: cnpg.RecoveryTarget{Time: at(t, "16:10:00")}},
		"in an earlier one":         {wanted: clock("11:30:00"), base: "late-morning", since: "11:30:00", target: cnpg.RecoveryTarget{Time: at(t, "11:30:00")}},
		"not archived yet":          {wanted: clock("16:59:59"), base: "nameless", since: "16:59:59", target: cnpg.RecoveryTarget{Time: at(t, "16:59:59")}},
		"before all":                {wanted: clock("07:00:00"), problem: "before the end of the first base backup; the nearest that can be restored to: 2026-03-10T08:00:01Z after it"},
		"before all, clamped":       {wanted: clock("07:00:00"), clamp: true, base: "morning", since: "08:00:01", target: cnpg.RecoveryTarget{Time: at(t, "08:00:01")}},
		"in the future":             {wanted: clock("18:00:00"), problem: "it is in the future; the nearest that can be restored to: 2026-03-10T17:00:00Z before it"},
		"in the future, clamped":    {wanted: clock("18:00:00"), clamp: true, base: "nameless", since: "17:00:00", target: cnpg.RecoveryTarget{Time: at(t, "17:00:00")}},
		"in the gap":                {wanted: clock("12:05:00"), problem: "to: 2026-03-10T12:00:00Z before it, 2026-03-10T12:10:01Z after it"},
		"in the gap, clamped":       {wanted: clock("12:09:00"), clamp: true, base: "noon", since: "12:10:01", target: cnpg.RecoveryTarget{Time: at(t, "12:10:01")}},
		"in the gap, clamped back":  {wanted: clock("12:01:00"), clamp: true, base: "late-morning", since: "12:00:00", target: cnpg.RecoveryTarget{Time: at(t, "12:00:00")}},
		"nothing at all":            {wanted: clock("12:01:00"), problem: "there is nothing to restore from", change: func(f *field) { f.window = backup.Window{} }},
		"nothing at all, clamped":   {wanted: clock("12:01:00"), clamp: true, problem: "there is nothing to restore from", change: func(f *field) { f.window = backup.Window{} }},
		"a backup":                  {wanted: Wanted{Backup: "noon"}, base: "noon", since: "12:10:00", target: cnpg.RecoveryTarget{BackupID: "id-noon", Immediate: true}},
		"an earlier cluster's":      {wanted: Wanted{Backup: "morning"}, base: "morning", since: "08:00:00", target: cnpg.RecoveryTarget{BackupID: "id-morning", Immediate: true}},
		"a mistyped backup":         {wanted: Wanted{Backup: "mornin"}, problem: "no backup of this name; there is morning, noon, "},
		"a failed backup":           {wanted: Wanted{Backup: "broken"}, problem: "it failed: no route to the object store"},
		"a backup under way":        {wanted: Wanted{Backup: "under-way"}, problem: "it has not ended yet: running"},
		"somebody else's backup":    {wanted: Wanted{Backup: "others"}, problem: "of another cluster"},
		"a snapshot":                {wanted: Wanted{Backup: "nameless"}, problem: "no base backup in an archive"},
		"no backup":                 {wanted: Wanted{Backup: "noon"}, problem: "no other to restore from", change: func(f *field) { f.window = backup.Window{} }},
		"a position":                {wanted: Wanted{LSN: 350}, base: "noon", since: "12:10:00", target: cnpg.RecoveryTarget{LSN: 350}},
		"a position of before":      {wanted: Wanted{LSN: 250}, problem: "the first base backup of cluster kea-new ends at 0/12C"},
		"a position beyond":         {wanted: Wanted{LSN: 501}, problem: "has written its log to 0/1F4 only"},
		"a position, nobody says":   {wanted: Wanted{LSN: 501}, base: "afternoon", since: "16:00:00", target: cnpg.RecoveryTarget{LSN: 501}, problem: "does not say how far", change: func(f *field) { f.written = 0 }},
		"a position, nothing there": {wanted: Wanted{LSN: 501}, problem: "no successful base backup", change: func(f *field) { f.window = backup.Window{} }},
		"all":                       {wanted: Wanted{Latest: true}, base: "nameless", since: "17:00:00"},
		"all of a dead database":    {wanted: Wanted{Latest: true}, base: "nameless", since: "16:59:00", change: func(f *field) { f.window.Spans[1].Live = false }},
		"all, nobody says how much": {wanted: Wanted{Latest: true}, base: "nameless", since: "16:30:00", change: func(f *field) { f.window.Spans[1].Live, f.window.Spans[1].EndKnown = false, false }},
		"all of nothing":            {wanted: Wanted{Latest: true}, problem: "no successful base backup", change: func(f *field) { f.window = backup.Window{} }},
	} {
		t.Run(name, func(t *testing.T) {
			f := f
			f.window.Spans = append([]backup.Span{}, f.window.Spans...)
			if test.change != nil {
				test.change(&f)
			}
			a, found := f.find(test.wanted, test.clamp)
			text := ""
			for _, p := range found {
				text += p.Text
			}
			if !strings.Contains(text, test.problem) || (text == "") != (test.problem == "") {
				t.Errorf("problem %q, want %q", text, test.problem)
			}
			if blocked(found) {
				return
			}
			if a.chosen.Base == nil || a.chosen.Base.Name != test.base || !a.since.Equal(at(t, test.since)) {
				t.Errorf("from %v, since %v; want %s, %s", a.chosen.Base, a.since, test.base, test.since)
			}
			if diff := cmp.Diff(test.target, a.target); diff != "" {
				t.Error(diff)
			}
			if exact := test.wanted.Backup != "" || !test.wanted.Time.IsZero(); a.exact != exact {
				t.Errorf("exact: %v", a.exact)
			}
			if (a.clamped != nil) != test.clamp {
				t.Errorf("clamped from %v", a.clamped)
			}
		})
	}
}

func TestOutsideSaysWhatCanBeGivenBack(t *testing.T) {
	_, found := twoSpans(t).find(Wanted{Time: at(t, "12:05:00").Add(123456 * time.Microsecond)}, false)
	want := []problem.Problem{{
		Severity: problem.Critical, Code: "target-outside", Subject: "target 2026-03-10T12:05:00.123456Z",
		Text: "it lies in a gap: after cluster kea went out of service, and before the end of the first base backup of cluster kea-new; " +
			"the nearest that can be restored to: 2026-03-10T12:00:00Z before it, 2026-03-10T12:10:01Z after it",
		Next: "add --clamp to restore to 2026-03-10T12:00:00Z",
	}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}
