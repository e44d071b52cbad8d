package restore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/spelling"
)

// aim is a target with what it is restored from.
type aim struct {
	wanted  Wanted
	clamped *time.Time
	chosen  backup.Chosen
	target  cnpg.RecoveryTarget
	// since is a moment up to which the restored database has everything. Where the target is a time or a backup it is the
	// target itself, and exact says so.
	since time.Time
	exact bool
}

// field is what there is to aim at.
type field struct {
	window backup.Window
	// all are the backups of the namespace, those that failed too.
	all []cnpg.Backup
	// written is how far the database in service has written its log; 0: not known.
	written cnpg.LSN
	now     time.Time
	// namespace is for commands to run next.
	namespace string
}

// find finds what a target is restored from, or says why it cannot be.
func (f field) find(w Wanted, clamp bool) (aim, []problem.Problem) {
	switch {
	case w.Backup != "":
		return f.findBackup(w)
	case w.LSN > 0:
		return f.findPosition(w)
	case w.Latest:
		return f.findLatest(w)
	}
	return f.findTime(w, clamp)
}

func (f field) findTime(w Wanted, clamp bool) (aim, []problem.Problem) {
	a := aim{wanted: w, exact: true}
	var outside *backup.OutsideError
	var err error
	if a.chosen, err = f.window.Find(w.Time, f.now); errors.As(err, &outside) && clamp {
		if near := nearest(outside); near != nil {
			a.wanted.Time, a.clamped = *near, &w.Time
			a.chosen, err = f.window.Find(*near, f.now)
		}
	}
	if errors.As(err, &outside) {
		return a, []problem.Problem{f.outsideProblem(outside)}
	}
	a.since, a.target = a.wanted.Time, cnpg.RecoveryTarget{Time: a.wanted.Time}
	return a, nil
}

// nearest is the moment nearest to a target that can be restored to; nil for none.
func nearest(o *backup.OutsideError) *time.Time {
	if o.Before != nil && (o.After == nil || o.Target.Sub(*o.Before) <= o.After.Sub(o.Target)) {
		return o.Before
	}
	return o.After
}

// outsideProblem says why a time cannot be restored to, and which next to it can.
func (f field) outsideProblem(o *backup.OutsideError) problem.Problem {
	sides := []string{}
	if o.Before != nil {
		sides = append(sides, moment(*o.Before)+" before it")
	}
	if o.After != nil {
		sides = append(sides, moment(*o.After)+" after it")
	}
	if len(sides) == 0 {
		return problem.NewCritical("target-outside", "target "+moment(o.Target), o.Why+": there is nothing to restore from", f.list())
	}
	return problem.NewCritical("target-outside", "target "+moment(o.Target), o.Why+"; the nearest that can be restored to: "+strings.Join(sides, ", "),
		"add --clamp to restore to "+moment(*nearest(o)))
}

// list is the command that shows what there is to restore from.
func (f field) list() string { return "kubectl kea backup list -n " + f.namespace }

// moment writes a time so that it can be given back as a target: to the microsecond, as PostgreSQL keeps it, in UTC.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999Z") }

func (f field) findBackup(w Wanted) (aim, []problem.Problem) {
	for _, span := range slices.Backward(f.window.Spans) {
		for i := range span.Backups {
			b := &span.Backups[i]
			if b.Name != w.Backup {
				continue
			}
			if b.ID == "" || span.Archive.Method == cnpg.MethodSnapshot {
				return aim{}, []problem.Problem{problem.NewCritical("no-such-backup", "backup "+w.Backup, "it is no base backup in an archive, which is what a restore begins from", f.list())}
			}
			return aim{
				wanted: w, chosen: backup.Chosen{Span: span, Base: b}, target: cnpg.RecoveryTarget{BackupID: b.ID, Immediate: true},
				since: *b.Stopped, exact: true,
			}, nil
		}
	}
	return aim{}, []problem.Problem{problem.NewCritical("no-such-backup", "backup "+w.Backup, f.whyNoBackup(w.Backup), f.list())}
}

// offered is how many names are offered when one was mistyped.
const offered = 3

