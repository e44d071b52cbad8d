package leases

import (
	"bytes"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// Event is something that happened to a lease.
type Event struct {
	ID   int64     `json:"id"`   // its number in the database; higher is later
	Time time.Time `json:"time"` // by the database's clock
	Kind EventKind `json:"event"`
	// Note says what the kind alone does not: "before its end: ...". A sentence without a full stop, or "".
	Note string `json:"note,omitempty"`
	// Lease is how the lease was after it, or, when nothing was left of it, before. Of a lease that another client got it is
	// the client's whose event it is.
	Lease Lease `json:"lease"`
	// Until is when the lease would have ended before it; zero: there was none, or never.
	Until time.Time `json:"until,omitzero"`
}

// EventKind is what happened.
type EventKind string

// The kinds.
const (
	Granted   EventKind = "granted" // the client has it, and had not before
	Renewed   EventKind = "renewed"
	Altered   EventKind = "changed" // the same client and end; a host name, a subnet, something noted with it
	Freed     EventKind = "released"
	Refused   EventKind = "declined" // the client found the address in use
	RanOut    EventKind = "expired"
	Moved     EventKind = "moved"      // another client got it before its end
	Erased    EventKind = "deleted"    // the row went before the lease's end
	Announced EventKind = "registered" // DHCPv6, from 3.0: the client gave itself the address
	Recovered EventKind = "recovered"  // a declined address can be given out again
	// Cleaned is Kea's housekeeping with a lease that had ended before: nothing that a client would notice.
	Cleaned EventKind = "cleaned"
)

// EventKinds are all kinds.
func EventKinds() []EventKind {
	return []EventKind{Granted, Renewed, Altered, Freed, Refused, RanOut, Moved, Erased, Announced, Recovered, Cleaned}
}

// Ends reports whether the client has the lease no more.
func (k EventKind) Ends() bool {
	switch k {
	case Freed, Refused, RanOut, Moved, Erased:
		return true
	case Granted, Renewed, Altered, Announced, Recovered, Cleaned, Seen, Counted, Lost, Back:
	}
	return false
}

// Kea's states, as numbers.
const (
	inUse      = 0
	declined   = 1
	reclaimed  = 2
	released   = 3
	registered = 4
)

// What is to be said of an event beside its kind.
const (
	noteDeleted = "before its end: up to Kea 2.2 the client released it, later somebody deleted it"
	noteTaken   = "another client got the address"
	noteAgain   = "again, after the lease had ended"
)

// judge says what an event of the database was; "" when another event says it. How it looks in the versions of Kea was seen
// with real clients: a release is from 3.0 a state of its own; in 2.6 the lifetime becomes 0; in 2.2 the row is deleted. A
// declined lease loses its client, so that it is the old client's event that tells. A lease that ends is reclaimed some
// seconds later, and its row deleted later still.
func judge(e *keadb.Event) (EventKind, string) {
	switch before, after := e.Before, e.After; e.Operation {
	case keadb.WasNamed:
		return "", ""
	case keadb.Inserted, keadb.Began:
		return judgeBeginning(e, after)
	case keadb.Deleted:
		return judgeDeletion(before, e.At)
	case keadb.Ended:
		return judgeTaken(before, after, e.At)
	case keadb.Changed, keadb.IsNamed:
		return judgeChange(before, after, e.At)
	}
	return "", ""
}

func judgeBeginning(e *keadb.Event, after *keadb.Moment) (EventKind, string) {
	switch after.State {
	case inUse:
		return Granted, ""
	case declined:
		if len(e.HWAddr) == 0 && !known(e.Client) && e.Operation == keadb.Began {
			return "", "" // what is left of the client that declined it
		}
		return Refused, ""
	case registered:
		return Announced, ""
	}
	return Cleaned, ""
}

// known reports whether a client is more than Kea's placeholder in DHCPv6: no octets, or three zeros.
func known(client []byte) bool { return len(bytes.Trim(client, "\x00")) > 0 }

func judgeDeletion(before *keadb.Moment, at time.Time) (EventKind, string) {
	switch {
	case before.State == declined:
		return Recovered, ""
	case !owned(before):
		return Cleaned, ""
	case over(before, at):
		return RanOut, ""
	}
	return Erased, noteDeleted
}

func judgeTaken(before, after *keadb.Moment, at time.Time) (EventKind, string) {
	switch {
	case before.State == declined:
		return Recovered, ""
	case !owned(before):
		return Cleaned, noteTaken
	case after.State == declined:
		return Refused, ""
	case over(before, at):
		return RanOut, noteTaken
	}
	return Moved, noteTaken
}

func judgeChange(before, after *keadb.Moment, at time.Time) (EventKind, string) {
	switch held, holding := owned(before), owned(after); {
	case after.State == declined && before.State != declined:
		return Refused, ""
	case before.State == declined && after.State != declined && !holding:
		return Recovered, ""
	case held && after.State == reclaimed:
		return RanOut, ""
	case held && !holding && before.State != declined:
		return Freed, ""
	case !held && holding:
		if before.State == declined {
			return Granted, ""
		}
		return Granted, noteAgain
	case !held:
		return Cleaned, ""
	case after.State == registered && before.State != registered:
		return Announced, ""
	case over(before, at) && !over(after, at):
		return Granted, noteAgain
	case after.Expires.Equal(before.Expires):
		return Altered, ""
	}
	return Renewed, ""
}

// owned reports whether a client has the lease, over or not. A lifetime of 0 is how Kea 2.6 writes a release.
func owned(m *keadb.Moment) bool {
	return (m.State == inUse || m.State == registered) && m.Valid > 0
}

// over reports whether the end of a lease has passed.
func over(m *keadb.Moment, at time.Time) bool { return !m.Expires.IsZero() && !m.Expires.After(at) }

// fillEvent makes an event of the database's. It says false for those that another one tells. Nothing of it stays the
// database's.
func fillEvent(e *Event, row *keadb.Event) bool {
	kind, note := judge(row)
	if kind == "" {
		return false
	}
	m := row.After
	// Of a lease that passed to another client, what comes after is not its client's.
	if m == nil || row.Operation == keadb.Ended && kind != Refused {
		m = row.Before
	}
	*e = Event{ID: row.ID, Time: row.At, Kind: kind, Note: note}
	if row.Before != nil {
		e.Until = row.Before.Expires
	}
	lease := keadb.Lease{
		Address: row.Address, PrefixLen: row.PrefixLen, Type: row.Type, HWAddr: bytes.Clone(row.HWAddr), IAID: row.IAID,
		SubnetID: row.SubnetID, PoolID: row.PoolID, State: m.State, Valid: m.Valid, Preferred: m.Preferred, CLTT: m.CLTT, Expires: m.Expires,
		Hostname: strings.Clone(row.Hostname),
	}
	if row.Type == keadb.TypeV4 {
		lease.ClientID = bytes.Clone(row.Client)
	} else {
		lease.DUID = bytes.Clone(row.Client)
	}
	fillLease(&e.Lease, &lease, row.At)
	return true
}
