package leases

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// NewAt returns the reader of a database's leases as they were at a moment: the same rows that NewSQL's would have given
// then. The history must cover the moment, see Covers; whether a lease was active or expired is by that moment.
func NewAt(db *keadb.DB, services []kea.Service, at time.Time) Reader {
	return &sqlReader{db: db, services: services, at: at}
}

// now is the moment that is read.
func (r *sqlReader) now(ctx context.Context) (time.Time, error) {
	if !r.at.IsZero() {
		return r.at, nil
	}
	clock, err := r.db.Clock(ctx)
	return clock.Now, err
}

func (r *sqlReader) family(ctx context.Context, family keadb.Family, f keadb.LeaseFilter, yield func(*keadb.Lease) error) error {
	if r.at.IsZero() {
		return r.db.Leases(ctx, family, f, yield)
	}
	return r.db.LeasesAt(ctx, r.at, family, f, yield)
}

func (r *sqlReader) all(ctx context.Context, f4, f6 keadb.LeaseFilter, yield func(*keadb.Lease) error) error {
	if r.at.IsZero() {
		return r.db.AllLeases(ctx, f4, f6, yield)
	}
	return r.db.AllLeasesAt(ctx, r.at, f4, f6, yield)
}

// pastCounts counts the leases themselves: Kea's counters tell of now only.
func (r *sqlReader) pastCounts(ctx context.Context, s kea.Service) ([]SubnetCount, error) {
	counts := map[uint32]*SubnetCount{}
	one := kea.CountOf(1)
	err := r.db.LeasesAt(ctx, r.at, familyOf(s), keadb.LeaseFilter{Order: keadb.Unordered}, func(l *keadb.Lease) error {
		c := counts[l.SubnetID]
		if c == nil {
			c = &SubnetCount{SubnetID: l.SubnetID}
			counts[l.SubnetID] = c
		}
		switch {
		case l.State == declined:
			c.Declined = c.Declined.Add(one)
		case l.State == inUse && l.Type == keadb.TypePD:
			c.Prefixes = c.Prefixes.Add(one)
		case l.State == inUse:
			c.Assigned = c.Assigned.Add(one)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := []SubnetCount{}
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, *counts[id])
	}
	return out, nil
}

// NoHistoryError says that something cannot be told from a history.
type NoHistoryError struct {
	Database string // "kea at kea-database"
	Why      string
	// Since is when the history begins; zero: there is none.
	Since time.Time
}

// Error implements error.
func (e *NoHistoryError) Error() string { return fmt.Sprintf("database %s: %s", e.Database, e.Why) }

// Covers says why a moment cannot be told from a history; nil when it can.
func Covers(h keadb.History, err error, database string, at time.Time) error {
	switch {
	case errors.Is(err, keadb.ErrNoHistory):
		return &NoHistoryError{Database: database, Why: "it keeps no history of leases"}
	case err != nil:
		return err
	case !h.Enabled:
		return &NoHistoryError{Database: database, Why: "its history of leases is switched off"}
	case !h.Complete():
		return &NoHistoryError{Database: database, Why: "its history of leases has a gap: the trigger on " + h.Missing[0] + " is missing"}
	case at.Before(h.Since):
		return &NoHistoryError{Database: database, Since: h.Since, Why: fmt.Sprintf("its history of leases begins at %s", h.Since.UTC().Format(time.RFC3339))}
	}
	return nil
}

// At turns a deployment to a moment of the past: from then on it reads the leases as they were. Errors: *NoHistoryError.
func (d *Deployment) At(ctx context.Context, at time.Time) error {
	for _, s := range d.stores {
		if s.err != nil {
			continue
		}
		if s.db == nil {
			return &NoHistoryError{Database: s.name(), Why: cmp.Or(s.note, "there is no database that could be asked for the past")}
		}
		h, err := s.db.History(ctx)
		if err := Covers(h, err, s.database.String(), at); err != nil {
			return err
		}
		if h.Missed > 0 {
			s.note = fmt.Sprintf("%d changes could not be written to the history of %s: leases may have stood otherwise", h.Missed, s.name())
		}
		s.readers, s.clock = []Reader{NewAt(s.db, s.services(), at)}, at
	}
	d.clock = time.Time{}
	d.assemble()
	return nil
}
