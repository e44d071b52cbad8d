package printer

import "charm.land/lipgloss/v2"

// leastCell is the width that even a column which should not give way shrinks
// to when the canvas is very narrow: a letter and the ellipsis.
const leastCell = 2

// fit shrinks columns until they fit into room. The columns with the highest
// Give shrink first, the widest of them first, down to their least width; then
// those with the next lower one. When that is not enough, every column shrinks
// below its least width, so that a row never reaches past the edge unless the
// canvas has no room for its columns at all.
func fit(columns []Column, widths []int, room int, bounded bool) []int {
	if !bounded {
		return widths
	}
	excess := -room
	for _, w := range widths {
		excess += w
	}
	for give := highest(columns); give >= 0 && excess > 0; give-- {
		excess = shrink(widths, excess, func(i int) (int, bool) {
			return least(columns[i]), columns[i].Give == give
		})
	}
	shrink(widths, excess, func(int) (int, bool) { return leastCell, true })
	return widths
}

func highest(columns []Column) int {
	most := 0
	for _, c := range columns {
		most = max(most, c.Give)
	}
	return most
}

// least is the width below which a column does not shrink at first.
func least(c Column) int {
	if c.Min > 0 {
		return c.Min
	}
	return max(lipgloss.Width(c.Header), leastCell)
}

// shrink takes columns away from the widest of the chosen until the excess is
// gone or all are at their floor, and returns what is left of the excess.
func shrink(widths []int, excess int, floor func(i int) (least int, chosen bool)) int {
	for excess > 0 {
		widest := -1
		for i, w := range widths {
			if low, chosen := floor(i); !chosen || w <= low {
				continue
			}
			if widest < 0 || w > widths[widest] {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
		excess--
	}
	return excess
}
