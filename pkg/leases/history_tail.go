package leases

import (
	"context"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

const (
	// tailBatch is how many events are read at once.
	tailBatch = 1000
	// tailPatience is how long a number that is missing is waited for: an event gets its number when it is written, and
	// shows when its transaction ends, so a higher number may show earlier. A number that was rolled back never shows.
	tailPatience = 2 * time.Second
)

// Tail follows the events of a deployment's databases.
type Tail struct {
	deployment *Deployment
	ends       []*tailEnd
	now        func() time.Time
}

// tailEnd is how far one database was followed.
type tailEnd struct {
	store *store
	last  int64     // the highest number before which nothing is to come
	gap   time.Time // since when the next number is missing; zero: it is not
}

// Tail begins to follow the events, from now on. Errors: *NoHistoryError when one of the databases keeps no history.
func (d *Deployment) Tail(ctx context.Context) (*Tail, error) {
	t := &Tail{deployment: d, now: d.source.Now}
	for _, s := range d.stores {
		if s.err != nil {
			continue
		}
		if s.db == nil {
			return nil, &NoHistoryError{Database: s.name(), Why: "there is no database that could be followed"}
		}
		h, err := s.db.History(ctx)
		if err := Covers(h, err, s.database.String(), h.Now); err != nil {
			return nil, err
		}
		t.ends = append(t.ends, &tailEnd{store: s, last: h.Last})
	}
	return t, nil
}

// Next reads the events since the last time, in the order in which they were written; none is no error. Call it once a
// second or so.
func (t *Tail) Next(ctx context.Context) ([]Event, error) {
	found := []Event{}
	for _, end := range t.ends {
		var batch []numberedEvent
		err := end.store.db.Events(ctx, keadb.EventFilter{After: end.last, Limit: tailBatch}, func(row *keadb.Event) error {
			n := numberedEvent{id: row.ID}
			if n.shown = fillEvent(&n.event, row); n.shown {
				t.deployment.catalog.Place(&n.event.Lease)
			}
			batch = append(batch, n)
			return nil
		})
		if err != nil {
			return nil, err
		}
		found = append(found, end.take(batch, t.now())...)
	}
	return found, nil
}

// numberedEvent is an event, and its number also when it is not shown.
type numberedEvent struct {
	id    int64
	event Event
	shown bool
}

// take takes the events up to the first number that is missing and may still come.
func (e *tailEnd) take(batch []numberedEvent, now time.Time) []Event {
	found := []Event{}
	for _, n := range batch {
		if n.id != e.last+1 && e.last > 0 {
			if e.gap.IsZero() {
				e.gap = now
			}
			if now.Sub(e.gap) < tailPatience {
				return found
			}
		}
		e.last, e.gap = n.id, time.Time{}
		if n.shown {
			found = append(found, n.event)
		}
	}
	return found
}
