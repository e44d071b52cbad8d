package printer

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

const (
	// rulerWidth is how wide a ruler is where there is no edge, rulerMost how wide it gets where there is much room.
	rulerWidth, rulerMost = 80, 120
	// rulerLeast is the least room for the time itself; names give way to it.
	rulerLeast = 20
)

// Ruler shows stretches of time to scale, one under the other, and moments on them. The earliest moment of all stands at
// its left end and the latest at its right.
type Ruler struct {
	Indent int
	Lanes  []Lane
	Marks  []Mark
}

// Lane is one stretch of time: drawn through from From to To, and dotted on to Open, where it is not certain. A zero time
// leaves that part out.
type Lane struct {
	Name           Line
	From, To, Open time.Time
	Ticks          []time.Time
}

// Mark is a moment with a label below the lanes.
type Mark struct {
	At    time.Time
	Label string
	// Strong is a mark that everything is about, like a target: it cuts through the lanes.
	Strong bool
}

// Ruler adds a ruler. One that shows no two moments adds nothing.
func (p *Page) Ruler(r Ruler) { p.blocks = append(p.blocks, r) }

// The glyphs of a ruler.
const (
	rulerThrough, rulerOpen, rulerTick, rulerMark, rulerStrong = '─', '·', '●', '│', '▲'
)

// scale maps moments to columns.
type scale struct {
	from, to time.Time
	width    int
}

// column is where a moment stands; a moment outside is drawn at the nearer end.
func (s scale) column(t time.Time) int {
	part := float64(t.Sub(s.from)) / float64(s.to.Sub(s.from))
	return min(max(int(part*float64(s.width-1)+0.5), 0), s.width-1)
}

func (r Ruler) lines(c Canvas) []string {
	s, ok := r.scale()
	if !ok {
		return nil
	}
	room := min(cmp.Or(c.Width, rulerWidth), rulerMost) - r.Indent
	names := 0
	for _, lane := range r.Lanes {
		names = max(names, lane.Name.Width())
	}
	if names > 0 {
		names = max(min(names+2, room-rulerLeast), 0)
	}
	s.width = max(room-names, 2)
	indent := strings.Repeat(" ", r.Indent)
	out := []string{}
	for _, lane := range r.Lanes {
		name := lane.Name.Truncate(max(names-2, 0))
		pad := strings.Repeat(" ", names-name.Width())
		out = append(out, trimmed(c, Concat(Text(indent), name, Text(pad), r.lane(lane, s))))
	}
	for _, row := range r.marks(s) {
		out = append(out, trimmed(c, Concat(Text(indent+strings.Repeat(" ", names)), row)))
	}
	return out
}

// trimmed renders a line without the blanks at its end.
func trimmed(c Canvas, l Line) string {
	if n := len(l.spans); n > 0 {
		l.spans[n-1].text = strings.TrimRight(l.spans[n-1].text, " ")
	}
	return strings.TrimRight(l.Render(c), " ")
}

// scale is from the earliest to the latest moment.
func (r Ruler) scale() (scale, bool) {
	var s scale
	see := func(moments ...time.Time) {
		for _, t := range moments {
			if t.IsZero() {
				continue
			}
			if s.from.IsZero() || t.Before(s.from) {
				s.from = t
			}
			if t.After(s.to) {
				s.to = t
			}
		}
	}
	for _, lane := range r.Lanes {
		see(lane.From, lane.To, lane.Open)
		see(lane.Ticks...)
	}
	for _, m := range r.Marks {
		see(m.At)
	}
	return s, s.to.After(s.from)
}

// lane draws one stretch.
func (r Ruler) lane(l Lane, s scale) Line {
	cells := []rune(strings.Repeat(" ", s.width))
	draw := func(from, to time.Time, glyph rune) {
		if from.IsZero() || to.Before(from) {
			return
		}
		for i := s.column(from); i <= s.column(to); i++ {
			cells[i] = glyph
		}
	}
	draw(cmp.Or(l.To, l.From), l.Open, rulerOpen)
	draw(l.From, l.To, rulerThrough)
	for _, t := range l.Ticks {
		cells[s.column(t)] = rulerTick
	}
	for _, m := range r.Marks {
		if m.Strong {
			cells[s.column(m.At)] = rulerMark
		}
	}
	return tones(cells)
}

// tones gives each glyph of a lane its tone.
func tones(cells []rune) Line {
	var out Line
	for _, cell := range cells {
		tone := Plain
		switch cell {
		case rulerThrough, rulerTick:
			tone = Good
		case rulerOpen:
			tone = Dim
		case rulerMark:
			tone = Bold
		}
		out = Concat(out, tone.Text(string(cell)))
	}
	return out
}

// rulerLabels is how many rows of labels a ruler has at most. Marks that find no place in them stay without a label.
const rulerLabels = 3

// marks are the row of the marks and the rows of their labels. A label that does not fit beside the others goes into a row
// further down, under its mark. Where there are too many, those at the ends and the strong ones come first.
func (r Ruler) marks(s scale) []Line {
	if len(r.Marks) == 0 {
		return nil
	}
	marks := slices.Clone(r.Marks)
	slices.SortStableFunc(marks, func(a, b Mark) int { return a.At.Compare(b.At) })
	pointers := []rune(strings.Repeat(" ", s.width))
	for _, m := range marks {
		if at := s.column(m.At); m.Strong {
			pointers[at] = rulerStrong
		} else if pointers[at] != rulerStrong {
			pointers[at] = rulerMark
		}
	}
	first, last := marks[0], marks[len(marks)-1]
	slices.Reverse(marks)
	rows := s.labels(marks)
	if len(rows) > rulerLabels {
		weight := func(m Mark) int {
			switch {
			case m.Strong:
				return 0
			case m == first, m == last:
				return 1
			}
			return 2
		}
		slices.SortStableFunc(marks, func(a, b Mark) int { return weight(a) - weight(b) })
		rows = s.labels(marks)[:rulerLabels]
	}
	lines := []Line{Bold.Text(string(pointers))}
	for _, row := range rows {
		lines = append(lines, Text(string(row)))
	}
	return lines
}

// labels writes each label into the first row that has room for it.
func (s scale) labels(marks []Mark) [][]rune {
	rows := [][]rune{}
	for _, m := range marks {
		label := []rune(Text(m.Label).Truncate(s.width).String())
		start := max(min(s.column(m.At), s.width-len(label)), 0)
		row := slices.IndexFunc(rows, func(row []rune) bool { return free(row, start, len(label)) })
		if row < 0 {
			row = len(rows)
			rows = append(rows, []rune(strings.Repeat(" ", s.width)))
		}
		copy(rows[row][start:], label)
	}
	return rows
}

// free reports whether a label fits into a row, with a gap to its neighbours.
func free(row []rune, start, n int) bool {
	for i := max(start-2, 0); i < min(start+n+2, len(row)); i++ {
		if row[i] != ' ' {
			return false
		}
	}
	return true
}
