package kea

import (
	"bytes"
	"encoding/json"
	"strings"
)

// encodeValue returns a value as JSON on one line without blanks, secrets in the clear.
func encodeValue(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(reveal(v)); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := json.Compact(&text, out.Bytes()); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// valueOf is what parseDialect will make of a text of encodeValue.
func valueOf(text []byte) (any, error) {
	v, _, err := parseDialect(text)
	return v, err
}

// reveal returns a copy of a value of a configuration with its secrets in the clear.
func reveal(v any) any {
	switch v := v.(type) {
	case Secret:
		return v.Reveal()
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = reveal(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = reveal(e)
		}
		return out
	}
	return v
}

// style is how a text is laid out.
type style struct {
	newline string // "\n" or "\r\n"
	unit    string // of indentation
	open    string // "{ " or "{"
	colon   string // ": " or ":"
	comma   string // ", " or ","
}

// styleOf finds the style of a text: that of the first place that shows it.
func styleOf(text []byte) style {
	s := style{newline: "\n", unit: "  ", open: "{", colon: ":", comma: ","}
	if bytes.Contains(text, []byte("\r\n")) {
		s.newline = "\r\n"
	}
	for line := range bytes.Lines(text) {
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if len(indent) > 0 && len(bytes.TrimSpace(line)) > 0 {
			s.unit = string(indent)
			break
		}
	}
	if bytes.Contains(text, []byte(`{ "`)) {
		s.open = "{ "
	}
	if bytes.Contains(text, []byte(`": `)) {
		s.colon, s.comma = ": ", ", "
	}
	return s
}

// part writes a member, or an element where name is empty.
func (s style) part(name string, text []byte, indent string, several bool) string {
	value := s.layOut(text, indent, several)
	if name == "" {
		return value
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		return value
	}
	return string(quoted) + s.colon + value
}

// layOut writes a value of encodeValue, objects over several lines where that is wanted.
func (s style) layOut(text []byte, indent string, several bool) string {
	if several && bytes.ContainsRune(text, '{') {
		var out bytes.Buffer
		if json.Indent(&out, text, indent, s.unit) == nil {
			return strings.ReplaceAll(string(writeDialect(out.Bytes())), "\n", s.newline)
		}
	}
	var out strings.Builder
	for len(text) > 0 {
		switch c := text[0]; c {
		case '"':
			end := stringEnd(text)
			out.Write(text[:end])
			text = text[end:]
			continue
		case '{':
			if bytes.HasPrefix(text, []byte("{}")) {
				out.WriteString("{}")
				text = text[2:]
				continue
			}
			out.WriteString(s.open)
		case '}':
			out.WriteString(strings.TrimPrefix(s.open, "{") + "}")
		case ':':
			out.WriteString(s.colon)
		case ',':
			out.WriteString(s.comma)
		default:
			out.WriteByte(c)
		}
		text = text[1:]
	}
	return string(writeDialect([]byte(out.String())))
}
