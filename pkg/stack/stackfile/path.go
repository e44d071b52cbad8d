package stackfile

import (
	"strconv"
	"strings"
)

// A path leads to a place in the file, as people write it: spec.vlans[1].subnets4[0], spec.kea.nodeSelector["a.b/c"].

func member(path, key string) string {
	if !plain(key) {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// plain reports whether a key can stand in a path without quotes.
func plain(key string) bool {
	return key != "" && strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// parent is the place that holds the place; "" is the file's.
func parent(path string) string {
	if strings.HasSuffix(path, `"]`) {
		// A quoted key: it begins after the last bracket that a quotation mark follows and none precedes.
		if i := strings.LastIndex(path[:len(path)-2], `["`); i >= 0 {
			return path[:i]
		}
	}
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}
