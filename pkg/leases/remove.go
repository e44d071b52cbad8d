package leases

import (
	"fmt"
	"slices"
	"time"
)

// JustDeclined is how long after a client refused an address nobody should believe that it is free again.
const JustDeclined = 10 * time.Minute

// RemovalRules say what may be deleted.
type RemovalRules struct {
	Now time.Time // by the clock of whoever told the leases
	// ClearDeclined is about addresses that clients refused: only those are deleted, before their probation is over.
	ClearDeclined bool
	// InUse also deletes leases that look in use; Fresh also clears what was declined within JustDeclined.
	InUse, Fresh bool
	// Servers names the servers to tell, the one that serves the lease first: of those that share a database one, of those
	// that keep leases each on their own all. None: nobody can be told.
	Servers func(*Lease) []string
	// Reserved is the reservations that concern a lease; may be nil.
	Reserved func(*Lease) []ReservedFor
}

// RemovalPlan is what would be deleted, and what not.
type RemovalPlan struct {
	Delete  []Removal `json:"delete"`
	Refused []Removal `json:"refused"`
}

// Removal is one lease of a plan.
type Removal struct {
	Lease Lease    `json:"lease"`
	From  []string `json:"from"` // servers to tell
	// Notes are what to know before, each a sentence.
	Notes []string `json:"notes"`
	// Refused is why it is not deleted, and Unless the rule that would allow it, where there is one.
	Refused string        `json:"refused,omitempty"`
	Unless  RemovalUnless `json:"unless,omitempty"`
}

// RemovalUnless names a rule.
type RemovalUnless string

// The rules.
const (
	UnlessInUse    RemovalUnless = "in-use"
	UnlessFresh    RemovalUnless = "fresh"
	UnlessDeclined RemovalUnless = "clear-declined"
)

// PlanRemoval works out what is deleted. It keeps the order of the leases.
func PlanRemoval(leases []Lease, r RemovalRules) RemovalPlan {
	plan := RemovalPlan{Delete: []Removal{}, Refused: []Removal{}}
	for _, l := range leases {
		one := Removal{Lease: l, From: r.from(&l), Notes: r.notes(&l)}
		if one.Refused, one.Unless = r.refuse(&l); one.Refused == "" && len(one.From) == 0 {
			one.Refused = "no server that keeps it can be told"
		}
		if one.Refused != "" {
			plan.Refused = append(plan.Refused, one)
		} else {
			plan.Delete = append(plan.Delete, one)
		}
	}
	return plan
}

// from is all servers, also those in MissingOn: they may have the lease as it was before.
func (r RemovalRules) from(l *Lease) []string {
	if r.Servers == nil {
		return []string{}
	}
	return slices.Clone(r.Servers(l))
}

// refuse says why a lease must stay, and which rule would change that.
func (r RemovalRules) refuse(l *Lease) (why string, unless RemovalUnless) {
	seen := r.ago(l.LastSeen)
	switch {
	case l.State == Declined && r.ClearDeclined:
		if r.Now.Sub(l.LastSeen) < JustDeclined && !r.Fresh {
			return "a client found it in use " + seen + ": whoever uses it is probably still there", UnlessFresh
		}
	case r.ClearDeclined:
		return fmt.Sprintf("it is not declined but %s", l.State), ""
	case l.State == Declined && (l.Expires.IsZero() || l.Expires.After(r.Now)):
		return "a client found it in use " + seen + ": it is kept from everybody until " + until(l), UnlessDeclined
	case (l.State == Active || l.State == Registered) && !r.InUse:
		return "it looks in use: its client was seen " + seen + ", and may use it until " + until(l), UnlessInUse
	}
	return "", ""
}

func until(l *Lease) string {
	if l.Expires.IsZero() {
		return "the end of time"
	}
	return l.Expires.UTC().Format(time.RFC3339)
}

// ago says how long ago a time was, for people.
func (r RemovalRules) ago(t time.Time) string {
	d := r.Now.Sub(t)
	switch {
	case t.IsZero():
		return "at a time not known"
	case d < time.Second:
		return "just now"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

func (r RemovalRules) notes(l *Lease) []string {
	notes := []string{}
	if l.State == Active || l.State == Registered {
		notes = append(notes, "its client goes on using it until it renews, and the server may give it to somebody else meanwhile")
	}
	if l.Type == PD && (l.State == Active || l.State == Expired) {
		notes = append(notes, "the routes to the prefix stay where they are")
	}
	if r.Reserved != nil {
		for _, reserved := range r.Reserved(l) {
			notes = append(notes, fmt.Sprintf("it is reserved for %s, which gets it again (%s)", reserved.Identifier, reserved.From))
		}
	}
	if l.FQDNForward || l.FQDNReverse {
		notes = append(notes, "its DNS entries are removed too, where the server updates DNS")
	}
	return notes
}
