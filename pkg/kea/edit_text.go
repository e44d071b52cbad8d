package kea

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// change is one edit of a text.
type change struct {
	path  string
	text  []byte
	style style
	spot
	value   any // what the place holds afterwards
	splices []splice
}

// splice replaces text[from:to].
type splice struct {
	from, to int
	with     string
}

func (c *change) splice(from, to int, with string) {
	c.splices = append(c.splices, splice{from, to, with})
}

// apply returns the text with the splices made. One inside of another does not count.
func (c *change) apply() []byte {
	slices.SortStableFunc(c.splices, func(a, b splice) int { return cmp.Compare(a.from, b.from) })
	var out bytes.Buffer
	at := 0
	for _, s := range c.splices {
		if s.from < at {
			continue
		}
		out.Write(c.text[at:s.from])
		out.WriteString(s.with)
		at = s.to
	}
	out.Write(c.text[at:])
	return out.Bytes()
}

// set writes a value at the spot.
func (c *change) set(v any) error {
	text, err := encodeValue(v)
	if err != nil {
		return err
	}
	if c.target != nil {
		return c.replace(text)
	}
	for i := len(c.missing) - 1; i > 0; i-- {
		if text, err = wrap(c.missing[i], c.missing[i-1].name, text); err != nil {
			return err
		}
	}
	if c.value, err = valueOf(text); err != nil {
		return err
	}
	first := c.missing[0]
	if first.name != "" {
		c.insert(first.name, text)
		return nil
	}
	switch {
	case len(c.missing) > 1:
		return ErrAbsent
	case !identifies(first.id, c.list, c.value):
		return ErrOtherID
	}
	c.insert("", text)
	return nil
}

// replace writes a value in the place of another. One that is equal already keeps its spelling.
func (c *change) replace(text []byte) error {
	value, err := valueOf(text)
	if err != nil {
		return err
	}
	old := c.target
	if c.value = old.value; reflect.DeepEqual(old.value, value) {
		return nil
	}
	c.value = value
	if files := old.includes(); len(files) > 0 {
		return c.included(files[0])
	}
	lines := bytes.Contains(c.text[old.from:old.to], []byte("\n"))
	c.splice(old.from, old.to, c.style.layOut(text, indentOf(c.text, old.at), lines))
	return nil
}

// included says that the target is in another file.
func (c *change) included(file string) error {
	return &EditError{Path: c.path, File: file, Err: ErrIncluded}
}

// wrap makes the object or the list around a value that is missing as well.
func wrap(step stride, list string, text []byte) ([]byte, error) {
	if step.name != "" {
		name, err := encodeValue(step.name)
		return slices.Concat([]byte("{"), name, []byte(":"), text, []byte("}")), err
	}
	value, err := valueOf(text)
	switch {
	case err != nil:
		return nil, err
	case list == "":
		return nil, ErrNoParent
	case !identifies(step.id, list, value):
		return nil, ErrAbsent
	}
	return slices.Concat([]byte("["), text, []byte("]")), nil
}

// insert puts a part behind the last one of the holder.
func (c *change) insert(name string, text []byte) {
	parts := c.holder.parts
	if len(parts) == 0 {
		c.insertFirst(name, text)
		return
	}
	last := parts[len(parts)-1]
	lines := startsLine(c.text, last.at)
	indent := indentOf(c.text, last.at)
	// A neighbour in the same list shows whether its elements take one line or several.
	several := lines && (name != "" || bytes.Contains(c.text[last.from:last.to], []byte("\n")))
	part := c.style.part(name, text, indent, several)
	comma, at := c.commaAfter(last)
	if comma {
		part += ","
	} else {
		c.splice(last.to, last.to, ",")
		at = last.to
	}
	if !lines {
		c.splice(at, at, strings.TrimPrefix(c.style.comma, ",")+part)
		return
	}
	if end := lineEnd(c.text, at); end >= 0 {
		at = end
	}
	c.splice(at, at, c.style.newline+indent+part)
}

// insertFirst puts a part into a holder that has none.
func (c *change) insertFirst(name string, text []byte) {
	bracket := c.holder.to - 1
	if !startsLine(c.text, bracket) {
		c.splice(bracket, bracket, c.style.part(name, text, indentOf(c.text, c.holder.at), false))
		return
	}
	outer := indentOf(c.text, bracket)
	inner := outer + c.style.unit
	c.splice(bracket, bracket, inner[len(outer):]+c.style.part(name, text, inner, true)+c.style.newline+outer)
}

// remove takes the target out, with its comma, and with its line where nothing else stands there. Comments stay.
func (c *change) remove() error {
	if c.target == nil {
		for _, m := range c.missing[:len(c.missing)-1] {
			if m.name == "" {
				return ErrAbsent
			}
		}
		return nil
	}
	if c.target.file != "" {
		return c.included(c.target.file)
	}
	from, to := c.target.at, c.target.to
	comma, after := c.commaAfter(c.target)
	switch i := slices.Index(c.holder.parts, c.target); {
	case comma && len(bytes.TrimLeft(c.text[to:after-1], " \t")) == 0:
		to = after
	case comma:
		c.splice(after-1, after, "")
	case i > 0:
		before := c.holder.parts[i-1]
		if comma, after := c.commaAfter(before); comma && len(bytes.TrimLeft(c.text[after:from], " \t")) == 0 {
			from = after - 1
		} else if comma {
			c.splice(after-1, after, "")
		}
	}
	rest := len(c.text[to:]) - len(bytes.TrimLeft(c.text[to:], " \t\r"))
	switch {
	case startsLine(c.text, from) && to+rest < len(c.text) && c.text[to+rest] == '\n':
		from, to = from-len(indentOf(c.text, from)), to+rest+1
	case to == after:
		to += len(c.text[to:]) - len(bytes.TrimLeft(c.text[to:], " \t"))
	}
	c.splice(from, to, "")
	return nil
}

// commaAfter reports whether a comma follows a part, and where that ends.
func (c *change) commaAfter(part *span) (found bool, end int) {
	d := &dialect{text: c.text, at: part.to}
	d.space()
	found = d.skip(",")
	return found, d.at
}

// startsLine reports whether nothing but blanks stands before a place on its line.
func startsLine(text []byte, at int) bool {
	before := bytes.TrimRight(text[:at], " \t")
	return len(before) == 0 || before[len(before)-1] == '\n'
}

// indentOf are the blanks at the beginning of the line of a place.
func indentOf(text []byte, at int) string {
	line := text[bytes.LastIndexByte(text[:at], '\n')+1:]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// lineEnd is where the line of a place ends, if nothing but blanks and comments follow on it; otherwise -1.
func lineEnd(text []byte, at int) int {
	d := &dialect{text: text, at: at}
	for d.peek() == ' ' || d.peek() == '\t' || d.comment() {
		if d.peek() == ' ' || d.peek() == '\t' {
			d.at++
		}
	}
	switch {
	case bytes.HasPrefix(text[d.at:], []byte("\r\n")), d.peek() == '\n':
		return d.at
	}
	return -1
}
