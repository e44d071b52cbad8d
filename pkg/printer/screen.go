package printer

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The few control sequences a screen is redrawn with.
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	homeCursor = "\x1b[H"
	eraseLine  = "\x1b[K" // from the cursor to the end of the line
	eraseBelow = "\x1b[J" // from the cursor to the end of the screen
)

// Size is a terminal's size in columns and lines; zero where it is unknown.
type Size struct{ Width, Height int }

// Screen shows frame after frame of a page that is watched. On a terminal each
// frame overwrites the one before it, in one write and without clearing first,
// so that nothing flickers. Elsewhere frames follow each other.
type Screen struct {
	w     io.Writer
	size  func() Size // nil when w is not a terminal
	drawn bool
}

// NewScreen is a screen on w. Size is asked before each frame, so that a
// resized window is followed; it is nil when w is not a terminal.
func NewScreen(w io.Writer, size func() Size) *Screen { return &Screen{w: w, size: size} }

// Draw shows the next frame.
func (s *Screen) Draw(lines []string) error {
	frame := s.append(lines)
	if s.size != nil {
		frame = s.redraw(lines)
	}
	s.drawn = true
	_, err := io.WriteString(s.w, frame)
	return err
}

// Close leaves the last frame standing and gives the cursor back. It may be
// called more than once.
func (s *Screen) Close() error {
	if s.size == nil || !s.drawn {
		return nil
	}
	s.drawn = false
	_, err := io.WriteString(s.w, "\r\n"+showCursor)
	return err
}

// append is a frame for a pipe or a file.
func (s *Screen) append(lines []string) string {
	var b strings.Builder
	if s.drawn {
		b.WriteString("---\n")
	}
	for _, l := range lines {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return b.String()
}

// redraw is a frame for a terminal.
func (s *Screen) redraw(lines []string) string {
	size := s.size()
	lines = clip(lines, size.Height)
	var b strings.Builder
	b.WriteString(hideCursor)
	if !s.drawn {
		// What stood on the screen scrolls away instead of being overwritten.
		b.WriteString(strings.Repeat("\n", size.Height))
	}
	b.WriteString(homeCursor)
	full := false
	for i, l := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		l, full = cutStyled(l, size.Width)
		b.WriteString(l)
		if !full {
			// In the last column the cursor still stands on the last character,
			// which would be erased.
			b.WriteString(eraseLine)
		}
	}
	switch {
	case !full:
		b.WriteString(eraseBelow)
	case len(lines) < size.Height:
		b.WriteString("\r\n" + eraseBelow)
	}
	return b.String()
}

// clip keeps what fits a terminal of that height. The last line says how much
// is hidden.
func clip(lines []string, height int) []string {
	if height <= 0 || len(lines) <= height {
		return lines
	}
	keep := height - 1
	out := append([]string(nil), lines[:keep]...)
	return append(out, fmt.Sprintf("... %d more lines; a taller terminal shows them", len(lines)-keep))
}

// cutStyled cuts a drawn line at the terminal's edge, and says whether the line
// reaches to the edge. A width of zero is unknown.
func cutStyled(line string, width int) (cut string, full bool) {
	if width <= 0 {
		return line, false
	}
	if ansi.StringWidth(line) > width {
		line = ansi.Truncate(line, width, "")
	}
	return line, ansi.StringWidth(line) >= width
}
