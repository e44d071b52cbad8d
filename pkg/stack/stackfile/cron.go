package stackfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// cronField is one field of a schedule.
type cronField struct {
	name        string
	least, most int
	words       []string // names of the values from least on
}

func cronFields() []cronField {
	return []cronField{
		{"second", 0, 59, nil},
		{"minute", 0, 59, nil},
		{"hour", 0, 23, nil},
		{"day of the month", 1, 31, nil},
		{"month", 1, 12, strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec")},
		{"day of the week", 0, 6, strings.Fields("sun mon tue wed thu fri sat")},
	}
}

// cronError says what is wrong with a schedule. Kubernetes' have five fields, CNPG's six: seconds come first.
func cronError(schedule string, fields int) error {
	if slices.Contains([]string{"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}, schedule) {
		return nil
	}
	example := "30 3 * * *"
	if fields == 6 {
		example = "0 30 3 * * *"
	}
	parts := strings.Fields(schedule)
	if len(parts) != fields {
		seconds := ""
		switch {
		case fields == 6 && len(parts) == 5:
			seconds = ": here the first is seconds"
		case fields == 5 && len(parts) == 6:
			seconds = ": here there are no seconds"
		}
		return fmt.Errorf("is %s, with %s; expected %d, as in %q for 03:30 every day%s", quoted(schedule), counts(len(parts), "field", "fields"), fields, example, seconds)
	}
	for i, f := range cronFields()[6-fields:] {
		if !f.takes(parts[i]) {
			return fmt.Errorf("is %s: %s is no %s; expected %d to %d, *, */N, or lists and ranges", quoted(schedule), quoted(parts[i]), f.name, f.least, f.most)
		}
	}
	return nil
}

// takes reports whether a field is a list of values, ranges and steps.
func (f cronField) takes(s string) bool {
	for _, item := range strings.Split(s, ",") {
		item, step, stepped := strings.Cut(item, "/")
		if stepped {
			if n, err := strconv.ParseUint(step, 10, 16); err != nil || n == 0 {
				return false
			}
		}
		if item == "*" || item == "?" {
			continue
		}
		from, to, ranged := strings.Cut(item, "-")
		first, ok := f.value(from)
		if !ok {
			return false
		}
		if last, ok := f.value(to); ranged && (!ok || last < first) {
			return false
		}
	}
	return true
}

func (f cronField) value(s string) (int, bool) {
	if i := slices.Index(f.words, strings.ToLower(s)); i >= 0 {
		return f.least + i, true
	}
	n, err := strconv.ParseUint(s, 10, 8)
	return int(n), err == nil && int(n) >= f.least && int(n) <= f.most
}
