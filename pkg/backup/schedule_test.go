package backup

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

func TestWords(t *testing.T) {
	for schedule, want := range map[string]string{
		"0 0 2 * * *":      "every day at 02:00 UTC",
		"30 15 2 * * *":    "every day at 02:15:30 UTC",
		"0 0 0,12 * * *":   "every day at 00:00 and 12:00 UTC",
		"0 0 0,6,12 * * ?": "every day at 00:00, 06:00 and 12:00 UTC",
		"0 0 */6 * * *":    "every 6 hours from 00:00 UTC",
		"0 30 */6 * * 1-5": "every 6 hours from 00:30 UTC, Monday to Friday",
		"0 10 * * * *":     "every hour at minute 10",
		"0 */15 * * * *":   "every 15 minutes",
		"*/30 * * * * *":   "every 30 seconds",
		"0 * * * * *":      "every minute",
		"0 0 3 * * 0":      "every Sunday at 03:00 UTC",
		"0 0 3 * * MON":    "every Monday at 03:00 UTC",
		"0 0 3 * * 1,4":    "every Monday and Thursday at 03:00 UTC",
		"0 0 3 * * 1-5":    "Monday to Friday at 03:00 UTC",
		"0 0 3 1 * *":      "every month on day 1 at 03:00 UTC",
		"0 0 3 1,15 * *":   "every month on day 1 and 15 at 03:00 UTC",
		"0 2 * * *":        "every hour at minute 2",
		"@daily":           "every day at 00:00 UTC",
		"@hourly":          "every hour at minute 0",
		"0 0 3 1 6 *":      "by the cron expression 0 0 3 1 6 * (UTC)",
		"0 0 3 1 * 1":      "by the cron expression 0 0 3 1 * 1 (UTC)",
		"0 0 3 * * 1-9":    "by the cron expression 0 0 3 * * 1-9 (UTC)",
		"0 1-9 3 * * *":    "by the cron expression 0 1-9 3 * * * (UTC)",
		"1,2 0 3 * * *":    "by the cron expression 1,2 0 3 * * * (UTC)",
		"0 0 1-5 * * *":    "by the cron expression 0 0 1-5 * * * (UTC)",
		"0 0 */7 * * *":    "by the cron expression 0 0 */7 * * * (UTC)",
		"nonsense":         "by the cron expression nonsense (UTC)",
	} {
		if got := Words(schedule); got != want {
			t.Errorf("%q: %q, want %q", schedule, got, want)
		}
	}
}

func TestParseSchedule(t *testing.T) {
	for text, tt := range map[string]struct {
		want  string
		added bool
		err   string
	}{
		"0 0 2 * * *":     {want: "0 0 2 * * *"},
		" 0  0 2 * * * ":  {want: "0 0 2 * * *"},
		"0 2 * * *":       {want: "0 0 2 * * *", added: true},
		"@daily":          {want: "@daily"},
		"@every 1h":       {err: `"@every 1h" depends on when the operator was started; give a cron expression`},
		"2 * * *":         {err: `"2 * * *" is no schedule: one has five fields (minute, hour, day, month, day of the week) or six, with seconds before them`},
		"0 0 2 * * * *":   {err: `"0 0 2 * * * *" is no schedule: one has five fields (minute, hour, day, month, day of the week) or six, with seconds before them`},
		"0 0 25 * * *":    {err: `"0 0 25 * * *" is no schedule: end of range (25) above maximum (23): 25`},
		"@sometimes":      {err: `"@sometimes" is no schedule: unrecognized descriptor: @sometimes`},
		"every day at 02": {err: `"every day at 02" is no schedule: one has five fields (minute, hour, day, month, day of the week) or six, with seconds before them`},
	} {
		got, added, err := ParseSchedule(text)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if got != tt.want || added != tt.added || said != tt.err {
			t.Errorf("%q: %q, %v, %s", text, got, added, said)
		}
	}
}

func TestRuns(t *testing.T) {
	for schedule, want := range map[string][]time.Time{
		"0 0 2 * * *":  {*at("2026-11-23T02:00:00Z"), *at("2026-11-24T02:00:00Z")},
		"0 2 * * *":    {*at("12:02:00"), *at("13:02:00")},
		"0 0 2 30 2 *": {},
		"nonsense":     {},
	} {
		if diff := cmp.Diff(want, Runs(schedule, *at("12:00:00"), 2)); diff != "" {
			t.Errorf("%q: %s", schedule, diff)
		}
	}
}

func TestPlanned(t *testing.T) {
	now := *at("12:00:00")
	schedule := cnpg.Schedule{Name: "db", Schedule: "0 0 * * * *", Last: at("10:00:00")}
	p := planned(schedule, now)
	if len(p.Runs) != 3 || p.Remark != "" || p.Missed(now) {
		t.Errorf("%+v", p)
	}
	schedule.Suspended = true
	if p = planned(schedule, now); len(p.Runs) != 0 || !p.Missed(now) || p.Missed(*at("10:30:00")) {
		t.Errorf("suspended: %+v", p)
	}
	if p = planned(cnpg.Schedule{Schedule: "0 2 * * *"}, now); p.Remark != "it has five fields: CloudNativePG takes the first for the seconds, and runs it every hour at minute 2" {
		t.Errorf("five fields: %+v", p)
	}
}

func TestChoose(t *testing.T) {
	named := func(names ...string) (s Schedules) {
		for _, n := range names {
			s.Schedules = append(s.Schedules, Planned{Schedule: cnpg.Schedule{Name: n}})
		}
		return s
	}
	for name, tt := range map[string]struct {
		s    Schedules
		name string
		ok   bool
	}{
		"the only one":        {named("a"), "", true},
		"by its name":         {named("a", "b"), "b", true},
		"none":                {named(), "", false},
		"several":             {named("a", "b"), "", false},
		"unknown, though one": {named("a"), "b", false},
	} {
		if _, ok := tt.s.Choose(tt.name); ok != tt.ok {
			t.Errorf("%s: %v", name, ok)
		}
	}
}
