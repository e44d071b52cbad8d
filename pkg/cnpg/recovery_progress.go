package cnpg

import (
	"fmt"
	"strings"
	"time"
)

// recoveryProgress is how far one attempt at a recovery has come, as its log tells.
type recoveryProgress struct {
	Base       baseBackup
	Fetched    time.Time // when PostgreSQL began on the base backup
	Segment    string    // the last that was fetched
	Segments   int
	Consistent bool
	Position   LSN       // where replay began, and where it ended
	LastCommit time.Time // of the last transaction that was replayed; zero where the log does not say
	Timeline   int
	Done       bool // PostgreSQL has left recovery
	Stopped    bool // at the target
	Lacking    bool // a piece of the log could not be fetched, and nobody knows whether there was one

	segments map[string]bool
}

// read takes in a line and returns what to tell people now; "" when it changes nothing for them.
func (p *recoveryProgress) read(l recoveryLine) string {
	p.Lacking = p.Lacking || strings.Contains(l.Text, connectivityFailure)
	if l.Base != nil && p.Base.ID == "" {
		p.Base = *l.Base
		return "fetching base backup " + p.Base.ID + p.ended()
	}
	return p.postgres(l)
}

// postgres reads what PostgreSQL says of its recovery.
func (p *recoveryProgress) postgres(l recoveryLine) string {
	p.Stopped = p.Stopped || strings.HasPrefix(l.Text, "recovery stopping ")
	name, rest, known := cutAny(l.Text,
		"starting backup recovery with redo LSN ", "redo starts at ", `restored log file "`, "consistent recovery state reached at ",
		"last completed transaction was at log time ", "redo done at ", "selected new timeline ID: ", "archive recovery complete")
	if !known {
		return ""
	}
	word, _, _ := strings.Cut(rest, " ")
	switch name {
	case "starting backup recovery with redo LSN ":
		p.Fetched = l.At
		return "base backup fetched, starting PostgreSQL on it"
	case "redo starts at ":
		p.Position = parseLSN(word)
		return "replaying the write-ahead log from " + word
	case `restored log file "`:
		return p.fetched(strings.TrimSuffix(word, `"`))
	case "consistent recovery state reached at ":
		p.Consistent = true
		return p.replaying()
	case "last completed transaction was at log time ":
		p.LastCommit = postgresTime(rest)
	case "redo done at ":
		p.Position = parseLSN(word)
		return p.replayed()
	case "selected new timeline ID: ":
		_, _ = fmt.Sscan(word, &p.Timeline)
		return fmt.Sprintf("promoting to timeline %d", p.Timeline)
	case "archive recovery complete":
		p.Done = true
		return "PostgreSQL has left recovery, the operator ends the job"
	}
	return ""
}

// fetched notes a piece of the write-ahead log. PostgreSQL asks for the last one twice, and for files that tell of
// timelines.
func (p *recoveryProgress) fetched(segment string) string {
	if p.segments[segment] || len(segment) != len("000000010000000000000001") {
		return ""
	}
	if p.segments == nil {
		p.segments = map[string]bool{}
	}
	p.segments[segment] = true
	p.Segment, p.Segments = segment, len(p.segments)
	return p.replaying()
}

func (p *recoveryProgress) replaying() string {
	text := "replaying the write-ahead log"
	if p.Segments > 0 {
		text += fmt.Sprintf(", %d fetched, at %s", p.Segments, p.Segment)
	}
	if p.Consistent {
		text += ", consistent"
	}
	return text
}

func (p *recoveryProgress) replayed() string {
	return fmt.Sprintf("replayed to %s", p.Position)
}

// ended says when the base backup did.
func (p *recoveryProgress) ended() string {
	if p.Base.Ended.IsZero() {
		return ""
	}
	return ", of " + p.Base.Ended.UTC().Format("2006-01-02 15:04:05 UTC")
}

// cutAny cuts the first of the prefixes off.
func cutAny(text string, prefixes ...string) (prefix, rest string, ok bool) {
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return prefix, rest, true
		}
	}
	return "", text, false
}

// postgresTime reads a time from PostgreSQL's log; zero for none.
func postgresTime(text string) time.Time {
	if t := parsePGTime(strings.TrimSpace(text)); t != nil {
		return *t
	}
	return time.Time{}
}
