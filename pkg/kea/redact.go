package kea

import (
	"encoding/json"
	"regexp"
	"strings"
)

var (
	// urlPassword matches the user and password of a URL; the password may hold an @ itself.
	urlPassword = regexp.MustCompile(`(://[^/\s:@]*):[^/\s]*@`)
	// quotedPassword and barePassword match a password in a list of words like libpq's connection string. Kea writes
	// such lists too, and does not escape a quote inside the quotes: what counts is the last quote of all.
	quotedPassword = regexp.MustCompile(`(?is)(\bpassword\s*=\s*)'.*'`)
	barePassword   = regexp.MustCompile(`(?i)(\bpassword\s*=\s*)[^\s']\S*`)
	// accessString matches what Kea says of a password with a quote and a space in it: it quotes the part behind.
	accessString = regexp.MustCompile(`(?s)(Cannot parse ).*(, expected format is name=value)`)
)

// redactObject returns a deep copy of a parsed configuration in which everything that is a password is a Secret.
func redactObject(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if isSecret(k) {
			out[k] = hide(v)
		} else {
			out[k] = redact(v)
		}
	}
	return out
}

func redact(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return redactObject(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = redact(e)
		}
		return out
	case string:
		return redactText(v)
	}
	return v
}

// redactText removes passwords from a text of Kea's: those of URLs and of connection strings.
func redactText(s string) string {
	if strings.Contains(s, "@") {
		s = urlPassword.ReplaceAllString(s, "$1:"+redacted+"@")
	}
	if strings.Contains(s, "=") {
		s = barePassword.ReplaceAllString(s, "${1}"+redacted)
		s = quotedPassword.ReplaceAllString(s, "${1}"+redacted)
		s = accessString.ReplaceAllString(s, "${1}"+redacted+"${2}")
	}
	return s
}

// isSecret reports whether the value of this key is a secret. A key that names a file is not: its value is a path.
func isSecret(key string) bool {
	key = strings.ReplaceAll(strings.ToLower(key), "_", "-")
	if strings.HasSuffix(key, "-file") {
		return false
	}
	for _, part := range []string{"password", "passwd", "passphrase", "secret", "api-key", "apikey", "private-key"} {
		if strings.Contains(key, part) {
			return true
		}
	}
	switch key {
	case "basic-auth", "auth-key", "token", "psk", "pass":
		return true
	}
	return false
}

// hide returns what stands for the value of a secret key. An absent secret and an include hide nothing.
func hide(v any) any {
	switch v := v.(type) {
	case nil, bool, Secret:
		return v
	case string:
		if _, ok := included(v); ok || v == "" {
			return v
		}
		return NewSecret(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return NewSecret(redacted)
	}
	return NewSecret(string(text))
}
