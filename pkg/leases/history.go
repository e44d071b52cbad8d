package leases

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// History is what happened to an address or a client.
type History struct {
	Origin `json:",inline"`
	Asked  string `json:"asked"`
	As     string `json:"as"` // "IPv4 address", "hardware address", ...
	// Since is when the history begins to be complete; zero: it has a gap.
	Since  time.Time `json:"completeSince,omitzero"`
	Events []Event   `json:"events"` // oldest first
	// More: the limit cut off the oldest.
	More bool `json:"more"`
	// Logs are what Kea's own forensic log says of the same addresses, where there is one.
	Logs []LogEntry `json:"logs"`
}

// LogEntry is a line of Kea's forensic log.
type LogEntry struct {
	Time    time.Time  `json:"time"`
	Address netip.Addr `json:"address"`
	Text    string     `json:"text"` // as Kea wrote it
}

// Span is a time, and which events of it are wanted.
type Span struct {
	Since, Until time.Time // zero: no bound
	Limit        int       // of events, the youngest; 0: none
	// All: Kea's housekeeping too.
	All bool
}

// mostLogs is how many lines of the forensic log are shown.
const mostLogs = 100

// History tells what happened to what somebody asks for, in every way to read it. Errors: *NoHistoryError.
func (d *Deployment) History(ctx context.Context, w Wanted, span Span) (History, error) {
	h := History{Asked: w.Text, As: string(w.Kinds[0]), Events: []Event{}, Logs: []LogEntry{}}
	kept := false
	var none error
	for _, s := range d.stores {
		if s.db == nil {
			none = cmp.Or(none, error(&NoHistoryError{Database: s.name(), Why: cmp.Or(s.note, "there is no database that could be asked for the past")}))
			continue
		}
		state, err := s.db.History(ctx)
		if errors.Is(err, keadb.ErrNoHistory) {
			none = &NoHistoryError{Database: s.database.String(), Why: "it keeps no history of leases"}
			continue
		}
		if err != nil {
			return History{}, err
		}
		kept, h.Since = true, state.Since
		d.historyNotes(s, state, span)
		if err := d.historyOf(ctx, s, w, span, &h); err != nil {
			return History{}, err
		}
	}
	if !kept {
		return History{}, none
	}
	slices.SortStableFunc(h.Events, func(a, b Event) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID)) })
	h.Origin = d.origin()
	return h, nil
}

// historyOf adds what one database tells.
func (d *Deployment) historyOf(ctx context.Context, s *store, w Wanted, span Span, h *History) error {
	seen := map[int64]bool{}
	for _, kind := range w.Kinds {
		for _, f := range w.eventFilters(kind) {
			f.Since, f.Until, f.Newest = span.Since, span.Until, true
			events, more, err := s.events(ctx, f, span)
			if err != nil {
				return err
			}
			h.More = h.More || more
			if len(events) > 0 && len(h.Events) == 0 {
				h.As = string(kind)
			}
			for i := range events {
				if !seen[events[i].ID] {
					seen[events[i].ID] = true
					d.catalog.Place(&events[i].Lease)
					h.Events = append(h.Events, events[i])
				}
			}
		}
	}
	logs, err := s.logs(ctx, w, h.Events, span)
	if err != nil {
		d.miss("forensic log in "+s.name(), err)
	}
	h.Logs = append(h.Logs, logs...)
	return nil
}

// EachEvent reads the events of a database that a filter takes, as what they mean, and gives each to yield. Those that another
// one tells are left out. The leases have no VLAN and no subnet but its id.
func EachEvent(ctx context.Context, db *keadb.DB, f keadb.EventFilter, yield func(*Event) error) error {
	return db.Events(ctx, f, func(row *keadb.Event) error {
		var e Event
		if !fillEvent(&e, row) {
			return nil
		}
		return yield(&e)
	})
}

// errLimit ends a reading that has what it wanted.
var errLimit = errors.New("enough")

// events reads the youngest events that a filter takes, at most the span's limit of those that are shown.
func (s *store) events(ctx context.Context, f keadb.EventFilter, span Span) (found []Event, more bool, err error) {
	err = EachEvent(ctx, s.db, f, func(e *Event) error {
		if e.Kind == Cleaned && !span.All {
			return nil
		}
		if span.Limit > 0 && len(found) == span.Limit {
			more = true
			return errLimit
		}
		found = append(found, *e)
		return nil
	})
	if errors.Is(err, errLimit) {
		err = nil
	}
	return found, more, err
}

// eventFilters are the events to look for when something is read as one kind.
func (w Wanted) eventFilters(kind Kind) []keadb.EventFilter {
	switch kind {
	case IPv4Address, IPv6Address:
		return []keadb.EventFilter{{Addresses: []netip.Prefix{netip.PrefixFrom(w.Address, w.Address.BitLen())}}}
	case DelegatedPrefix:
		return []keadb.EventFilter{{Addresses: []netip.Prefix{netip.PrefixFrom(w.Address, w.Length)}}}
	case HardwareAddress:
		return []keadb.EventFilter{{HWAddr: w.Octets}}
	case ClientID, DUID:
		if kind == DUID && w.Is(ClientID) {
			return nil // the events have both in one column
		}
		return []keadb.EventFilter{{Client: w.Octets}}
	case HostName:
		return []keadb.EventFilter{{Hostname: w.Hostname}}
	}
	return nil
}

// logs reads what Kea's forensic log says of the addresses that are asked for, or that the events are about.
func (s *store) logs(ctx context.Context, w Wanted, events []Event, span Span) ([]LogEntry, error) {
	addresses := []netip.Addr{}
	if w.Address.IsValid() {
		addresses = append(addresses, w.Address)
	}
	for i := range events {
		if a := events[i].Lease.Address; !slices.Contains(addresses, a) && len(addresses) < mostLogs {
			addresses = append(addresses, a)
		}
	}
	found := []LogEntry{}
	if len(addresses) == 0 {
		return found, nil
	}
	rows, err := s.db.ForensicLog(ctx, keadb.LogFilter{Addresses: addresses, Since: span.Since, Until: span.Until, Limit: mostLogs})
	for _, r := range slices.Backward(rows) {
		a, _ := netip.ParseAddr(r.Address)
		found = append(found, LogEntry{Time: r.Time, Address: a, Text: r.Text})
	}
	return found, err
}

// historyNotes says what a history cannot tell.
func (d *Deployment) historyNotes(s *store, h keadb.History, span Span) {
	var note string
	switch {
	case !h.Enabled:
		note = "the history is switched off: what happens now is not written"
	case !h.Complete():
		note = "the trigger on " + h.Missing[0] + " is missing: what happens now is not written"
	case !h.Since.IsZero() && span.Since.Before(h.Since):
		note = "the history begins at " + h.Since.UTC().Format(time.RFC3339) + ": what was before is not known, or not all of it"
	default:
		return
	}
	s.note = note
}
