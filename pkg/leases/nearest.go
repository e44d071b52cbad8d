package leases

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kubectl-kea/kubectl-kea/pkg/spelling"
)

// enough is how many names are offered when one was mistyped.
const enough = 8

// nearest are the names that are most like what was asked for, best first; all of them when they are few.
func nearest(asked string, names []string) []string {
	ordered := slices.Clone(names)
	slices.SortStableFunc(ordered, func(a, b string) int { return spelling.Distance(asked, a) - spelling.Distance(asked, b) })
	return ordered[:min(enough, len(ordered))]
}

func quote(s string) string { return strconv.Quote(s) }
func itoa(n int) string     { return strconv.Itoa(n) }
func utoa(n uint32) string  { return strconv.FormatUint(uint64(n), 10) }

func atou(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// vlanLabel names a VLAN for people, or what stands alone.
func vlanLabel(id int, name, alone string) string {
	switch {
	case id != 0 && name != "":
		return fmt.Sprintf("VLAN %d (%s)", id, name)
	case id != 0:
		return fmt.Sprintf("VLAN %d", id)
	}
	return alone
}
