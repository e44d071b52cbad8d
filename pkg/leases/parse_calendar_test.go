package leases

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones, on a machine without them too
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	found, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestParseExactGuessesNothing(t *testing.T) {
	now := time.Date(2025, 3, 10, 9, 15, 0, 0, time.FixedZone("CET", 3600))
	for text, want := range map[string]string{
		"08:30": "2025-03-10T08:30:00+01:00", "yesterday 14:30": "2025-03-09T14:30:00+01:00", "-15m": "2025-03-10T09:00:00+01:00", "2h ago": "2025-03-10T07:15:00+01:00",
		"2025-03-10 14:30:00+00": "2025-03-10T14:30:00Z", "2025-03-10 08:30:00.25": "2025-03-10T08:30:00.25+01:00", "08:30:00.125": "2025-03-10T08:30:00.125+01:00",
		"2025-03-10T07:30:00.5Z": "2025-03-10T07:30:00.5Z", "2025-03-10 07:30:00,5Z": "2025-03-10T07:30:00.5Z", "2030-01-01": "2030-01-01T00:00:00+01:00",
		"today 14:30": "2025-03-10T14:30:00+01:00", "08:10 UTC": "2025-03-10T08:10:00Z",
		"14:30":     `"14:30" is not clear: today's, 2025-03-10T14:30:00+01:00, is still to come; for yesterday's, 2025-03-09T14:30:00+01:00, write "yesterday 14:30"`,
		"9:15:01":   `write "yesterday 9:15:01"`,
		"14:30 UTC": `write "yesterday 14:30 UTC"`, "14:30-05": `write "yesterday 14:30-05"`,
		"14:30 CEST": `"CEST" is no zone that means the same everywhere`, "2025-03-10 14:30 Europe/Berlin": `"Europe/Berlin" is no zone`, "2025-03-10T14:30:00+25:00": "no form",
		"2025-03-10 14:30+15:00": "no form", "2025-03-10T14:30:00+15:00": "no form", "noon": "no form", "+00": "no form", "UTC": "no form", "": "it is empty", "1969-12-31": "before there was DHCP",
		"2025-13-01": "no form", "14:60": "no form", "1741593600": "no form", "yesterday noon": "no form", "14:30 tomorrow": "no zone", "yesterday 2h ago": "no length of time",
	} {
		when, err := ParseExact(text, now)
		check(t, text, want, when.Format(time.RFC3339Nano), err)
	}
}

func TestParseExactWhereClocksChange(t *testing.T) {
	for _, test := range []struct{ zone, now, text, want string }{
		{"Europe/Berlin", "2025-03-30T10:00:00Z", "02:30", "the clocks skipped it; it is 2025-03-30T01:30:00Z by the time before they changed, 2025-03-30T00:30:00Z by the time after"},
		{"Europe/Berlin", "2025-03-30T10:00:00Z", "01:59:59", "2025-03-30T01:59:59+01:00"},
		{"Europe/Berlin", "2025-03-30T10:00:00Z", "03:00", "2025-03-30T03:00:00+02:00"},
		{"Europe/Berlin", "2025-03-31T10:00:00Z", "yesterday 02:30", "the clocks skipped it"},
		{"Europe/Berlin", "2025-10-26T10:00:00Z", "2025-10-26 02:30:00.5", "the clocks showed it twice; it is 2025-10-26T00:30:00.5Z by the time before they changed, 2025-10-26T01:30:00.5Z by the time after"},
		{"Europe/Berlin", "2025-10-26T10:00:00Z", "2025-10-26 02:30 +01:00", "2025-10-26T02:30:00+01:00"},
		{"Europe/Berlin", "2025-10-26T10:00:00Z", "03:00", "2025-10-26T03:00:00+01:00"},
		{"Europe/Berlin", "2025-10-26T10:00:00Z", "2025-10-26", "2025-10-26T00:00:00+02:00"},
		{"Europe/Berlin", "2025-10-26T10:00:00Z", "10h ago", "2025-10-26T02:00:00+02:00"},
		{"America/New_York", "2025-11-02T20:00:00Z", "01:15", "the clocks showed it twice; it is 2025-11-02T05:15:00Z by the time before they changed, 2025-11-02T06:15:00Z"},
		{"America/New_York", "2025-03-09T20:00:00Z", "02:00", "the clocks skipped it"},
		{"America/Sao_Paulo", "2018-11-04T20:00:00Z", "today", "2018-11-04T01:00:00-02:00"}, // its day began at one
		{"America/Sao_Paulo", "2018-11-04T20:00:00Z", "00:10", "the clocks skipped it"},
		{"America/Havana", "2025-11-02T20:00:00Z", "2025-11-02", "2025-11-02T00:00:00-04:00"},  // the first of its two midnights
		{"Australia/Lord_Howe", "2025-04-06T02:00:00Z", "01:45", "the clocks showed it twice"}, // by half an hour
		{"Asia/Kathmandu", "2025-03-10T09:00:00Z", "14:00", "2025-03-10T14:00:00+05:45"},
		{"UTC", "2025-03-30T10:00:00Z", "02:30", "2025-03-30T02:30:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		when, err := ParseExact(test.text, now.In(zone(t, test.zone)))
		check(t, test.zone+" "+test.text, test.want, when.Format(time.RFC3339Nano), err)
	}
}
