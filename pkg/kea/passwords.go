package kea

import (
	"maps"
	"slices"
	"strings"
)

// Passwords returns where a configuration (Config.Raw) holds a password, as "lease-database.password". One that is
// included from a file does not count.
func Passwords(raw map[string]any) []string {
	f := passwordFinder{}
	f.value(raw)
	return f.found
}

type passwordFinder struct {
	at    place
	found []string
}

func (f *passwordFinder) value(v any) {
	switch v := v.(type) {
	case Secret:
		f.note(!v.IsZero())
	case string:
		f.note(strings.Contains(v, redacted))
	case []any:
		for i, e := range v {
			f.at.pushIndex(i)
			f.value(e)
			f.at.pop()
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			f.at.push(k)
			f.value(v[k])
			f.at.pop()
		}
	}
}

func (f *passwordFinder) note(found bool) {
	if found {
		f.found = append(f.found, f.at.String())
	}
}
