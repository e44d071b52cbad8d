// Package problem is how every part of the tool says that something is wrong: how bad, where, why in one sentence, and
// one command to run next.
package problem

import (
	"cmp"
	"slices"
)

// Severity orders problems.
type Severity string

// The severities. Critical: clients are not served, or an address may be handed out twice. Warning: redundancy or
// recovery is impaired, or soon will be. Info: worth knowing.
const (
	Critical Severity = "critical"
	Warning  Severity = "warning"
	Info     Severity = "info"
)

// Problem is one thing that is wrong.
type Problem struct {
	Severity Severity `json:"severity"`
	// Code names the kind of problem, in kebab case; it does not change between versions.
	Code string `json:"code"`
	// Subject is what it is about: "kea-dhcp-0/dhcp4", "cluster kea-database", "VLAN 10".
	Subject string `json:"subject"`
	// Text is one sentence: what is wrong and what that means.
	Text string `json:"text"`
	// Next is one command that helps; "" when there is none.
	Next string `json:"next,omitempty"`
}

// NewCritical is a problem that stands against what was asked for.
func NewCritical(code, subject, text, next string) Problem {
	return Problem{Severity: Critical, Code: code, Subject: subject, Text: text, Next: next}
}

// Sort orders problems worst first, and otherwise leaves them as they were found.
func Sort(all []Problem) {
	slices.SortStableFunc(all, func(a, b Problem) int { return cmp.Compare(a.Severity.rank(), b.Severity.rank()) })
}

// Worst is the worst severity among problems, or "" for none.
func Worst(all []Problem) Severity {
	worst := Severity("")
	for _, p := range all {
		if worst == "" || p.Severity.rank() < worst.rank() {
			worst = p.Severity
		}
	}
	return worst
}

// AtLeast reports whether s is as bad as t or worse.
func (s Severity) AtLeast(t Severity) bool { return s != "" && s.rank() <= t.rank() }

func (s Severity) rank() int {
	switch s {
	case Critical:
		return 0
	case Warning:
		return 1
	case Info:
		return 2
	}
	return 3
}

// Unread is a source that could not be read. What depends on it is missing; the rest stands.
type Unread struct {
	Source string `json:"source"` // "kea-dhcp-0/dhcp4 config-get", "secret network/kea-db-credentials"
	Error  string `json:"error"`
	Err    error  `json:"-"`
}
