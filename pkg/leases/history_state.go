package leases

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// HistoryState is how the history of one database stands.
type HistoryState struct {
	Database string   `json:"database"` // "kea at kea-database"
	Servers  []string `json:"servers"`
	// Kept: what happens to leases is written, all of it. Why says what is wrong when it is not, or not quite.
	Kept bool   `json:"kept"`
	Why  string `json:"why,omitempty"`

	Enabled  bool      `json:"enabled"`         // it is meant to be kept
	Missing  []string  `json:"missingTriggers"` // the lease tables without theirs
	Outdated bool      `json:"outdated"`        // enabling it again brings it up to date
	Since    time.Time `json:"completeSince,omitzero"`
	Keep     string    `json:"keep,omitempty"` // "30d"; "" for ever
	Missed   int64     `json:"missed"`         // events that could not be written

	Bytes  int64     `json:"bytes"`
	Events int64     `json:"events"` // about
	Oldest time.Time `json:"oldest,omitzero"`
	Newest time.Time `json:"newest,omitzero"`
	// EventsPerDay and BytesPerDay are those of the last day, or of the time since the oldest event.
	EventsPerDay int64 `json:"eventsPerDay"`
	BytesPerDay  int64 `json:"bytesPerDay"`
}

// HistoryStates is the state of the histories of a deployment's databases.
type HistoryStates struct {
	Origin    `json:",inline"`
	Databases []HistoryState `json:"databases"`
}

// HistoryStates reads how the histories stand. Servers with a memfile can keep none: a note says so.
func (d *Deployment) HistoryStates(ctx context.Context) (HistoryStates, error) {
	states := HistoryStates{Databases: []HistoryState{}}
	for _, s := range d.stores {
		switch {
		case s.err != nil:
			continue
		case s.database == nil:
			s.note = s.servers[0].Name() + " keeps its leases in a memfile: a history is kept in a database only"
			continue
		case s.db == nil:
			return states, &DatabaseError{s.database.String(), errors.New("nobody is logged in to it")}
		}
		h, err := s.db.History(ctx)
		if err != nil && !errors.Is(err, keadb.ErrNoHistory) {
			return states, err
		}
		states.Databases = append(states.Databases, stateOfHistory(s, h, err))
	}
	states.Origin = d.origin()
	return states, nil
}

// stateOfHistory says what a history's state means.
func stateOfHistory(s *store, h keadb.History, err error) HistoryState {
	state := HistoryState{
		Database: s.database.String(), Servers: []string{}, Kept: h.Complete(), Enabled: h.Enabled, Missing: []string{}, Outdated: h.Outdated,
		Since: h.Since, Keep: FormatKeep(h.Keep), Missed: h.Missed, Bytes: h.Bytes, Events: h.Events, Oldest: h.Oldest, Newest: h.Newest,
	}
	for _, server := range s.servers {
		state.Servers = append(state.Servers, server.Name())
	}
	if !state.Kept {
		state.Since = time.Time{}
	}
	switch {
	case errors.Is(err, keadb.ErrNoHistory):
		state.Why, state.Outdated = "none was ever kept", false
	case !h.Enabled:
		state.Why = "it is switched off; what was written before is still there"
	case len(h.Missing) > 0:
		state.Missing, state.Why = h.Missing, fmt.Sprintf("the trigger on %s is missing: what happens now is not written", strings.Join(h.Missing, " and "))
	case h.Outdated:
		state.Why = "it was made by an older version, or for an older schema of Kea: what is new in those is not written"
	}
	if over := min(24*time.Hour, h.Now.Sub(h.Oldest)); h.LastDay > 0 && over > time.Minute && h.Events > 0 {
		state.EventsPerDay = int64(float64(h.LastDay) * 24 * float64(time.Hour) / float64(over))
		state.BytesPerDay = int64(float64(state.EventsPerDay) * float64(h.Bytes) / float64(h.Events))
	}
	return state
}

// FormatKeep is how long events are kept, as ParseKeep reads it; "" for ever.
func FormatKeep(keep time.Duration) string {
	switch {
	case keep == 0:
		return ""
	case keep%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", keep/(24*time.Hour))
	case keep%time.Hour == 0:
		return fmt.Sprintf("%dh", keep/time.Hour)
	}
	return keep.String()
}

// ParseKeep reads how long events are to be kept: 30d, 12h, or "forever", which is 0.
func ParseKeep(text string) (time.Duration, error) {
	if text == "forever" {
		return 0, nil
	}
	keep, err := ParseAge(text)
	if err == nil && keep < time.Hour {
		err = fmt.Errorf("%q is less than an hour", text)
	}
	return keep, err
}

// HistoryKeeper is one database, logged in to as the role that owns Kea's tables, to change its history.
type HistoryKeeper struct {
	Database string
	db       *keadb.DB
}

// HistoryKeepers logs in to the databases of a deployment. Each must be closed. Errors: *inventory.NoLoginError wrapped,
// keadb's.
func (d *Deployment) HistoryKeepers(ctx context.Context) ([]*HistoryKeeper, error) {
	keepers := []*HistoryKeeper{}
	logins := inventory.Logins{Reader: d.source.Reader, Pods: d.source.Pods, Observe: d.source.Observe}
	for _, s := range d.stores {
		if s.database == nil {
			continue
		}
		login, err := logins.Find(ctx, d.Inventory, *s.database, inventory.AsOwner, d.miss)
		if err != nil {
			return keepers, fmt.Errorf("log in to database %s as the role that owns Kea's tables: %w", s.database.String(), err)
		}
		db, err := keadb.Connect(ctx, login.Target)
		if err != nil {
			return keepers, err
		}
		keepers = append(keepers, &HistoryKeeper{s.database.String(), db})
	}
	return keepers, nil
}

// Enable keeps a history from now on. It says what it did; nothing when all was as it should be. See keadb's EnableHistory.
func (k *HistoryKeeper) Enable(ctx context.Context, keep time.Duration, note func(string)) ([]string, error) {
	return k.db.EnableHistory(ctx, keep, note)
}

// Disable ends the history; drop deletes it too. No history is no error.
func (k *HistoryKeeper) Disable(ctx context.Context, drop bool, note func(string)) error {
	err := k.db.DisableHistory(ctx, drop, note)
	if errors.Is(err, keadb.ErrNoHistory) {
		return nil
	}
	return err
}

// Prune deletes the events that are older than keep, by the database's clock, and says how many those were.
func (k *HistoryKeeper) Prune(ctx context.Context, keep time.Duration, progress func(int64)) (int64, error) {
	clock, err := k.db.Clock(ctx)
	if err != nil {
		return 0, err
	}
	return k.db.PruneHistory(ctx, clock.Now.Add(-keep), progress)
}

// Close ends the session.
func (k *HistoryKeeper) Close(ctx context.Context) { _ = k.db.Close(context.WithoutCancel(ctx)) }

// Name is the deployment's name, which its lock has: from the labels of its pods, or what people call it when it has none.
func (d *Deployment) Name() string {
	for _, pod := range d.Inventory.Pods {
		for _, server := range d.Inventory.Servers {
			if name := pod.Labels[marks.LabelDeployment]; name != "" && server.Pod == pod.Name {
				return name
			}
		}
	}
	return "kea"
}
