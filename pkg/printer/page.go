package printer

import (
	"io"
	"strings"
)

// Page is a view: paragraphs and tables under each other. It is built once and
// drawn on any canvas. The zero Page is empty.
type Page struct{ blocks []block }

// block is one part of a page.
type block interface{ lines(c Canvas) []string }

// Text adds one paragraph. Where the canvas has an edge it is wrapped between
// words, the later lines under the first.
func (p *Page) Text(l Line) { p.Indented(0, 0, l) }

// Indented adds a paragraph whose first line is indented by first columns and
// the later ones by rest.
func (p *Page) Indented(first, rest int, l Line) {
	p.blocks = append(p.blocks, paragraph{first: first, rest: rest, text: l})
}

// Blank adds an empty line.
func (p *Page) Blank() { p.Text(Line{}) }

// Heading adds a blank line, unless the page is still empty, and a title.
func (p *Page) Heading(title string) {
	if len(p.blocks) > 0 {
		p.Blank()
	}
	p.Text(Heading.Text(title))
}

// Table adds a table. One without rows adds nothing.
func (p *Page) Table(t Table) { p.blocks = append(p.blocks, t) }

// Append adds all of another page.
func (p *Page) Append(other Page) { p.blocks = append(p.blocks, other.blocks...) }

// Empty reports whether the page has nothing on it.
func (p *Page) Empty() bool { return len(p.blocks) == 0 }

// Lines draws the page on a canvas.
func (p Page) Lines(c Canvas) []string {
	var out []string
	for _, b := range p.blocks {
		out = append(out, b.lines(c)...)
	}
	return out
}

// Write draws the page on a canvas and writes it at once.
func (p Page) Write(w io.Writer, c Canvas) error {
	lines := p.Lines(c)
	if len(lines) == 0 {
		return nil
	}
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}
