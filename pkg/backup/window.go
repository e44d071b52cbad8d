package backup

import (
	"fmt"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Window is what a database can be restored to, along the clusters that it lived in.
type Window struct {
	Spans []Span `json:"spans"` // oldest first; the last is the current cluster's
	// Unread says what could not be read; the rest still holds.
	Unread []problem.Unread `json:"unread"`
}

// Span is the part of a window that lies in one cluster's archive.
type Span struct {
	Cluster string       `json:"cluster"`
	Archive cnpg.Archive `json:"archive"`
	Current bool         `json:"current"`
	// First is the end of the first base backup that can be used: a target must lie after it. Nil: there is none.
	First *time.Time `json:"first"`
	// End is the newest moment that can be restored to. EndKnown: the write-ahead log up to it is archived; otherwise it is
	// "at least until".
	End      *time.Time `json:"end"`
	EndKnown bool       `json:"endKnown"`
	// Live: PostgreSQL answers and archives, so that what was committed after End can be archived yet, and be restored to.
	Live bool `json:"live"`
	// Waiting is how many files of the log wait to be archived; 0 where PostgreSQL does not answer.
	Waiting int `json:"waiting,omitempty"`
	// Until is when the service moved on to the next cluster; nil for the current one.
	Until *time.Time `json:"until,omitempty"`
	// Backups are the successful ones, oldest first.
	Backups []cnpg.Backup `json:"backups"`
	// Source says where this was read, for people.
	Source string `json:"source"`
}

// Chosen is what a target time is restored from.
type Chosen struct {
	Span Span `json:"span"`
	// Base is the base backup that the operator will begin from; nil when its object is gone and only the archive knows.
	Base *cnpg.Backup `json:"base"`
}

// OutsideError says that a target lies outside of what can be restored to.
type OutsideError struct {
	Target time.Time
	// Before and After are the nearest moments on both sides that can be restored to; nil: there is none on that side.
	Before, After *time.Time
	Why           string // "it is before the end of the first base backup"
}

// Error implements error.
func (e *OutsideError) Error() string { return e.Why }

// grain is how exactly the end of a base backup is known: the times in objects are cut to whole seconds.
const grain = time.Second

// Find chooses the archive and the base backup for a target. now guards against targets in the future. Pure.
// Error: *OutsideError.
func (w Window) Find(target, now time.Time) (Chosen, error) {
	outside := &OutsideError{Target: target}
	for _, r := range w.ranges(now) {
		switch {
		case target.Before(r.from):
			if outside.After == nil {
				outside.After = &r.from
			}
		case target.After(r.to):
			outside.Before = &r.to
		default:
			return Chosen{Span: *r.span, Base: r.span.base(target)}, nil
		}
	}
	outside.Why = w.whyNot(target, now, outside)
	return Chosen{}, outside
}

// reach is a stretch of time that can be restored to, both ends included.
type reach struct {
	from, to time.Time
	span     *Span
}

// ranges are what can be restored to, oldest first; they do not overlap: what a cluster's archive holds of the time before
// it came into service is not what the servers saw.
func (w Window) ranges(now time.Time) []reach {
	found := []reach{}
	var before *time.Time // when the cluster before went out of service
	for i := range w.Spans {
		s := &w.Spans[i]
		if s.First != nil {
			r := reach{from: s.First.Add(grain), to: s.bound(now), span: s}
			if before != nil && !r.from.After(*before) {
				r.from = before.Add(time.Nanosecond)
			}
			if !r.to.Before(r.from) {
				found = append(found, r)
			}
		}
		before = s.Until
	}
	return found
}

// bound is the last moment that a target may name. The end of an archive that is known only as "at least until" is none:
// what lies behind it shows when it is replayed.
func (s *Span) bound(now time.Time) time.Time {
	last := now
	switch {
	case s.Until != nil:
		last = *s.Until
	case s.EndKnown && !s.Live && s.End != nil:
		last = *s.End
	}
	if last.After(now) {
		return now
	}
	return last
}

// base is the newest backup that ended before a target, which is the one that the operator takes.
func (s *Span) base(target time.Time) *cnpg.Backup {
	var found *cnpg.Backup
	for i := range s.Backups {
		if b := &s.Backups[i]; b.Stopped != nil && !target.Before(b.Stopped.Add(grain)) {
			found = b
		}
	}
	return found
}

// whyNot says in one sentence why a target cannot be restored to.
func (w Window) whyNot(target, now time.Time, o *OutsideError) string {
	switch {
	case target.After(now):
		return "it is in the future"
	case o.Before == nil && o.After == nil:
		return w.whyNothing()
	case o.Before == nil:
		return "it is before the end of the first base backup"
	case o.After == nil && w.Spans[len(w.Spans)-1].First == nil:
		return "cluster " + w.Spans[len(w.Spans)-1].Cluster + ", in service since then, has no successful base backup"
	case o.After == nil:
		return "the write-ahead log after " + o.Before.UTC().Format(time.RFC3339) + " is not archived"
	}
	left, right := "", ""
	for _, r := range w.ranges(now) {
		if r.to.Equal(*o.Before) {
			left = r.span.Cluster
		}
		if r.from.Equal(*o.After) {
			right = r.span.Cluster
		}
	}
	return fmt.Sprintf("it lies in a gap: after cluster %s went out of service, and before the end of the first base backup of cluster %s", left, right)
}

// whyNothing says why there is nothing at all to restore from.
func (w Window) whyNothing() string {
	if len(w.Spans) > 0 {
		switch w.Spans[len(w.Spans)-1].Archive.Method {
		case cnpg.MethodNone:
			return "no backups are configured"
		case cnpg.MethodSnapshot:
			return "no write-ahead log is archived beside the volume snapshots: only a backup itself can be restored"
		case cnpg.MethodPlugin, cnpg.MethodInTree:
		}
	}
	return "there is no successful base backup"
}
