package printer

import "github.com/charmbracelet/x/ansi"

// ellipsis stands for text that was cut off.
const ellipsis = "…"

// cut splits text behind at most width columns. A wide rune that would stand
// across the edge belongs to the rest.
func cut(text string, width int) (head, rest string) {
	if width <= 0 {
		return "", text
	}
	head = ansi.Truncate(text, width, "")
	return head, text[len(head):]
}
