package kea

import (
	"fmt"
	"slices"
	"strings"
)

// reservationIDs returns the keys by which a reservation names its client.
func reservationIDs() []string {
	return []string{"hw-address", "duid", "client-id", "circuit-id", "flex-id"}
}

// identities returns what tells an element of the list called key from its neighbours, best first; none when only its
// position does. They are used in paths as well: "subnet4[id=10]".
func identities(key string, e map[string]any) []string {
	switch key {
	case "subnet4", "subnet6":
		return present(e, "id=", "id", "", "subnet")
	case "pools":
		return present(e, "", "pool")
	case "pd-pools":
		return []string{fmt.Sprintf("%v/%v", e["prefix"], e["prefix-len"])}
	case "option-data", "option-def":
		ids := present(e, "", "name", "code=", "code")
		if space, _ := e["space"].(string); space != "" && space != "dhcp4" && space != "dhcp6" {
			for i := range ids {
				ids[i] = space + "/" + ids[i]
			}
		}
		return ids
	case "reservations":
		var ids []string
		for _, k := range reservationIDs() {
			ids = append(ids, present(e, k+"=", k)...)
		}
		return ids
	case "hooks-libraries":
		return present(e, "", "library")
	case "clients":
		return present(e, "", "user", "", "user-file")
	case "control-sockets":
		return present(e, "", "socket-type")
	case "states":
		return present(e, "", "state")
	case "hosts-databases", "config-databases":
		return []string{fmt.Sprintf("%v", e["type"])}
	case "high-availability":
		var names []string
		for _, p := range elements(e, "peers") {
			names = append(names, fmt.Sprint(p["name"]))
		}
		slices.Sort(names)
		return []string{strings.Join(names, ",")}
	}
	return present(e, "", "name")
}

// present takes pairs of a prefix and a key, and returns prefix and value of those keys that e has.
func present(e map[string]any, pairs ...string) []string {
	var out []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if v, ok := e[pairs[i+1]]; ok {
			out = append(out, fmt.Sprint(pairs[i], v))
		}
	}
	return out
}

// pair is an element of one list and its counterpart in the other, nil where there is none.
type pair struct {
	id   string
	a, b any
}

// match pairs the elements of two lists of objects: by their identities, best first, and what has none by position.
func match(key string, a, b []any) []pair {
	pairs := make([]pair, 0, len(a))
	taken := make([]bool, len(b))
	for i, e := range a {
		pairs = append(pairs, pair{id: label(key, e, i), a: e})
	}
	for rank := range 2 {
		at := make(map[string][]int)
		for j, e := range b {
			if id := identity(key, e, j, rank); id != "" && !taken[j] {
				at[id] = append(at[id], j)
			}
		}
		for i := range pairs {
			id := identity(key, pairs[i].a, i, rank)
			if js := at[id]; pairs[i].b == nil && id != "" && len(js) > 0 {
				pairs[i].b, taken[js[0]], at[id] = b[js[0]], true, js[1:]
			}
		}
	}
	for j, e := range b {
		if !taken[j] {
			pairs = append(pairs, pair{id: label(key, e, j), b: e})
		}
	}
	return pairs
}

// identity returns the identity of that rank, and as the first one of an element that has none its position.
func identity(key string, e any, position, rank int) string {
	m, _ := e.(map[string]any)
	ids := identities(key, m)
	switch {
	case rank < len(ids):
		return ids[rank]
	case rank == 0:
		return fmt.Sprint(position)
	}
	return ""
}

func label(key string, e any, position int) string { return identity(key, e, position, 0) }
