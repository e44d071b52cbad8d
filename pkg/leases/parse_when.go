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
const whenExplained = `as in 2025-03-10T14:30:00Z, "2025-03-10 14:30", 14:30, "yesterday 14:30", 2h or "2h ago"`

// ParseWhen reads a moment up to now: RFC 3339; a date with or without a time of day; a time of day, which is the last
// that has passed; "yesterday", "today" or "now"; "2h ago", "-2h"; "@" and seconds since 1970. Where no zone is given,
// it is now's; the moment is returned in the zone it was given in.
func ParseWhen(text string, now time.Time) (time.Time, error) {
	when, err := parseWhen(strings.TrimSpace(text), now)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("%q is no time: %w; write it %s", text, err, whenExplained)
	case when.After(now):
		return time.Time{}, fmt.Errorf("%q is no time that has passed: it would be %s", text, when.Format(time.RFC3339))
	case when.Year() < 1970:
		return time.Time{}, fmt.Errorf("%q is before there was DHCP", text)
	}
	return when, nil
}

// ParseSince is ParseWhen, where a bare length of time means that long ago: 15m, 30d.
func ParseSince(text string, now time.Time) (time.Time, error) {
	if age, err := ParseAge(text); err == nil {
		text = "-" + age.String()
	}
	return ParseWhen(text, now)
}

func parseWhen(text string, now time.Time) (time.Time, error) {
	lower := strings.ToLower(text)
	switch {
	case lower == "":
		return time.Time{}, errors.New("it is empty")
	case lower == "now":
		return now, nil
	case strings.HasPrefix(lower, "@"):
		seconds, err := strconv.ParseInt(lower[1:], 10, 64)
		if err != nil || seconds < 0 || seconds > math.MaxUint32 {
			return time.Time{}, errors.New("@ is followed by seconds since 1970")
		}
		return time.Unix(seconds, 0).In(now.Location()), nil
	case strings.HasPrefix(lower, "-"):
		return before(lower[1:], now)
	case strings.HasSuffix(lower, "ago"):
		return before(strings.TrimSuffix(lower, "ago"), now)
	}
	return calendar(text, now)
}

// before is the moment an age before now.
func before(text string, now time.Time) (time.Time, error) {
	age, err := ParseAge(text)
	if err != nil {
		return time.Time{}, err
	}
	return now.Add(-age), nil
}

// calendar reads a day, a time of day, and a zone.
func calendar(text string, now time.Time) (time.Time, error) {
	if when, err := time.Parse(time.RFC3339, strings.Replace(strings.ToUpper(text), " ", "T", 1)); err == nil {
		return when, nil
	}
	text, zone := cutZone(text, now.Location())
	now = now.In(zone)
	day, clock, _ := strings.Cut(text, " ")
	switch strings.ToLower(day) {
	case "today":
		return onDay(now, strings.TrimSpace(clock), zone)
	case "yesterday":
		return onDay(now.AddDate(0, 0, -1), strings.TrimSpace(clock), zone)
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if when, err := time.ParseInLocation(layout, strings.ToUpper(text), zone); err == nil {
			return when, nil
		}
	}
	when, err := onDay(now, text, zone)
	if err != nil {
		return time.Time{}, err
	}
	if when.After(now) {
		return onDay(now.AddDate(0, 0, -1), text, zone)
	}
	return when, nil
}

// cutZone takes a zone off the end: Z, UTC, or an offset such as +02:00. Other names mean different things in different
// places.
func cutZone(text string, local *time.Location) (string, *time.Location) {
	for _, name := range []string{"UTC", "GMT", "Z"} {
		if i := len(text) - len(name); i >= 0 && strings.EqualFold(text[i:], name) {
			return strings.TrimSpace(text[:i]), time.UTC
		}
	}
	if i := strings.LastIndexAny(text, "+-"); i > 0 && strings.Contains(text[:i], ":") {
		for _, layout := range []string{"-07:00", "-0700", "-07"} {
			if at, err := time.Parse(layout, text[i:]); err == nil {
				return strings.TrimSpace(text[:i]), at.Location()
			}
		}
	}
	return text, local
}

// onDay is a time of day on a day; none is midnight.
func onDay(day time.Time, clock string, zone *time.Location) (time.Time, error) {
	at := time.Time{}
	if clock != "" {
		var err error
		if at, err = time.Parse("15:04:05", clock); err != nil {
			if at, err = time.Parse("15:04", clock); err != nil {
				return time.Time{}, errors.New("no form that is known fits")
			}
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone), nil
}

// ParseAge reads a length of time: 90s, 15m, 12h, 30d, 2w, or several of them as in 1d12h.
func ParseAge(text string) (time.Duration, error) {
	rest := strings.ToLower(strings.ReplaceAll(text, " ", ""))
	bad := fmt.Errorf("%q is no length of time, as in 90s, 15m, 12h, 30d or 2w", text)
	if rest == "" {
		return 0, bad
	}
	total := 0.0
	for rest != "" {
		digits := 0
		for digits < len(rest) && (rest[digits] >= '0' && rest[digits] <= '9' || rest[digits] == '.') {
			digits++
		}
		n, err := strconv.ParseFloat(rest[:digits], 64)
		if err != nil || digits == len(rest) {
			return 0, bad
		}
		unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[rest[digits]]
		if !ok {
			return 0, bad
		}
		total += n * float64(unit)
		rest = rest[digits+1:]
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
