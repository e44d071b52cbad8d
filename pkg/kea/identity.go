package kea

import (
	"fmt"
	"slices"
	"strconv"
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
	for i, e := range a {
		pairs = append(pairs, pair{id: idsOf(key, e, i)[0], a: e})
	}
	at := make(map[string][]int) // identity: the elements of b that have it
	for j, e := range b {
		for _, id := range idsOf(key, e, j) {
			at[id] = append(at[id], j)
		}
	}
	taken := make([]bool, len(b))
	for rank := range 2 {
		for i := range pairs {
			ids := idsOf(key, pairs[i].a, i)
			if pairs[i].b != nil || rank >= len(ids) {
				continue
			}
			for _, j := range at[ids[rank]] {
				if !taken[j] {
					pairs[i].b, taken[j] = b[j], true
					break
				}
			}
		}
	}
	for j, e := range b {
		if !taken[j] {
			pairs = append(pairs, pair{id: idsOf(key, e, j)[0], b: e})
		}
	}
	return pairs
}

// idsOf returns the identities of an element, at least one: its position if it has no other.
func idsOf(key string, e any, position int) []string {
	m, _ := e.(map[string]any)
	if ids := identities(key, m); len(ids) > 0 {
		return ids
	}
	return []string{strconv.Itoa(position)}
}
