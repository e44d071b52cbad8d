package printer

import (
	"runtime"
	"strings"
)

// Canvas is what a page is drawn on. The zero Canvas is endless, plain, and
// shows every glyph.
type Canvas struct {
	Theme     Theme
	Width     int  // columns; 0 means no edge: not a terminal
	ASCII     bool // the locale shows no more than ASCII
	Wide      bool // columns marked Wide are shown and nothing is cut off
	NoHeaders bool
}

// edge is the width that tables and text are fitted to; 0 is none.
func (c Canvas) edge() int {
	if c.Wide {
		return 0
	}
	return c.Width
}

// glyphs replaces the glyphs of this package's own drawings, one column by one
// column, where the locale cannot show them.
func (c Canvas) glyphs(s string) string {
	if !c.ASCII {
		return s
	}
	return strings.Map(asciiGlyph, s)
}

func asciiGlyph(r rune) rune {
	switch r {
	case '█':
		return '#'
	case '▏', '▎', '▍', '▌', '▋', '▊', '▉':
		return ':'
	case '░', '·', '•':
		return '.'
	case '…':
		return '~'
	case '✓':
		return '+'
	case '✗', '×':
		return 'x'
	case '●', '○':
		return 'o'
	case '▲':
		return '!'
	case '→':
		return '>'
	case '←':
		return '<'
	case '─', '–', '—':
		return '-'
	case '│', '├':
		return '|'
	case '└':
		return '`'
	}
	return r
}

// ASCIIOnly reports whether the locale of an environment shows no more than
// ASCII: neither LC_ALL, LC_CTYPE nor LANG, first that is set, names UTF-8.
func ASCIIOnly(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToUpper(getenv(name)); v != "" {
			return !strings.Contains(v, "UTF-8") && !strings.Contains(v, "UTF8")
		}
	}
	// These two show Unicode without a word about it in the environment.
	return runtime.GOOS != "windows" && runtime.GOOS != "darwin"
}
