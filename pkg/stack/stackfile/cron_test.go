package stackfile

import "testing"

func TestCron(t *testing.T) {
	const lists = ", *, */N, or lists and ranges"
	for _, tt := range []struct {
		schedule string
		fields   int
		want     string
	}{
		{"30 3 * * *", 5, ""},
		{"*/15 0-6/2,22 1,15 jan-mar MON", 5, ""},
		{"0 0 2 ? * sun-sat", 6, ""},
		{"@daily", 5, ""},
		{"@daily", 6, ""},
		{"  0  0 2 * *  *", 6, ""},
		{"", 5, `is "", with 0 fields; expected 5, as in "30 3 * * *" for 03:30 every day`},
		{"@noon", 5, `is "@noon", with 1 field; expected 5, as in "30 3 * * *" for 03:30 every day`},
		{"30 3 * * 7", 5, `is "30 3 * * 7": "7" is no day of the week; expected 0 to 6` + lists},
		{"30 3 0 * *", 5, `is "30 3 0 * *": "0" is no day of the month; expected 1 to 31` + lists},
		{"30 3 * 13 *", 5, `is "30 3 * 13 *": "13" is no month; expected 1 to 12` + lists},
		{"30 3 * * mo", 5, `is "30 3 * * mo": "mo" is no day of the week; expected 0 to 6` + lists},
		{"-1 3 * * *", 5, `is "-1 3 * * *": "-1" is no minute; expected 0 to 59` + lists},
		{"9-5 3 * * *", 5, `is "9-5 3 * * *": "9-5" is no minute; expected 0 to 59` + lists},
		{"*/0 3 * * *", 5, `is "*/0 3 * * *": "*/0" is no minute; expected 0 to 59` + lists},
		{"1, 3 * * *", 5, `is "1, 3 * * *": "1," is no minute; expected 0 to 59` + lists},
		{"99 0 2 * * *", 6, `is "99 0 2 * * *": "99" is no second; expected 0 to 59` + lists},
	} {
		t.Run(tt.schedule, func(t *testing.T) {
			got := ""
			if err := cronError(tt.schedule, tt.fields); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestParent(t *testing.T) {
	for path, want := range map[string]string{
		"":                                  "",
		"spec":                              "",
		"spec.vlans":                        "spec",
		"spec.vlans[1]":                     "spec.vlans",
		"spec.vlans[1].id":                  "spec.vlans[1]",
		member("spec.a", "b.c/d"):           "spec.a",
		member("spec.a", `x["y`):            "spec.a",
		member(member("spec.a", "b.c"), ""): member("spec.a", "b.c"),
		member("", "a b"):                   "",
	} {
		t.Run(path, func(t *testing.T) {
			if got := parent(path); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
