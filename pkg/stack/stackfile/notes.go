package stackfile

import (
	"cmp"
	"fmt"
	"slices"
)

// notes are what reading a file leaves beside the stack: where each value stands, and what was found wrong.
type notes struct {
	lines    map[string]int  // by path, of what the file states
	order    map[string]int  // by path, in which it was read
	wrong    map[string]bool // paths that have a finding
	findings []Finding
}

func newNotes() *notes {
	return &notes{lines: make(map[string]int), order: make(map[string]int), wrong: make(map[string]bool)}
}

// stands notes where a value is.
func (n *notes) stands(path string, line int) {
	n.lines[path] = line
	n.order[path] = len(n.order)
}

// given reports whether the file states the value, be it zero.
func (n *notes) given(path string) bool {
	_, ok := n.lines[path]
	return ok
}

// stated is the place itself when the file states it, else the next one around it that it states.
func (n *notes) stated(path string) string {
	for path != "" && !n.given(path) {
		path = parent(path)
	}
	return path
}

func (n *notes) line(path string) int { return n.lines[n.stated(path)] }

// bad reports whether the value, or what holds it, has a finding: it says nothing more then.
func (n *notes) bad(path string) bool {
	for path != "" {
		if n.wrong[path] {
			return true
		}
		path = parent(path)
	}
	return n.wrong[""]
}

// add adds a finding, unless there is one at the same place or above it.
func (n *notes) add(path, format string, args ...any) {
	if !n.bad(path) {
		n.addAt(path, n.line(path), format, args...)
	}
}

func (n *notes) addAt(path string, line int, format string, args ...any) {
	n.wrong[path] = true
	n.findings = append(n.findings, Finding{Path: path, Line: line, Text: fmt.Sprintf(format, args...)})
}

// sorted are the findings in the file's order.
func (n *notes) sorted() []Finding {
	slices.SortStableFunc(n.findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(n.order[n.stated(a.Path)], n.order[n.stated(b.Path)]),
			cmp.Compare(a.Path, b.Path),
		)
	})
	return n.findings
}
