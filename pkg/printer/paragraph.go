package printer

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// paragraph is text that is wrapped between words.
type paragraph struct {
	first, rest int
	text        Line
}

// minText is the least width that text is wrapped to; on a canvas narrower
// than its indentation the terminal wraps it instead.
const minText = 20

func (p paragraph) lines(c Canvas) []string {
	var out []string
	indent := p.first
	for _, l := range p.text.wrap(c.edge()-p.first, c.edge()-p.rest) {
		s := strings.Repeat(" ", indent) + l.Render(c)
		out = append(out, strings.TrimRight(s, " "))
		indent = p.rest
	}
	return out
}

// wrap breaks a line between words into lines of at most the given widths. A
// word longer than a line stands alone on one and is not broken: it may be a
// command to copy.
func (l Line) wrap(first, rest int) []Line {
	if first < minText || rest < minText {
		return []Line{l}
	}
	var out []Line
	var line Line
	used, limit := 0, first
	for _, word := range l.words() {
		w := word.Width()
		if used > 0 && used+1+w > limit {
			out = append(out, line)
			line, used, limit = Line{}, 0, rest
		}
		if used > 0 {
			line.spans = append(line.spans, span{text: " "})
			used++
		}
		line.spans = append(line.spans, word.spans...)
		used += w
	}
	return append(out, line)
}

// words splits a line at its spaces. A word may change its tone inside.
func (l Line) words() []Line {
	var out []Line
	var word Line
	flush := func() {
		if !word.Empty() {
			out = append(out, word)
		}
		word = Line{}
	}
	for _, s := range l.spans {
		for i, part := range strings.Split(s.text, " ") {
			if i > 0 {
				flush()
			}
			if lipgloss.Width(part) > 0 {
				word.spans = append(word.spans, span{s.tone, part})
			}
		}
	}
	flush()
	return out
}
