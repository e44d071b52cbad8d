package printer

import "charm.land/lipgloss/v2"

// Theme gives tones their looks. The zero Theme renders plain text; whether
// colour is wanted is decided once, for each stream.
type Theme struct{ looks map[Tone]lipgloss.Style }

// NewTheme is the theme in colour. It keeps to the terminal's own sixteen
// colours, so that it reads on light and dark backgrounds alike.
func NewTheme() Theme {
	plain := lipgloss.NewStyle()
	return Theme{map[Tone]lipgloss.Style{
		Dim:     plain.Faint(true),
		Bold:    plain.Bold(true),
		Heading: plain.Bold(true),
		Accent:  plain.Foreground(lipgloss.Cyan),
		Good:    plain.Foreground(lipgloss.Green),
		Warn:    plain.Foreground(lipgloss.Yellow),
		Bad:     plain.Foreground(lipgloss.Red).Bold(true),
	}}
}

// paint renders text in a tone. The text is one line and already escaped. The
// look of a tone that has none changes nothing.
func (t Theme) paint(tone Tone, text string) string {
	look, ok := t.looks[tone]
	if !ok {
		return text
	}
	return look.Render(text)
}
