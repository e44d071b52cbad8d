package kea

import (
	"bytes"
	"regexp"
	"strings"
)

// confiding matches the words by which a comment may tell a secret, as a line that was commented out does.
var confiding = regexp.MustCompile(`(?i)pass|secret|token|psk|auth|api.?key|private.?key`)

// HidesSecrets reports whether a configuration file was printed with its secrets hidden, so that it is not one to run.
func HidesSecrets(text []byte) bool { return bytes.Contains(text, []byte(redacted)) }

// RedactConfig returns a configuration file as it can be shown: "<redacted>" stands for every secret, and for a comment
// that speaks of one; everything else is as written. A text that cannot be read is not shown at all.
func RedactConfig(text []byte) ([]byte, error) {
	text = []byte(strings.TrimPrefix(string(text), byteOrderMark))
	comments := []splice{}
	d := &dialect{text: text, holder: &span{}}
	d.commented = func(from, to int) {
		if comment := string(text[from:to]); confiding.MatchString(comment) {
			comments = append(comments, splice{from, to, veil(comment)})
		}
	}
	if _, err := d.read(); err != nil {
		return nil, err
	}
	c := change{text: text, splices: comments}
	c.redact(d.holder.parts[0], false)
	return c.apply(), nil
}

// redact hides what is secret in a value. secret: everything in it is.
func (c *change) redact(s *span, secret bool) {
	if s.file != "" {
		return
	}
	text, isText := s.value.(string)
	_, isBool := s.value.(bool)
	switch {
	case secret && (s.value == nil || isBool || text == "" && isText):
	case secret:
		c.splice(s.from, s.to, `"`+redacted+`"`)
		return
	case isText && redactText(text) != text:
		if shown, err := encodeValue(redactText(text)); err == nil {
			c.splice(s.from, s.to, string(shown))
		}
	}
	for _, p := range s.parts {
		c.redact(p, isSecret(p.name))
	}
}

// veil is what stands for a comment: as many lines, of the same kind.
func veil(comment string) string {
	switch lines := strings.Repeat("\n", strings.Count(comment, "\n")); {
	case strings.HasPrefix(comment, "/*"):
		return "/* " + redacted + lines + " */"
	case strings.HasPrefix(comment, "//"):
		return "// " + redacted
	}
	return "# " + redacted
}
