package kea

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep a configuration may nest. Kea's own go about twelve levels deep.
const maxDepth = 100

// byteOrderMark is what some editors put in front of a text.
const byteOrderMark = "\xef\xbb\xbf"

// includeOpen and includeClose frame the path of an include, in a file and in Config.Raw.
const (
	includeOpen  = `<?include "`
	includeClose = `"?>`
)

// dialect reads Kea's dialect of JSON: comments, trailing commas and includes on top of the standard.
type dialect struct {
	text     []byte
	at       int
	depth    int
	path     place
	includes []Include
	// Of interest to those who change a text: what is being read, and what is to be told of comments. Otherwise nil.
	holder    *span
	commented func(from, to int)
}

// syntaxError is raised inside dialect and becomes a *ParseError.
type syntaxError struct {
	at     int
	reason string
}

// parseDialect reads one value and nothing else. Integers become int64 when they fit, other numbers float64. An include
// in the place of a value becomes a string, one among the members of an object a key with a nil value.
func parseDialect(text []byte) (value any, includes []Include, err error) {
	d := &dialect{text: bytes.TrimPrefix(text, []byte(byteOrderMark))}
	value, err = d.read()
	return value, d.includes, err
}

func (d *dialect) read() (value any, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case syntaxError:
			value, d.includes, err = nil, nil, d.parseError(r)
		default:
			panic(r)
		}
	}()
	d.space()
	value = d.part("", d.at)
	d.space()
	if d.at < len(d.text) {
		d.fail("text after the end")
	}
	return value, nil
}

func (d *dialect) fail(reason string) { panic(syntaxError{at: d.at, reason: reason}) }

func (d *dialect) parseError(e syntaxError) *ParseError {
	before := d.text[:min(e.at, len(d.text))]
	return &ParseError{
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Reason: e.reason,
	}
}

// peek returns the byte at the current place, 0 at the end.
func (d *dialect) peek() byte {
	if d.at < len(d.text) {
		return d.text[d.at]
	}
	return 0
}

func (d *dialect) skip(prefix string) bool {
	if bytes.HasPrefix(d.text[d.at:], []byte(prefix)) {
		d.at += len(prefix)
		return true
	}
	return false
}

// space skips white space and comments.
func (d *dialect) space() {
	for {
		switch c := d.peek(); {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			d.at++
		case !d.comment():
			return
		}
	}
}

// comment skips a comment. One that ends with its line leaves the end of the line.
func (d *dialect) comment() bool {
	from, rest := d.at, d.text[d.at:]
	switch {
	case bytes.HasPrefix(rest, []byte("#")) || bytes.HasPrefix(rest, []byte("//")):
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			d.at += i
		} else {
			d.at = len(d.text)
		}
	case bytes.HasPrefix(rest, []byte("/*")):
		i := bytes.Index(rest[2:], []byte("*/"))
		if i < 0 {
			d.fail("comment without an end")
		}
		d.at += i + 4
	default:
		return false
	}
	if d.commented != nil {
		d.commented(from, d.at)
	}
	return true
}

func (d *dialect) value() any {
	switch c := d.peek(); {
	case d.at >= len(d.text):
		d.fail("unexpected end, a value is missing")
	case c == '{':
		return d.object()
	case c == '[':
		return d.list()
	case c == '"':
		return d.str()
	case c == '<':
		return d.include()
	case c == '-' || c == '.' || c >= '0' && c <= '9':
		return d.number()
	case d.skip("true"):
		return true
	case d.skip("false"):
		return false
	case d.skip("null"):
		return nil
	}
	d.fail("a value is missing")
	return nil
}

func (d *dialect) enter() {
	if d.depth++; d.depth > maxDepth {
		d.fail("nested too deep")
	}
	d.at++
	d.space()
}

func (d *dialect) leave() {
	d.depth--
	d.at++
}

func (d *dialect) object() map[string]any {
	d.enter()
	m := make(map[string]any)
	for d.peek() != '}' {
		switch {
		case d.at >= len(d.text):
			d.fail("unexpected end, '}' is missing")
		case d.peek() == '<':
			m[d.members()] = nil
		case d.peek() == '"':
			at := d.at
			key := d.str()
			d.space()
			if !d.skip(":") {
				d.fail("':' is missing after a name")
			}
			d.space()
			d.path.push(key)
			m[key] = d.part(key, at)
			d.path.pop()
		default:
			d.fail("a name in double quotes or '}' is missing")
		}
		d.separator('}')
	}
	d.leave()
	return m
}

func (d *dialect) list() []any {
	d.enter()
	l := make([]any, 0, 4)
	for d.peek() != ']' {
		if d.at >= len(d.text) {
			d.fail("unexpected end, ']' is missing")
		}
		d.path.pushIndex(len(l))
		l = append(l, d.part("", d.at))
		d.path.pop()
		d.separator(']')
	}
	d.leave()
	return l
}

// separator skips the comma after an element; the closing bracket stays. An include may bring its own comma, so none
// is needed around it.
func (d *dialect) separator(closing byte) {
	d.space()
	if d.skip(",") {
		d.space()
		return
	}
	if c := d.peek(); c != closing && c != '<' && !bytes.HasSuffix(bytes.TrimRight(d.text[:d.at], " \t\r\n"), []byte("?>")) {
		if d.at >= len(d.text) {
			d.fail("unexpected end, '" + string(closing) + "' is missing")
		}
		d.fail("',' or '" + string(closing) + "' is missing")
	}
}

func (d *dialect) str() string {
	start := d.at
	for d.at++; ; d.at++ {
		switch c := d.peek(); {
		case d.at >= len(d.text), c == '\n':
			d.fail("string without an end")
		case c < ' ':
			d.fail("control character in a string")
		case c == '\\':
			d.at++
		case c == '"':
			d.at++
			quoted := d.text[start:d.at]
			if !bytes.ContainsRune(quoted, '\\') && utf8.Valid(quoted) {
				return string(quoted[1 : len(quoted)-1])
			}
			var s string
			if json.Unmarshal(quoted, &s) != nil {
				d.at = start
				d.fail("string with an escape that does not exist")
			}
			return s
		}
	}
}

func (d *dialect) number() any {
	start := d.at
	for d.at < len(d.text) && strings.IndexByte("+-.eE0123456789", d.text[d.at]) >= 0 {
		d.at++
	}
	text := string(d.text[start:d.at])
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		d.at = start
		d.fail("not a number")
	}
	return f
}

func (d *dialect) include() string {
	start := d.at
	bad := func() { d.at = start; d.fail("not an include") }
	blanks := func() {
		for d.peek() == ' ' || d.peek() == '\t' {
			d.at++
		}
	}
	if !d.skip("<?") {
		bad()
	}
	blanks()
	if !d.skip("include") {
		bad()
	}
	blanks()
	if d.peek() != '"' {
		bad()
	}
	end := bytes.IndexAny(d.text[d.at+1:], "\"\n")
	if end < 1 || d.text[d.at+1+end] != '"' {
		bad()
	}
	file := string(d.text[d.at+1 : d.at+1+end])
	d.at += end + 2
	blanks()
	if !d.skip("?>") {
		bad()
	}
	d.includes = append(d.includes, Include{Path: file, At: d.path.String()})
	return includeOpen + file + includeClose
}

// included returns the file that v, a value of a parsed configuration, stands for.
func included(v any) (string, bool) {
	s, _ := v.(string)
	s, open := strings.CutPrefix(s, includeOpen)
	s, closed := strings.CutSuffix(s, includeClose)
	return s, open && closed
}
