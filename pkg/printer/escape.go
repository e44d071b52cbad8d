package printer

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks in a row are shown as they are. No
// language needs more on one letter; piles of them deface the lines around.
const maxMarks = 3

// Escape makes text safe for a terminal. Control characters, line breaks,
// marks that turn the writing direction, invisible characters and bytes that
// are not UTF-8 become visible escapes such as \n, \x1b or \u202e.
func Escape(s string) string {
	if clean(s) {
		return s
	}
	var b strings.Builder
	marks := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if unicode.In(r, unicode.Mn, unicode.Me) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x`)
			b.WriteString(strconv.FormatUint(uint64(s[0]), 16))
		case visible(r) && marks <= maxMarks:
			b.WriteString(s[:size])
		default:
			b.WriteString(escapeRune(r))
		}
		s = s[size:]
	}
	return b.String()
}

// clean reports whether s is printable ASCII, which is nearly everything.
func clean(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible reports whether a rune may reach the terminal as it is. Blanks that
// pass for letters and selectors that change a glyph's width may not.
func visible(r rune) bool {
	return strconv.IsPrint(r) && r != '\u2800' &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func escapeRune(r rune) string {
	q := strconv.QuoteRuneToASCII(r)
	return q[1 : len(q)-1]
}
