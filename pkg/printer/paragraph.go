package printer

import "strings"

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
		w := word.text.Width()
		if used > 0 && used+word.gap+w > limit {
			out = append(out, line)
			line, used, limit, word.gap = Line{}, 0, rest, 0
		}
		line = Concat(line, gapBetween(line, word), word.text)
		used += word.gap + w
	}
	return append(out, line)
}

// word is a part of a line without spaces, and the number of spaces before it.
// It may change its tone inside.
type word struct {
	gap  int
	text Line
}

// gapBetween is the space before a word, in the tone that goes on across it.
func gapBetween(line Line, w word) Line {
	space := strings.Repeat(" ", w.gap)
	if line.Empty() || w.text.Empty() || line.spans[len(line.spans)-1].tone != w.text.spans[0].tone {
		return Text(space)
	}
	return w.text.spans[0].tone.Text(space)
}

// words splits a line at its spaces.
func (l Line) words() []word {
	var out []word
	var w word
	for _, s := range l.spans {
		for i, part := range strings.Split(s.text, " ") {
			if i > 0 { // behind a space
				if !w.text.Empty() {
					out, w = append(out, w), word{}
				}
				w.gap++
			}
			if part != "" {
				w.text.spans = append(w.text.spans, span{s.tone, part})
			}
		}
	}
	if w.text.Empty() {
		return out
	}
	return append(out, w)
}
