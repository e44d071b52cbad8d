package kea

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// stride is one part of a path: the member of an object, or an element of a list.
type stride struct {
	name string // of the member
	id   string // of the element, where name is empty
}

// parsePath splits a path as Difference spells it.
func parsePath(text string) ([]stride, error) {
	if !utf8.ValidString(text) {
		return nil, ErrBadPath
	}
	var found []stride
	for rest := text; rest != "" || len(found) == 0; {
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return nil, ErrBadPath
		}
		found, rest = append(found, stride{name: rest[:end]}), rest[end:]
		for strings.HasPrefix(rest, "[") {
			end := closing(rest)
			if end < 2 {
				return nil, ErrBadPath
			}
			found, rest = append(found, stride{id: rest[1:end]}), rest[end+1:]
		}
		if after, more := strings.CutPrefix(rest, "."); more && after != "" {
			rest = after
		} else if rest != "" {
			return nil, ErrBadPath
		}
	}
	return found, nil
}

// closing is where the bracket ends that text begins with. What identifies an element may hold a bracket itself.
func closing(text string) int {
	for i := range text {
		if text[i] == ']' && (i+1 == len(text) || text[i+1] == '.' || text[i+1] == '[') {
			return i
		}
	}
	return -1
}

// spot is the place of a path in a text.
type spot struct {
	holder  *span    // the deepest value on the way that is there; with nothing missing, what holds the target
	target  *span    // nil where something is missing
	missing []stride // from the holder on
	list    string   // the name of the list that the first missing element belongs to
	route   []any    // to the target, or to the first that is missing: names and positions
}

// find follows a path from a section of a configuration.
func find(section *span, path string, steps []stride) (spot, error) {
	s := spot{target: section}
	for i := 0; i < len(steps); i++ {
		if s.target.file != "" {
			return spot{}, &EditError{Path: path, File: s.target.file, Err: ErrIncluded}
		}
		candidates, err := s.candidates(steps[i])
		switch {
		case err != nil:
			return spot{}, err
		case len(candidates) > 1:
			return spot{}, ErrAmbiguous
		case len(candidates) == 1:
			s.enter(candidates[0], steps[i])
			continue
		}
		// Where Kea knows an older spelling with one object, that object is the list's only element.
		if older := s.older(steps[i:]); older != nil {
			s.enter(older, stride{name: older.name})
			i++
			continue
		}
		if file := s.target.included(); file != "" {
			return spot{}, &EditError{Path: path, File: file, Err: ErrIncluded}
		}
		s.holder, s.target, s.missing = s.target, nil, steps[i:]
		if steps[i].name == "" {
			s.list = s.holder.name
			s.route = append(s.route, len(s.holder.parts))
		} else {
			s.route = append(s.route, steps[i].name)
		}
		return s, nil
	}
	return s, nil
}

// enter goes on to a part of the target.
func (s *spot) enter(part *span, step stride) {
	if step.name != "" {
		s.route = append(s.route, step.name)
	} else {
		s.route = append(s.route, slices.Index(s.target.parts, part))
	}
	s.holder, s.target = s.target, part
}

// candidates are the parts of the target that a step may mean.
func (s *spot) candidates(step stride) ([]*span, error) {
	switch s.target.value.(type) {
	case map[string]any:
		if step.name != "" {
			return s.target.named(step.name), nil
		}
	case []any:
		if step.name == "" {
			return s.elements(step.id), nil
		}
	}
	return nil, ErrNoParent
}

// elements are the elements of the target with that identity or, in a list that includes nothing, at that position.
func (s *spot) elements(id string) []*span {
	position, err := strconv.Atoi(id)
	if err != nil || s.target.included() != "" {
		position = -1
	}
	var found []*span
	for i, p := range s.target.parts {
		if p.file == "" && (i == position || identifies(id, s.target.name, p.value)) {
			found = append(found, p)
		}
	}
	return found
}

// older is the object in the target that a newer name's list stands for, where the steps name it as an element.
func (s *spot) older(steps []stride) *span {
	names := map[string]string{"control-sockets": "control-socket", "hosts-databases": "hosts-database"}
	if len(steps) < 2 || steps[1].name != "" || names[steps[0].name] == "" {
		return nil
	}
	found := s.target.named(names[steps[0].name])
	if len(found) != 1 || steps[1].id != "0" && !identifies(steps[1].id, steps[0].name, found[0].value) {
		return nil
	}
	return found[0]
}

// identifies reports whether an element of the list called key is the one that id means.
func identifies(id, key string, element any) bool {
	m, ok := element.(map[string]any)
	if !ok {
		return fmt.Sprint(element) == id
	}
	if slices.Contains(identities(key, m), id) || slices.Contains(identities(key, normalElement(key, m)), id) {
		return true
	}
	if pool, ok := ParsePool(id); ok && key == "pools" {
		text, _ := m["pool"].(string)
		its, ok := ParsePool(text)
		return ok && its.String() == pool.String()
	}
	name, value, named := strings.Cut(id, "=")
	if !named {
		return false
	}
	switch its := m[name].(type) {
	case nil, map[string]any, []any:
		return false
	case string:
		return strings.EqualFold(its, value) && (its == value || slices.Contains(reservationIDs(), name)) || name == "library" && path.Base(its) == value
	default:
		return fmt.Sprint(its) == value
	}
}

// normalElement is an element as Normalize spells it.
func normalElement(key string, element map[string]any) map[string]any {
	list := map[string]any{key: []any{clone(element)}}
	switch key {
	case "hooks-libraries":
		normalizeHook(elements(list, key)[0])
	case "reservations":
		normalizeReservations(list)
	case "pools":
		list = map[string]any{"subnet4": []any{list}}
		normalizeSubnets(list)
		list = elements(list, "subnet4")[0]
	}
	return elements(list, key)[0]
}
