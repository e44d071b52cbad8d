package leases

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// whenExplained shows how moments are written.
const whenExplained = `as in 2025-03-10T14:30:00Z, "2025-03-10 14:30", 14:30, "yesterday 14:30", -2h or "2h ago"`

// ParseWhen reads a moment up to now: RFC 3339; a date with or without a time of day; a time of day, which is the last
// that has passed; "yesterday", "today" or "now"; "2h ago", "-2h"; "@" and seconds since 1970. Where no zone is given,
// it is now's; the moment is returned in the zone it was given in. A time that the clocks there skip or show twice is
// refused.
func ParseWhen(text string, now time.Time) (time.Time, error) {
	when, err := moments{now: now}.read(text)
	if err == nil && when.After(now) {
		return time.Time{}, fmt.Errorf("%q is no time that has passed: it would be %s", text, when.Format(time.RFC3339))
	}
	return when, err
}

// ParseExact is ParseWhen for what must not be misunderstood: a time of day that is still to come is refused with both
// days that it may mean. A moment to come that is written in full is given as it is.
func ParseExact(text string, now time.Time) (time.Time, error) { return moments{now, true}.read(text) }

// ParseSince is ParseWhen, where a bare length of time means that long ago: 15m, 30d.
func ParseSince(text string, now time.Time) (time.Time, error) {
	if age, err := ParseAge(text); err == nil {
		text = "-" + age.String()
	}
	return ParseWhen(text, now)
}

// moments reads moments as they are seen from now.
type moments struct {
	now time.Time
	// exact refuses a time of day that is still to come, which otherwise is yesterday's.
	exact bool
}

func (m moments) read(text string) (time.Time, error) {
	when, err := m.parse(strings.TrimSpace(text))
	var unclear *unclearError
	switch {
	case errors.As(err, &unclear):
		return time.Time{}, fmt.Errorf("%q is not clear: %w", text, err)
	case err != nil:
		return time.Time{}, fmt.Errorf("%q is no time: %w; write it %s", text, err, whenExplained)
	case when.Year() < 1970:
		return time.Time{}, fmt.Errorf("%q is before there was DHCP", text)
	}
	return when, nil
}

// unclearError says that a time has two meanings, or none.
type unclearError struct{ why string }

func (e *unclearError) Error() string { return e.why }

func (m moments) parse(text string) (time.Time, error) {
	lower := strings.ToLower(text)
	switch {
	case lower == "":
		return time.Time{}, errors.New("it is empty")
	case lower == "now":
		return m.now, nil
	case strings.HasPrefix(lower, "@"):
		seconds, err := strconv.ParseInt(lower[1:], 10, 64)
		if err != nil || seconds < 0 || seconds > math.MaxUint32 {
			return time.Time{}, errors.New("@ is followed by seconds since 1970")
		}
		return time.Unix(seconds, 0).In(m.now.Location()), nil
	case strings.HasPrefix(lower, "-"):
		return before(lower[1:], m.now)
	case strings.HasSuffix(lower, "ago"):
		return before(strings.TrimSuffix(lower, "ago"), m.now)
	}
	return m.calendar(text)
}

// before is the moment an age before now.
func before(text string, now time.Time) (time.Time, error) {
	age, err := ParseAge(text)
	if err != nil {
		return time.Time{}, err
	}
	return now.Add(-age), nil
}

// unitOf is what a unit stands for, as people write it: m, min, minutes; 0 for none.
func unitOf(text string) time.Duration {
	switch text {
	case "s", "sec", "secs", "second", "seconds":
		return time.Second
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour
	case "d", "day", "days":
		return 24 * time.Hour
	case "w", "week", "weeks":
		return 7 * 24 * time.Hour
	}
	return 0
}

// ParseAge reads a length of time: 90s, 15m, 12h, 30d, 2w, 5 minutes, or several of them as in 1d12h.
func ParseAge(text string) (time.Duration, error) {
	rest := strings.ToLower(strings.ReplaceAll(text, " ", ""))
	bad := fmt.Errorf("%q is no length of time, as in 90s, 15m, 12h, 30d or 2w", text)
	if rest == "" {
		return 0, bad
	}
	total := 0.0
	for rest != "" {
		digits := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if digits < 0 {
			return 0, bad
		}
		n, err := strconv.ParseFloat(rest[:digits], 64)
		end := digits + len(rest[digits:]) - len(strings.TrimLeft(rest[digits:], "abcdefghijklmnopqrstuvwxyz"))
		unit := unitOf(rest[digits:end])
		if err != nil || unit == 0 {
			return 0, bad
		}
		total += n * float64(unit)
		rest = rest[end:]
	}
	const longest = 100 * 365 * 24 * time.Hour
	switch {
	case total > float64(longest):
		return 0, fmt.Errorf("%q is longer than a hundred years", text)
	case total < float64(time.Second):
		return 0, fmt.Errorf("%q is shorter than a second", text)
	}
	return time.Duration(total), nil
}
