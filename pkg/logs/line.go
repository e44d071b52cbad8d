package logs

import (
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Line is one line of one daemon's log. Its text may hold anything that a client sent: escape it before it reaches a
// terminal.
type Line struct {
	Server string `json:"server"` // "kea-dhcp-0/dhcp4"
	// Time is when the node took the line from the daemon: one clock for all daemons of a node, and in a zone that is known.
	// Zero: not known.
	Time    time.Time    `json:"time,omitzero"`
	Level   kea.LogLevel `json:"level,omitempty"`     // "" for what is no line of Kea's
	Logger  string       `json:"logger,omitempty"`    // "kea-dhcp4.leases"
	Message string       `json:"messageId,omitempty"` // "DHCP4_LEASE_ALLOC"
	Text    string       `json:"text"`
}

// reading makes lines of what one log holds.
type reading struct {
	log   inventory.Log
	known []kea.Secret
	// long: the last message may go on in lines that are none of Kea's. Only what Kea says for debugging does.
	long bool
}

// line reads a line as the node gives it, with its time in front.
func (r *reading) line(text string) Line {
	stamp, rest, _ := strings.Cut(text, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		rest = text
	}
	l := kea.ParseLogLine(rest, r.known...)
	if l.Level != "" {
		r.long = l.Level == kea.LogDebug
	}
	return Line{Server: r.log.Speaker(l.Logger), Time: at.UTC(), Level: l.Level, Logger: l.Logger, Message: l.Message, Text: l.Text}
}

// takes reports whether a line just read is as grave as wanted. What has no level is shown, since a crash says its last
// words that way, unless it belongs to a message that is not.
func (r *reading) takes(l Line, least kea.LogLevel) bool {
	switch {
	case least == "":
		return true
	case l.Level == "":
		return !r.long || least == kea.LogDebug
	}
	return l.Level.AtLeast(least)
}
