package kea

import (
	"regexp"
	"strings"
)

var (
	// jsonMember matches a member of JSON with a value that is no object and no list, also of JSON inside a string, whose
	// quotes are escaped, and one that the end of the line cuts off.
	jsonMember = regexp.MustCompile(`(\\*"([\w-]+)\\*"\s*:\s*)(\\*"(?:[^"\\]|\\.)*(?:"|\\?$)|[^\s,}\]\["\\]+)`)
	// httpLogin matches the header of an HTTP request that carries a password.
	httpLogin = regexp.MustCompile(`(?i)(authorization\s*:\s*\w+\s+)[^\s\\,"]+`)
)

// leastKnown is how long a known password must be to be looked for everywhere: a shorter one may well be a word, such as
// the user's name, and taking it out of each line would tell it.
const leastKnown = 6

// redactLog removes passwords from a line of a log.
func redactLog(text string, known []Secret) string {
	for _, secret := range known {
		if word := secret.Reveal(); len(word) >= leastKnown {
			text = strings.ReplaceAll(text, word, redacted)
		}
	}
	if strings.Contains(text, `"`) {
		text = jsonMember.ReplaceAllStringFunc(text, func(member string) string {
			parts := jsonMember.FindStringSubmatch(member)
			if !isSecret(parts[2]) || parts[3] == "true" || parts[3] == "false" || parts[3] == "null" {
				return member
			}
			return parts[1] + `"` + redacted + `"`
		})
	}
	if strings.Contains(text, ":") {
		text = httpLogin.ReplaceAllString(text, "${1}"+redacted)
	}
	return redactText(text)
}

// Secrets returns everything secret that a configuration (Config.Raw) holds, for what must not show it.
func Secrets(raw map[string]any) []Secret {
	var found []Secret
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case Secret:
			if !v.IsZero() {
				found = append(found, v)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(raw)
	return found
}
