package backup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// parser reads a schedule as CNPG does: seconds first, and the day of the week may be missing.
func parser() cron.Parser {
	return cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.DowOptional | cron.Descriptor)
}

// The numbers of fields of cron expressions.
const (
	fiveFields = 5 // as crontab has them: minute, hour, day, month, day of the week
	sixFields  = 6 // as CNPG takes them: with the second before
)

// ParseSchedule reads a schedule as people give it, and makes the six fields of it that CNPG takes. added says that the
// seconds were added to five fields: CNPG itself would take the first of them for the seconds, and so run at every hour
// what was meant for every day.
func ParseSchedule(text string) (schedule string, added bool, err error) {
	fields := strings.Fields(text)
	switch n := len(fields); {
	case strings.HasPrefix(text, "@every"):
		return "", false, fmt.Errorf("%q depends on when the operator was started; give a cron expression", text)
	case strings.HasPrefix(text, "@"):
	case n == fiveFields:
		fields, added = append([]string{"0"}, fields...), true
	case n != sixFields:
		return "", false, fmt.Errorf("%q is no schedule: one has five fields (minute, hour, day, month, day of the week) or six, with seconds before them", text)
	}
	schedule = strings.Join(fields, " ")
	if _, err := parser().Parse(schedule); err != nil {
		return "", false, fmt.Errorf("%q is no schedule: %w", text, err)
	}
	return schedule, added, nil
}

// Runs are the next n runs of a schedule after a moment, in UTC, by which the operator goes. A schedule that cannot be
// read, or never comes, has none.
func Runs(schedule string, after time.Time, n int) []time.Time {
	runs := []time.Time{}
	parsed, err := parser().Parse(schedule)
	if err != nil {
		return runs
	}
	at := after.UTC()
	for range n {
		if at = parsed.Next(at); at.IsZero() {
			break
		}
		runs = append(runs, at)
	}
	return runs
}

// Words say a schedule in words: "every day at 02:30 UTC". What would be no clearer than the expression stays one.
func Words(schedule string) string {
	f := strings.Fields(schedule)
	if len(f) == fiveFields {
		f = append(f, "*") // CNPG reads it so; see ParseSchedule
	}
	if long, ok := descriptors()[schedule]; ok {
		f = strings.Fields(long)
	}
	if len(f) == sixFields {
		when, often := clock(f[0], f[1], f[2])
		days, each := daysOf(f[3], f[4], f[5])
		switch {
		case when == "" || days == "":
		case often && each:
			return when
		case often:
			return when + ", " + days
		default:
			return days + " at " + when
		}
	}
	return "by the cron expression " + schedule + " (UTC)"
}

// descriptors are the names that stand for schedules.
func descriptors() map[string]string {
	return map[string]string{
		"@yearly": "0 0 0 1 1 *", "@annually": "0 0 0 1 1 *", "@monthly": "0 0 0 1 * *", "@weekly": "0 0 0 * * 0",
		"@daily": "0 0 0 * * *", "@midnight": "0 0 0 * * *", "@hourly": "0 0 * * * *",
	}
}

// most is how many times of day are listed; more would be no help.
const most = 4

// clock says the times of day; often: more than once a day, and they are said as an interval.
func clock(second, minute, hour string) (words string, often bool) {
	s, sOK := number(second)
	m, mOK := number(minute)
	switch {
	case sOK && s == 0 && minute == "*" && hour == "*":
		return "every minute", true
	case !sOK:
		if every, ok := interval(second); ok && minute == "*" && hour == "*" {
			return every + " seconds", true
		}
		return "", false
	case !mOK:
		if every, ok := interval(minute); ok && hour == "*" && s == 0 {
			return every + " minutes", true
		}
		return "", false
	case hour == "*":
		return fmt.Sprintf("every hour at minute %d%s", m, seconds(s)), true
	}
	if every, ok := interval(hour); ok {
		return fmt.Sprintf("%s hours from %02d:%02d%s UTC", every, 0, m, seconds(s)), true
	}
	times := []string{}
	for part := range strings.SplitSeq(hour, ",") {
		h, ok := number(part)
		if !ok {
			return "", false
		}
		times = append(times, fmt.Sprintf("%02d:%02d%s", h, m, seconds(s)))
	}
	if len(times) > most {
		return "", false
	}
	return enumerate(times) + " UTC", false
}

// seconds are said only when there are some.
func seconds(s int) string {
	if s == 0 {
		return ""
	}
	return fmt.Sprintf(":%02d", s)
}

// interval reads */n: "every n". Those that do not divide their unit begin anew with it, and are no interval.
func interval(field string) (string, bool) {
	text, found := strings.CutPrefix(field, "*/")
	n, ok := number(text)
	if !found || !ok || n < 2 || (60%n != 0 && 24%n != 0) {
		return "", false
	}
	return "every " + text, true
}

// daysOf says the days; each: it is every day.
func daysOf(day, month, weekday string) (words string, each bool) {
	anyDay, anyWeekday := day == "*" || day == "?", weekday == "*" || weekday == "?"
	switch {
	case month != "*":
		return "", false
	case anyDay && anyWeekday:
		return "every day", true
	case anyWeekday:
		days := strings.Split(day, ",")
		if len(days) > most || slices.ContainsFunc(days, func(d string) bool { _, ok := number(d); return !ok }) {
			return "", false
		}
		return "every month on day " + enumerate(days), false
	case anyDay:
		return weekdays(weekday), false
	}
	return "", false
}

// weekdays says days of the week: "every Monday and Friday", "Monday to Friday".
func weekdays(field string) string {
	if from, to, ok := strings.Cut(field, "-"); ok {
		first, last := weekday(from), weekday(to)
		if first == "" || last == "" {
			return ""
		}
		return first + " to " + last
	}
	names := []string{}
	for part := range strings.SplitSeq(field, ",") {
		name := weekday(part)
		if name == "" {
			return ""
		}
		names = append(names, name)
	}
	return "every " + enumerate(names)
}

func weekday(text string) string {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(text, d.String()[:3]) || text == strconv.Itoa(int(d)) {
			return d.String()
		}
	}
	return ""
}

func number(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

// enumerate joins words as people do: "a", "a and b", "a, b and c".
func enumerate(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
