package kea

import (
	"regexp"
	"strings"
)

// LogLevel is how grave a line of a log is, in Kea's word; "" for a line that has none.
type LogLevel string

// The levels.
const (
	LogDebug LogLevel = "DEBUG"
	LogInfo  LogLevel = "INFO"
	LogWarn  LogLevel = "WARN"
	LogError LogLevel = "ERROR"
	LogFatal LogLevel = "FATAL"
)

// LogLevels returns all levels, the least grave first.
func LogLevels() []LogLevel { return []LogLevel{LogDebug, LogInfo, LogWarn, LogError, LogFatal} }

// ParseLogLevel reads a level whatever its case; "warning" is taken too.
func ParseLogLevel(text string) (LogLevel, bool) {
	text = strings.ToUpper(text)
	if text == "WARNING" {
		return LogWarn, true
	}
	for _, l := range LogLevels() {
		if string(l) == text {
			return l, true
		}
	}
	return "", false
}

// AtLeast reports whether l is as grave as other, or graver. A line without a level is none of them.
func (l LogLevel) AtLeast(other LogLevel) bool { return l.rank() >= other.rank() }

func (l LogLevel) rank() int {
	for i, level := range LogLevels() {
		if level == l {
			return i
		}
	}
	return -1
}

// LogLine is a line of a daemon's log.
type LogLine struct {
	Level   LogLevel
	Logger  string // "kea-dhcp4.leases"
	Message string // the message's identifier: "DHCP4_LEASE_ALLOC"
	// Text is the rest; the whole line where it is none of Kea's, as what a shell says, or the next line of a long message.
	// It holds no password and may hold anything that a client sent.
	Text string
}

// logLine is Kea's pattern, with and without the time, and as it writes for syslog: level, logger with process and
// thread, identifier. The time is dropped: it is in the container's zone, which nothing tells.
var logLine = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?\S*\s+)?` +
	`(DEBUG|INFO|WARN|ERROR|FATAL)\s+\[([^\]/\s]+?)(?:[/.]\d+)*(?:\.0x[0-9a-f]+)?\]\s+(?:([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:\s+|$))?(.*)$`)

// ParseLogLine reads a line of a daemon's log and takes the passwords out of it: those that stand where passwords stand,
// and the known ones wherever they stand.
func ParseLogLine(line string, known ...Secret) LogLine {
	found := logLine.FindStringSubmatch(line)
	if found == nil {
		return LogLine{Text: redactLog(line, known)}
	}
	return LogLine{Level: LogLevel(found[1]), Logger: found[2], Message: found[3], Text: redactLog(found[4], known)}
}
