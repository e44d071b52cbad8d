package backup

import (
	"context"
	"slices"
	"sync"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Report is the backups of a database and what it can be restored to. Lists are never nil.
type Report struct {
	Time       time.Time `json:"time"`
	Namespace  string    `json:"namespace"`
	Deployment string    `json:"deployment"`
	Cluster    string    `json:"cluster"`

	Archive cnpg.Archive `json:"archive"`
	// Destination and Retention are as written; "" where unknown or none.
	Destination string         `json:"destination,omitempty"`
	Retention   string         `json:"retention,omitempty"`
	Archiving   cnpg.Archiving `json:"archiving"`

	Backups   []Listed  `json:"backups"` // of the database's clusters, newest first
	Schedules []Planned `json:"schedules"`
	Window    Window    `json:"window"`
	// Unread says what could not be read; the rest still holds.
	Unread []problem.Unread `json:"unread"`
}

// Listed is one backup, and what it is good for.
type Listed struct {
	cnpg.Backup `json:",inline"`
	// Restorable: the archive holds it, as far as is known.
	Restorable bool `json:"restorable"`
	// Covers are the targets that a restore begins with this backup for; nil where it is not restorable.
	Covers *Cover `json:"covers,omitempty"`
	// Verdict is how its last verification ended; nil: it was never verified.
	Verdict *Verdict `json:"verified,omitempty"`
	// Failure is why it failed; nil when it did not.
	Failure *Failure `json:"failure,omitempty"`
}

// Cover is a stretch of time. Until is nil for one that goes on.
type Cover struct {
	From  time.Time  `json:"from"`
	Until *time.Time `json:"until,omitempty"`
}

// Took is how long a backup took, or has taken until now; 0 when it has not begun.
func (l Listed) Took(now time.Time) time.Duration {
	switch {
	case l.Started == nil:
		return 0
	case l.Stopped != nil:
		return l.Stopped.Sub(*l.Started)
	case l.Done():
		return 0
	}
	return now.Sub(*l.Started)
}

// List gathers a report, from objects alone where PostgreSQL does not answer. What could not be read is in Unread; the
// error is for a context that ended only.
// Permission: what GatherWindow needs, and list scheduledbackups (postgresql.cnpg.io).
func List(ctx context.Context, r client.Reader, get cnpg.Get, s Subject, now time.Time) (Report, error) {
	unread := &gathered{list: []problem.Unread{}}
	var (
		f         *facts
		schedules = []Planned{}
		all       sync.WaitGroup
	)
	all.Go(func() { f = gather(ctx, r, get, s, unread) })
	all.Go(func() {
		found, err := cnpg.ListSchedules(ctx, r, s.Cluster.Namespace, s.Cluster.Name)
		if err != nil {
			unread.add("schedules", err)
			return
		}
		for _, schedule := range found {
			schedules = append(schedules, planned(schedule, now))
		}
	})
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return Report{}, err
	}
	report := f.report(s, now)
	report.Schedules, report.Unread = schedules, unread.sorted()
	report.Window.Unread = report.Unread
	return report, nil
}

// report works it out. Pure.
func (f *facts) report(s Subject, now time.Time) Report {
	archive := cnpg.ArchiveOf(s.Cluster)
	known := f.archived(s.Cluster.Name, archive)
	r := Report{
		Time: now, Namespace: s.Cluster.Namespace, Deployment: s.Deployment, Cluster: s.Cluster.Name,
		Archive: archive, Destination: known.Destination, Retention: known.Retention,
		Archiving: cnpg.Summarize(s.Cluster, nil, now).Archiving,
		Backups:   []Listed{}, Window: f.window(),
	}
	covers := covered(r.Window)
	for _, b := range f.backups {
		if b.Cluster == s.Cluster.Name || slices.ContainsFunc(f.lineage, func(a cnpg.Ancestor) bool { return a.Cluster == b.Cluster }) {
			r.Backups = append(r.Backups, listed(b, covers, s.Cluster))
		}
	}
	return r
}

func listed(b cnpg.Backup, covers map[string]Cover, cluster *cnpgv1.Cluster) Listed {
	l := Listed{Backup: b, Verdict: VerdictOf(b)}
	if cover, ok := covers[b.Name]; ok {
		l.Restorable, l.Covers = true, &cover
	}
	if b.Failed() {
		why := explain(b.Error, b.Instance, cluster)
		l.Failure = &why
	}
	return l
}

// covered is what each backup is the beginning of a restore for: from its end until the next one's, in its own archive.
func covered(w Window) map[string]Cover {
	found := map[string]Cover{}
	for _, span := range w.Spans {
		for i, b := range span.Backups {
			cover := Cover{From: *b.Stopped, Until: span.Until}
			if i+1 < len(span.Backups) {
				cover.Until = span.Backups[i+1].Stopped
			}
			found[b.Name] = cover
		}
	}
	return found
}