// whyNoBackup says why a backup cannot be restored from.
func (f field) whyNoBackup(name string) string {
	if i := slices.IndexFunc(f.all, func(b cnpg.Backup) bool { return b.Name == name }); i >= 0 {
		switch b := f.all[i]; {
		case b.Failed():
			return "it failed: " + b.Error
		case !b.Done():
			return "it has not ended yet: " + b.Phase
		}
		return "it is of another cluster, or no longer in the archive"
	}
	names := []string{}
	for _, span := range slices.Backward(f.window.Spans) {
		for _, b := range slices.Backward(span.Backups) {
			names = append(names, b.Name)
		}
	}
	if len(names) == 0 {
		return "there is no backup of this name, and no other to restore from"
	}
	slices.SortStableFunc(names, func(a, b string) int { return spelling.Distance(name, a) - spelling.Distance(name, b) })
	return "there is no backup of this name; there is " + strings.Join(names[:min(offered, len(names))], ", ")
}

// findPosition: positions count in the archive of the current cluster alone. Each cluster since a cutover goes on from a
// position that its predecessor passed too.
func (f field) findPosition(w Wanted) (aim, []problem.Problem) {
	subject := "target " + w.LSN.String()
	span, ok := f.current()
	if !ok {
		return aim{}, []problem.Problem{f.nothingToRestore(subject)}
	}
	if f.written > 0 && w.LSN > f.written {
		return aim{}, []problem.Problem{problem.NewCritical("target-outside", subject, fmt.Sprintf("the database has written its log to %s only", f.written), f.list())}
	}
	a := aim{wanted: w, target: cnpg.RecoveryTarget{LSN: w.LSN}, chosen: backup.Chosen{Span: span}}
	first := cnpg.LSN(0)
	for i := range span.Backups {
		b := &span.Backups[i]
		if b.EndLSN == 0 {
			continue
		}
		if first == 0 {
			first = b.EndLSN
		}
		if b.EndLSN < w.LSN {
			a.chosen.Base, a.since = b, *b.Stopped
		}
	}
	switch {
	case first == 0:
		return aim{}, []problem.Problem{problem.NewCritical("target-outside", subject, "no backup says at which position it ends", "give the target as a time")}
	case a.chosen.Base == nil:
		return aim{}, []problem.Problem{problem.NewCritical("target-outside", subject, fmt.Sprintf("the first base backup of cluster %s ends at %s; what can be restored lies after that", span.Cluster, first), f.list())}
	}
	if f.written == 0 {
		return a, []problem.Problem{{
			Severity: problem.Warning, Code: "position-not-known", Subject: subject,
			Text: "the database in service does not say how far it has written: whether the archive reaches to the target shows when it is replayed",
		}}
	}
	return a, nil
}

func (f field) findLatest(w Wanted) (aim, []problem.Problem) {
	span, ok := f.current()
	if !ok {
		return aim{}, []problem.Problem{f.nothingToRestore("target latest")}
	}
	a := aim{wanted: w, chosen: backup.Chosen{Span: span}, since: *span.First}
	if n := len(span.Backups); n > 0 {
		a.chosen.Base, a.since = &span.Backups[n-1], *span.Backups[n-1].Stopped
	}
	switch {
	case span.Live:
		a.since = f.now // the rest of the log is archived before it is replayed
	case span.End != nil && span.EndKnown:
		a.since = *span.End
	}
	return a, nil
}

// current is the archive of the cluster in service; false when it holds nothing to restore from.
func (f field) current() (backup.Span, bool) {
	if len(f.window.Spans) == 0 {
		return backup.Span{}, false
	}
	span := f.window.Spans[len(f.window.Spans)-1]
	return span, span.First != nil
}

func (f field) nothingToRestore(subject string) problem.Problem {
	return problem.NewCritical("target-outside", subject, "the cluster in service has no successful base backup to restore from", f.list())
}

// Flag is the flag of restore that asks for the target.
func (w Wanted) Flag() string {
	switch {
	case w.Backup != "":
		return "--to-backup " + w.Backup
	case w.LSN > 0:
		return "--to-lsn " + w.LSN.String()
	case w.Latest:
		return "--latest"
	}
	return "--to-time " + w.Time.UTC().Format(time.RFC3339Nano)
}
