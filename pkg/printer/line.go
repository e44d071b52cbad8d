package printer

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
)

// Tone says what a run of text means. The theme decides how that looks; the
// words themselves must carry the meaning without it.
type Tone int

// The tones, from the quiet to the loud.
const (
	Plain   Tone = iota
	Dim          // of lesser weight: units, explanations
	Bold         // names that the eye should find
	Heading      // table headers and section titles
	Accent       // commands to copy
	Good         // healthy
	Warn         // needs attention
	Bad          // broken
)

// Text is a line in this tone. What it is given is escaped.
func (t Tone) Text(s string) Line {
	if s == "" {
		return Line{}
	}
	return Line{spans: []span{{tone: t, text: Escape(s)}}}
}

// Textf is a formatted line in this tone. The result is escaped.
func (t Tone) Textf(format string, args ...any) Line {
	return t.Text(fmt.Sprintf(format, args...))
}

// Text is a line without a tone. What it is given is escaped.
func Text(s string) Line { return Plain.Text(s) }

// Textf is a formatted line without a tone. The result is escaped.
func Textf(format string, args ...any) Line { return Plain.Textf(format, args...) }

// Or is the text, or where that is empty a dimmed placeholder such as <none>.
func Or(s, placeholder string) Line {
	if s == "" {
		return Dim.Text(placeholder)
	}
	return Text(s)
}

// OrNone is the text, or <none>.
func OrNone(s string) Line { return Or(s, "<none>") }

// OrUnknown is the text, or <unknown>.
func OrUnknown(s string) Line { return Or(s, "<unknown>") }

// Line is text in tones that never breaks: one line, or one cell of a table.
// The zero Line is empty.
type Line struct{ spans []span }

// span is a run of escaped text in one tone.
type span struct {
	tone Tone
	text string
}

// Concat puts lines behind each other.
func Concat(parts ...Line) Line {
	var out Line
	for _, p := range parts {
		for _, s := range p.spans {
			if last := len(out.spans) - 1; last >= 0 && out.spans[last].tone == s.tone {
				out.spans[last].text += s.text
				continue
			}
			out.spans = append(out.spans, s)
		}
	}
	return out
}

// Join puts the lines that are not empty behind each other with sep between.
func Join(sep string, parts ...Line) Line {
	var out Line
	for _, p := range parts {
		if p.Empty() {
			continue
		}
		if !out.Empty() {
			out = Concat(out, Text(sep))
		}
		out = Concat(out, p)
	}
	return out
}

// Empty reports whether the line has no text.
func (l Line) Empty() bool { return len(l.spans) == 0 }

// Width is the number of terminal columns the line takes.
func (l Line) Width() int {
	// Summed span by span: a grapheme does not continue across a change of tone.
	n := 0
	for _, s := range l.spans {
		n += width(s.text)
	}
	return n
}

// width is the number of terminal columns of escaped text. Nearly all of it is ASCII, and tables may be long.
func width(text string) int {
	if clean(text) {
		return len(text)
	}
	return lipgloss.Width(text)
}

// String is the line without tones.
func (l Line) String() string {
	var b strings.Builder
	for _, s := range l.spans {
		b.WriteString(s.text)
	}
	return b.String()
}

// Render is the line as the canvas shows it.
func (l Line) Render(c Canvas) string {
	var b strings.Builder
	for _, s := range l.spans {
		b.WriteString(c.Theme.paint(s.tone, c.glyphs(s.text)))
	}
	return b.String()
}

// Truncate is the line cut to at most width columns, ending in an ellipsis
// when something was cut off.
func (l Line) Truncate(width int) Line {
	if l.Width() <= width {
		return l
	}
	if width <= 0 {
		return Line{}
	}
	var out Line
	left := width - 1 // one column for the ellipsis
	for _, s := range l.spans {
		head, rest := cut(s.text, left)
		left -= lipgloss.Width(head)
		if rest != "" {
			out.spans = append(out.spans, span{s.tone, head + ellipsis})
			return out
		}
		out.spans = append(out.spans, s)
	}
	return out
}
