package leases

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// errNoForm: the text is written in no way that is known.
var errNoForm = errors.New("no form that is known fits")

// farthest is how far local time is from UTC anywhere.
const farthest = 14 * time.Hour

// calendar reads a day, a time of day, and a zone.
func (m moments) calendar(text string) (time.Time, error) {
	if when, err := time.Parse(time.RFC3339, strings.Replace(strings.ToUpper(text), " ", "T", 1)); err == nil {
		if !plausible(when) {
			return time.Time{}, errNoForm
		}
		return when, nil
	}
	bare, zone := cutZone(text, m.now.Location())
	now := m.now.In(zone)
	day, clock, _ := strings.Cut(bare, " ")
	switch strings.ToLower(day) {
	case "today":
		return onDay(now, strings.TrimSpace(clock), zone)
	case "yesterday":
		return onDay(now.AddDate(0, 0, -1), strings.TrimSpace(clock), zone)
	}
	if date, err := time.Parse(time.DateOnly, bare); err == nil {
		return onDay(date, "", zone)
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if wall, err := time.Parse(layout, strings.ToUpper(bare)); err == nil {
			return local(wall, zone)
		}
	}
	if bare == "" {
		return time.Time{}, errNoForm
	}
	when, err := m.timeOfDay(bare, text, now)
	return when, zoneNamed(text, err)
}

// timeOfDay is the last time that the clock showed so. now is in the zone that counts; written is the time with its zone.
func (m moments) timeOfDay(text, written string, now time.Time) (time.Time, error) {
	today, err := onDay(now, text, now.Location())
	if err != nil {
		return time.Time{}, err
	}
	if !today.After(now) {
		return today, nil
	}
	yesterday, err := onDay(now.AddDate(0, 0, -1), text, now.Location())
	if m.exact && err == nil {
		return time.Time{}, &unclearError{fmt.Sprintf("today's, %s, is still to come; for yesterday's, %s, write \"yesterday %s\"",
			today.Format(time.RFC3339), yesterday.Format(time.RFC3339), written)}
	}
	return yesterday, err
}

// zoneNamed explains a zone's name, which means different things in different places.
func zoneNamed(text string, err error) error {
	end := strings.LastIndex(text, " ") + 1
	if name := text[end:]; errors.Is(err, errNoForm) && end > 0 && strings.Contains(text[:end], ":") && strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz/_") == "" {
		return fmt.Errorf("%w: %q is no zone that means the same everywhere, as UTC or +01:00 do", err, name)
	}
	return err
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
			if at, err := time.Parse(layout, text[i:]); err == nil && plausible(at) {
				return strings.TrimSpace(text[:i]), at.Location()
			}
		}
	}
	return text, local
}

// plausible reports whether some place on earth has this offset.
func plausible(at time.Time) bool {
	_, offset := at.Zone()
	return (time.Duration(offset) * time.Second).Abs() <= farthest
}

// onDay is a time of day on a day; none is the day's beginning, at whatever time the clocks there begin it.
func onDay(day time.Time, clock string, zone *time.Location) (time.Time, error) {
	if clock == "" {
		return beginning(day, zone), nil
	}
	at, err := time.Parse("15:04:05", clock)
	if err != nil {
		if at, err = time.Parse("15:04", clock); err != nil {
			return time.Time{}, errNoForm
		}
	}
	return local(time.Date(day.Year(), day.Month(), day.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC), zone)
}

// beginning is the first moment of a day.
func beginning(day time.Time, zone *time.Location) time.Time {
	w := wallTime(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC), zone)
	if len(w.shown) == 0 {
		return w.change
	}
	return w.shown[0]
}

// local is the moment at which the clocks of a zone show a wall time, which is given as if it were UTC.
func local(at time.Time, zone *time.Location) (time.Time, error) {
	w := wallTime(at, zone)
	if len(w.shown) == 1 {
		return w.shown[0], nil
	}
	why := "the clocks showed it twice"
	if len(w.shown) == 0 {
		why = "the clocks skipped it"
	}
	return time.Time{}, &unclearError{fmt.Sprintf("%s; it is %s by the time before they changed, %s by the time after",
		why, w.old.UTC().Format(time.RFC3339Nano), w.now.UTC().Format(time.RFC3339Nano))}
}

// wall is what a wall time may mean around the change of a zone's clocks that is nearest to it.
type wall struct {
	change time.Time
	// old and now are the moments by the offsets before and after the change.
	old, now time.Time
	// shown are the moments at which the clocks did show it, earlier first: two when they were put back over it, none when
	// they were put forward over it.
	shown []time.Time
}

func wallTime(at time.Time, zone *time.Location) wall {
	near := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), zone)
	start, end := near.ZoneBounds()
	change := start
	if start.IsZero() || !end.IsZero() && end.Sub(near) < near.Sub(start) {
		change = end
	}
	if change.IsZero() { // they never change
		return wall{shown: []time.Time{near}}
	}
	by := func(moment time.Time) time.Time {
		_, offset := moment.In(zone).Zone()
		return at.Add(-time.Duration(offset) * time.Second).In(zone)
	}
	w := wall{change: change, old: by(change.Add(-1)), now: by(change)}
	if w.old.Before(change) {
		w.shown = append(w.shown, w.old)
	}
	if !w.now.Before(change) {
		w.shown = append(w.shown, w.now)
	}
	return w
}
