package kea

import (
	"fmt"
	"math"
	"net/netip"
	"time"
)

// tree is an object of a parsed configuration with the place where it stands. Its methods return the zero value for
// what is absent or of another type; what cannot be understood is noted.
type tree struct {
	at      string
	members map[string]any
	skipped *[]string
}

func (t tree) child(key string) string {
	switch {
	case t.at == "":
		return key
	case key == "":
		return t.at
	}
	return t.at + "." + key
}

// skip notes that the value at key was left out, or with no key the object itself, without quoting it.
func (t tree) skip(key, reason string) {
	*t.skipped = append(*t.skipped, t.child(key)+": "+reason)
}

func (t tree) has(key string) bool { _, ok := t.members[key]; return ok }

func (t tree) str(key string) string {
	s, _ := t.members[key].(string)
	return s
}

func (t tree) integer(key string) int {
	n, _ := t.integerOr(key)
	return n
}

func (t tree) integerOr(key string) (int, bool) {
	switch n := t.members[key].(type) {
	case int64:
		return int(n), true
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return int(n), true
		}
	}
	return 0, false
}

func (t tree) boolean(key string) bool {
	b, _ := t.members[key].(bool)
	return b
}

// unlessFalse is true also where nothing is said.
func (t tree) unlessFalse(key string) bool {
	b, ok := t.members[key].(bool)
	return b || !ok
}

func (t tree) booleanPointer(key string) *bool {
	if b, ok := t.members[key].(bool); ok {
		return &b
	}
	return nil
}

// milliseconds and seconds return the duration at key, or otherwise when there is none.
func (t tree) milliseconds(key string, otherwise time.Duration) time.Duration {
	return t.duration(key, time.Millisecond, otherwise)
}

func (t tree) seconds(key string, otherwise time.Duration) time.Duration {
	return t.duration(key, time.Second, otherwise)
}

func (t tree) duration(key string, unit, otherwise time.Duration) time.Duration {
	n, ok := t.integerOr(key)
	if !ok || n < 0 || time.Duration(n) > math.MaxInt64/unit {
		return otherwise
	}
	return time.Duration(n) * unit
}

func (t tree) object(key string) tree {
	m, _ := t.members[key].(map[string]any)
	return tree{at: t.child(key), members: m, skipped: t.skipped}
}

// objects returns the objects of the list at key. Includes and other things in it are passed over.
func (t tree) objects(key string) []tree {
	list, _ := t.members[key].([]any)
	var out []tree
	for i, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, tree{at: fmt.Sprintf("%s[%d]", t.child(key), i), members: m, skipped: t.skipped})
		}
	}
	return out
}

func (t tree) strings(key string) []string {
	list, _ := t.members[key].([]any)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (t tree) addresses(key string) []netip.Addr {
	var out []netip.Addr
	for _, s := range t.strings(key) {
		a, err := netip.ParseAddr(s)
		if err != nil {
			t.skip(key, "not an IP address")
			continue
		}
		out = append(out, a)
	}
	return out
}

// context returns the user context, without passwords.
func (t tree) context() map[string]any {
	m, _ := t.members["user-context"].(map[string]any)
	if m == nil {
		return nil
	}
	return redactObject(m)
}
