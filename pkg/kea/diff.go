package kea

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"unicode/utf8"
)

// Difference is a place where two configurations differ.
type Difference struct {
	Path string `json:"path"` // "subnet4[id=10].valid-lifetime"
	A    string `json:"a"`    // as JSON, shortened; "" where it is absent; secrets are "<redacted>"
	B    string `json:"b"`
}

// Diff compares the configurations of two HA peers, which should be equal in everything that is not a server's own:
// its name, interfaces, socket addresses, peer URLs, DUID, tag and log files do not count. Objects in lists are
// matched by what identifies them (a subnet's id, a pool's range, an option's name), not by position. Secrets are
// compared and not shown. Both should come from config-get, which fills in the defaults.
func Diff(a, b Config) []Difference {
	d := differ{}
	d.objects(Normalize(a.Raw), Normalize(b.Raw))
	return d.found
}

// DiffFile compares a configuration file with the configuration that a daemon runs: only what the file says counts,
// since config-get adds the defaults. Comments and what comes from includes do not count.
func DiffFile(file, live Config) []Difference {
	d := differ{onlyA: true}
	d.objects(Normalize(file.Raw), Normalize(live.Raw))
	return d.found
}

// differ walks two configurations.
type differ struct {
	onlyA bool // what only b has does not count
	at    place
	found []Difference
}

func (d *differ) objects(a, b map[string]any) {
	keys := slices.Sorted(maps.Keys(a))
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		va, inA := a[k]
		vb, inB := b[k]
		if d.onlyA && (!inA || k == "comment" || isInclude(k)) {
			continue
		}
		d.at.push(k)
		switch {
		case !inA:
			d.note("", show(vb))
		case !inB:
			d.note(show(va), "")
		default:
			d.values(k, va, vb)
		}
		d.at.pop()
	}
}

func (d *differ) values(key string, a, b any) {
	if d.onlyA && isInclude(a) {
		return
	}
	switch a := a.(type) {
	case map[string]any:
		if b, ok := b.(map[string]any); ok {
			d.objects(a, b)
			return
		}
	case []any:
		if b, ok := b.([]any); ok {
			d.lists(key, a, b)
			return
		}
	}
	if !equal(a, b) {
		d.note(show(a), show(b))
	}
}

func (d *differ) lists(key string, a, b []any) {
	if !holdsObjects(a) && !holdsObjects(b) {
		if !slices.EqualFunc(a, b, equal) {
			d.note(show(a), show(b))
		}
		return
	}
	for _, p := range match(key, a, b) {
		if d.onlyA && (p.a == nil || isInclude(p.a)) {
			continue
		}
		d.at.pushID(p.id)
		switch {
		case p.a == nil:
			d.note("", show(p.b))
		case p.b == nil:
			d.note(show(p.a), "")
		default:
			d.values(key, p.a, p.b)
		}
		d.at.pop()
	}
}

func (d *differ) note(a, b string) {
	d.found = append(d.found, Difference{Path: d.at.String(), A: a, B: b})
}

func holdsObjects(list []any) bool {
	return slices.ContainsFunc(list, func(e any) bool { _, ok := e.(map[string]any); return ok })
}

func isInclude(v any) bool { _, ok := included(v); return ok }

// equal compares two values of a configuration; a whole number is the same with and without a fraction.
func equal(a, b any) bool {
	switch a := a.(type) {
	case Secret:
		b, ok := b.(Secret)
		return ok && a.Equal(b)
	case int64:
		if b, ok := b.(float64); ok {
			return float64(a) == b
		}
	case float64:
		if b, ok := b.(int64); ok {
			return a == float64(b)
		}
	}
	return reflect.DeepEqual(a, b)
}

// shown is how many characters of a value a Difference shows.
const shown = 200

// show returns a value as JSON, shortened.
func show(v any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "?"
	}
	text := bytes.TrimSpace(out.Bytes())
	if utf8.RuneCount(text) <= shown {
		return string(text)
	}
	return string([]rune(string(text))[:shown]) + "…"
}
