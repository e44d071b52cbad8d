package leases

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/spelling"
)

// ParsePattern reads a host name to look for: a name; one with * and ? in it; or *part* or ~part for a part of a name.
func ParsePattern(text string) (Pattern, error) {
	trimmed := strings.TrimSpace(text)
	if part, found := strings.CutPrefix(trimmed, "~"); found {
		if part == "" {
			return Pattern{}, errors.New("~ needs a part of a host name behind it, as in ~printer")
		}
		return Pattern{Text: part, Kind: Substring}, nil
	}
	if len(trimmed) > 2 && trimmed[0] == '*' && trimmed[len(trimmed)-1] == '*' && !hasWildcard(trimmed[1:len(trimmed)-1]) {
		return Pattern{Text: trimmed[1 : len(trimmed)-1], Kind: Substring}, nil
	}
	switch {
	case trimmed == "":
		return Pattern{}, errors.New("a host name is empty")
	case hasWildcard(trimmed):
		return Pattern{Text: trimmed, Kind: Glob}, nil
	}
	return Pattern{Text: trimmed}, nil
}

func hasWildcard(text string) bool { return strings.ContainsAny(text, "*?") }

// ParseStates reads states with commas between them. "all" is every state: nil.
func ParseStates(text string) ([]State, error) {
	var states []State
	for part := range strings.SplitSeq(text, ",") {
		state := State(strings.ToLower(strings.TrimSpace(part)))
		switch {
		case state == "all":
			return nil, nil
		case slices.Contains(states, state):
		case slices.Contains(States(), state):
			states = append(states, state)
		default:
			return nil, unknownState(string(state))
		}
	}
	return states, nil
}

func unknownState(word string) error {
	names := []string{}
	for _, s := range States() {
		names = append(names, string(s))
	}
	if near := nearest(word, names)[0]; spelling.Distance(word, near) <= len(near)/2 {
		return fmt.Errorf("%q is no state of a lease; did you mean %s? There are %s", word, near, strings.Join(names, ", "))
	}
	return fmt.Errorf("%q is no state of a lease; there are %s", word, strings.Join(names, ", "))
}

// ParseSort reads an order.
func ParseSort(text string) (Sort, error) {
	all := Sorts()
	if slices.Contains(all, Sort(text)) {
		return Sort(text), nil
	}
	names := []string{}
	for _, s := range all {
		names = append(names, string(s))
	}
	return "", fmt.Errorf("%q is no order of leases; there are %s", text, strings.Join(names, ", "))
}

// Sorts are all orders.
func Sorts() []Sort { return []Sort{ByAddress, ByLastSeen, ByExpiry, ByHostname, ByVLAN} }
