package kea

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
)

// Edit is a change of one value of a configuration.
type Edit struct {
	// Path is as in Difference, "subnet4[id=10].valid-lifetime". An element of a list is named by what identifies it, by
	// any of its members ("[this-server-name=x]"), by its own text where it is no object, or by its position from 0.
	Path string
	// Value is what to write: anything that encoding/json takes. A json.RawMessage keeps its order, a Secret is written in
	// the clear, and a string of IncludeOf becomes an include.
	Value any
	// Remove takes the member or the element out. One that is not there is no error: it may be the second try.
	Remove bool
}

// EditError says which edit could not be made, and why. It never quotes a value.
type EditError struct {
	Path string
	File string // that is included there, with ErrIncluded
	Err  error  // one of the errors below, or what the encoder or the parser said
}

// Error returns the path and the reason.
func (e *EditError) Error() string {
	if e.File != "" {
		return fmt.Sprintf("%s: %v %s", e.Path, e.Err, e.File)
	}
	return fmt.Sprintf("%s: %v", e.Path, e.Err)
}

// Unwrap returns the reason.
func (e *EditError) Unwrap() error { return e.Err }

// Why an edit cannot be made, for errors.Is.
var (
	ErrIncluded  = errors.New("it is, or may be, in the included file")
	ErrAmbiguous = errors.New("it names more than one")
	ErrAbsent    = errors.New("there is no such element")
	ErrNoParent  = errors.New("what would hold it is of another kind")
	ErrBadPath   = errors.New("not a path like subnet4[id=10].valid-lifetime")
	ErrOtherID   = errors.New("the value does not have what the path identifies it by")
	ErrEdit      = errors.New("the text would not say what it should")
)

// EditConfig changes values of a configuration file, one edit after the other, and keeps every other byte of it: comments,
// order, indentation, includes. A member that is missing is added, with the objects around it; so is an element of a list
// that the edit's value identifies as the path does. What does not parse is refused before and after, and so is a result
// that differs from the text in anything else than the edits.
func EditConfig(text []byte, edits []Edit) ([]byte, error) {
	mark := []byte{}
	if bytes.HasPrefix(text, []byte(byteOrderMark)) {
		mark, text = text[:len(byteOrderMark)], text[len(byteOrderMark):]
	}
	c, err := ParseConfig(text)
	if err != nil {
		return nil, err
	}
	for _, e := range edits {
		if text, err = editOne(text, c.Service.section(), e); err != nil {
			return nil, err
		}
	}
	return append(bytes.Clone(mark), text...), nil
}

// editOne makes one edit and proves it.
func editOne(text []byte, section string, e Edit) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		if failed := new(EditError); errors.As(err, &failed) {
			return nil, err
		}
		return nil, &EditError{Path: e.Path, Err: err}
	}
	top, err := parseSpans(text)
	if err != nil {
		return fail(err)
	}
	path, err := parsePath(e.Path)
	if err != nil {
		return fail(err)
	}
	sections := top.named(section)
	if len(sections) != 1 {
		return fail(ErrAmbiguous)
	}
	spot, err := find(sections[0], e.Path, path)
	if err != nil {
		return fail(err)
	}
	c := change{path: e.Path, text: text, style: styleOf(text), spot: spot}
	if e.Remove {
		err = c.remove()
	} else {
		err = c.set(e.Value)
	}
	if err != nil {
		return fail(err)
	}
	edited := c.apply()
	after, _, err := parseDialect(edited)
	if err != nil {
		return fail(err)
	}
	wanted, _ := top.value.(map[string]any)
	if !reflect.DeepEqual(after, alter(wanted, append([]any{section}, spot.route...), c.value, e.Remove)) {
		return fail(ErrEdit)
	}
	return edited, nil
}

// alter returns a copy of a value with another one, or none, at the end of the route: names of members and positions of
// elements. What is not there is appended.
func alter(v any, route []any, to any, remove bool) any {
	if len(route) == 0 {
		return to
	}
	v = clone(v)
	switch at := route[0].(type) {
	case string:
		m, _ := v.(map[string]any)
		_, there := m[at]
		switch {
		case !remove || there && len(route) > 1:
			m[at] = alter(m[at], route[1:], to, remove)
		case there:
			delete(m, at)
		}
	case int:
		l, _ := v.([]any)
		switch {
		case at == len(l) && !remove:
			return append(l, to)
		case at < len(l) && remove && len(route) == 1:
			return append(l[:at], l[at+1:]...)
		case at < len(l):
			l[at] = alter(l[at], route[1:], to, remove)
		}
	}
	return v
}
