package kea

import (
	"path"
	"slices"
	"strings"
)

// Normalize returns a copy of a configuration (Config.Raw) without what is a server's own, see Diff, and with one
// spelling for what Kea lets one write in several ways.
func Normalize(raw map[string]any) map[string]any {
	n, _ := clone(raw).(map[string]any)
	drop(n, "server-tag", "server-id")
	listed(n, "control-socket", "control-sockets")
	listed(n, "hosts-database", "hosts-databases")
	drop(member(n, "interfaces-config"), "interfaces")
	if options, ok := n["option-data"].([]any); ok {
		n["option-data"] = slices.DeleteFunc(options, isServerIdentifier)
	}
	drop(member(n, "dhcp-ddns"), "sender-ip", "sender-port")
	for _, s := range elements(n, "control-sockets") {
		drop(s, "socket-name", "socket-address", "socket-port")
	}
	for _, l := range elements(n, "loggers") {
		drop(l, "output_options", "output-options")
	}
	for _, h := range elements(n, "hooks-libraries") {
		normalizeHook(h)
	}
	normalizeReservations(n)
	normalizeSubnets(n)
	for _, network := range elements(n, "shared-networks") {
		normalizeRelay(network)
		normalizeSubnets(network)
	}
	return n
}

// isServerIdentifier: option 54 is the address by which clients know a server; each has its own.
func isServerIdentifier(option any) bool {
	o, _ := option.(map[string]any)
	code, _ := o["code"].(int64)
	return o["name"] == "dhcp-server-identifier" || (o["name"] == nil && code == 54)
}

func normalizeHook(hook map[string]any) {
	if library, ok := hook["library"].(string); ok {
		hook["library"] = path.Base(library)
	}
	for _, r := range elements(member(hook, "parameters"), "high-availability") {
		drop(r, "this-server-name")
		for _, p := range elements(r, "peers") {
			drop(p, "url")
		}
	}
}

func normalizeSubnets(owner map[string]any) {
	for _, key := range []string{"subnet4", "subnet6"} {
		for _, s := range elements(owner, key) {
			normalizeRelay(s)
			for _, p := range elements(s, "pools") {
				text, _ := p["pool"].(string)
				if pool, ok := ParsePool(text); ok {
					p["pool"] = pool.String()
				}
			}
			normalizeReservations(s)
		}
	}
}

func normalizeReservations(owner map[string]any) {
	for _, r := range elements(owner, "reservations") {
		for _, id := range reservationIDs() {
			if text, ok := r[id].(string); ok {
				r[id] = strings.ToLower(text)
			}
		}
	}
}

func normalizeRelay(owner map[string]any) {
	relay := member(owner, "relay")
	if relay == nil {
		return
	}
	list, _ := relay["ip-addresses"].([]any)
	if one, ok := relay["ip-address"].(string); ok {
		list = append(list, one)
		delete(relay, "ip-address")
	}
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(show(a), show(b)) })
	relay["ip-addresses"] = list
}

// listed turns the old key with one object into the newer key with a list.
func listed(m map[string]any, one, many string) {
	if object, ok := m[one].(map[string]any); ok {
		m[many] = append([]any{object}, anyList(m[many])...)
		delete(m, one)
	}
}

func anyList(v any) []any {
	list, _ := v.([]any)
	return list
}

func drop(m map[string]any, keys ...string) {
	for _, k := range keys {
		delete(m, k)
	}
}

func member(m map[string]any, key string) map[string]any {
	object, _ := m[key].(map[string]any)
	return object
}

func elements(m map[string]any, key string) []map[string]any {
	var out []map[string]any
	for _, e := range anyList(m[key]) {
		if object, ok := e.(map[string]any); ok {
			out = append(out, object)
		}
	}
	return out
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	}
	return v
}
