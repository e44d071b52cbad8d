package printer

import "charm.land/lipgloss/v2"

// Theme gives tones their looks. The zero Theme renders plain text; whether
// colour is wanted is decided once, in main.
type Theme struct {
	dim, bold, heading, accent, good, warn, bad lipgloss.Style
}

// NewTheme is the theme in colour. It keeps to the terminal's own sixteen
// colours, so that it reads on light and dark backgrounds alike.
func NewTheme() Theme {
	ink := func(c string) lipgloss.Style { return lipgloss.NewStyle().Foreground(lipgloss.Color(c)) }
	return Theme{
		dim:     lipgloss.NewStyle().Faint(true),
		bold:    lipgloss.NewStyle().Bold(true),
		heading: lipgloss.NewStyle().Bold(true),
		accent:  ink("6"),
		good:    ink("2"),
		warn:    ink("3"),
		bad:     ink("1").Bold(true),
	}
}

// paint renders text in a tone. The text is one line and already escaped.
func (t Theme) paint(tone Tone, text string) string {
	switch tone {
	case Dim:
		return t.dim.Render(text)
	case Bold:
		return t.bold.Render(text)
	case Heading:
		return t.heading.Render(text)
	case Accent:
		return t.accent.Render(text)
	case Good:
		return t.good.Render(text)
	case Warn:
		return t.warn.Render(text)
	case Bad:
		return t.bad.Render(text)
	case Plain:
	}
	return text
}
