package restore

import (
	"strings"
	"testing"
	"time"
)

func TestNewName(t *testing.T) {
	now := time.Date(2026, 3, 10, 15, 4, 5, 0, time.FixedZone("CET", 3600))
	for source, want := range map[string]string{
		"kea-database":                  "kea-database-20260310-140405",
		"kea-database-20250101-000000":  "kea-database-20260310-140405",
		"kea-20250101-00000":            "kea-20250101-00000-20260310-140405", // no stamp of ours
		strings.Repeat("a", 50):         strings.Repeat("a", 34) + "-20260310-140405",
		strings.Repeat("a", 33) + "-bc": strings.Repeat("a", 33) + "-20260310-140405",
	} {
		got := newName(source, now)
		if got != want || len(checkName(got, nil)) > 0 {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
}

func TestCheckName(t *testing.T) {
	used := []use{{"kea-database", "cluster kea-database exists"}, {"kea-old", "its folder is in use"}}
	for name, want := range map[string]string{
		"kea-new": "", "kea-database": "cluster kea-database exists", "kea-old": "its folder is in use",
		strings.Repeat("a", 50): "", strings.Repeat("a", 51): "it has 51 characters", "Kea": "lower-case", "1kea": "begins with a letter", "kea-": "ends with a letter",
		"kea.database": "lower-case", "": "begins with a letter", "kéa": "lower-case",
	} {
		got := ""
		for _, p := range checkName(name, used) {
			got += p.Text
		}
		if got == "" != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
