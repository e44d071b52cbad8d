package backup

import (
	"errors"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// Window is what a database can be restored to, along the clusters that it lived in.
type Window struct {
	Spans []Span `json:"spans"` // oldest first; the last is the current cluster's
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
	// Until is when the service moved on to the next cluster; nil for the current one.
	Until *time.Time `json:"until,omitempty"`
	// Backups are the successful ones, oldest first.
	Backups []cnpg.Backup `json:"backups"`
	// Source says where this was read, for people.
	Source string `json:"source"`
}

// Chosen is what a target time is restored from.
type Chosen struct {
	Span Span
	// Base is the base backup that the operator will begin from; nil when its object is gone and only the archive knows.
	Base *cnpg.Backup
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

// Find chooses the archive and the base backup for a target. now guards against targets in the future. Pure.
// Error: *OutsideError.
func (w Window) Find(target, now time.Time) (Chosen, error) {
	return Chosen{}, errors.ErrUnsupported
}
