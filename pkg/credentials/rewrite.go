package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// rewrite replaces a role's password in the data of its Secret, in every key that carries it as a whole, each in its own
// format: the bare password, a libpq service file, a pass file, a connection URI, a JDBC URL, a JSON string. It returns the
// keys that change. A key that holds the password in no form that is known is an error, which names the key only.
func rewrite(data map[string][]byte, role, from, to string) (map[string][]byte, error) {
	changed := map[string][]byte{}
	for _, key := range slices.Sorted(maps.Keys(data)) {
		text := string(data[key])
		written := rewriteText(text, role, from, to)
		if written != text {
			changed[key] = []byte(written)
		}
		// What still holds it is of another role with the same password, or of a format that is not known.
		if len(from) >= minPassword && strings.Contains(written, from) && !strings.Contains(to, from) {
			return nil, fmt.Errorf("key %s holds the password in a form that is not known", key)
		}
	}
	if len(changed) == 0 {
		return nil, errors.New("no key of it holds the password")
	}
	return changed, nil
}

// rewriteText is one key's.
func rewriteText(text, role, from, to string) string {
	if text == from {
		return to
	}
	if quoted, err := json.Marshal(from); err == nil && strings.TrimSpace(text) == string(quoted) {
		if written, err := json.Marshal(to); err == nil {
			return strings.Replace(text, string(quoted), string(written), 1)
		}
	}
	lines := strings.SplitAfter(text, "\n")
	section := "" // the role of the section of a service file that a line is in
	for i, line := range lines {
		bare := strings.TrimRight(line, "\r\n")
		end := line[len(bare):]
		if strings.HasPrefix(bare, "[") {
			section = sectionUser(lines[i+1:])
		}
		lines[i] = rewriteLine(bare, section, role, from, to) + end
	}
	return strings.Join(lines, "")
}

// sectionUser is the user of a service file's section; "" when it names none.
func sectionUser(lines []string) string {
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			return ""
		}
		if user, ok := strings.CutPrefix(line, "user="); ok {
			return user
		}
	}
	return ""
}

// rewriteLine tries the formats of a line.
func rewriteLine(line, section, role, from, to string) string {
	if line == from {
		return to
	}
	if value, ok := strings.CutPrefix(line, "password="); ok && value == from && (section == "" || section == role) {
		return "password=" + to
	}
	if written, ok := rewritePassLine(line, role, from, to); ok {
		return written
	}
	if written, ok := rewriteURI(line, role, from, to); ok {
		return written
	}
	return line
}

// rewritePassLine is a line of a pass file: host:port:database:user:password, with \ before : and \.
func rewritePassLine(line, role, from, to string) (string, bool) {
	fields, start, rest := 0, 0, -1
	var user string
	for i := 0; i < len(line) && rest < 0; i++ {
		switch line[i] {
		case '\\':
			i++
		case ':':
			if fields++; fields == 4 {
				user, rest = line[start:i], i+1
			}
			start = i + 1
		}
	}
	if rest < 0 || strings.HasPrefix(line, "#") || unescapePass(line[rest:]) != from {
		return "", false
	}
	if name := unescapePass(user); name != role && name != "*" {
		return "", false
	}
	return line[:rest] + escapePass(to), true
}

func unescapePass(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func escapePass(text string) string {
	return strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(text)
}

// rewriteURI is postgresql://user:password@host/database or jdbc:postgresql://host/database?user=U&password=P.
func rewriteURI(line, role, from, to string) (string, bool) {
	jdbc := strings.HasPrefix(line, "jdbc:")
	u, err := url.Parse(strings.TrimPrefix(line, "jdbc:"))
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return "", false
	}
	hit := false
	if password, ok := u.User.Password(); ok && password == from && u.User.Username() == role {
		u.User, hit = url.UserPassword(role, to), true
	}
	query := u.Query()
	if user := query.Get("user"); query.Get("password") == from && (user == "" || user == role) {
		parts := strings.Split(u.RawQuery, "&")
		for i, part := range parts {
			if strings.HasPrefix(part, "password=") {
				parts[i] = "password=" + url.QueryEscape(to)
			}
		}
		u.RawQuery, hit = strings.Join(parts, "&"), true
	}
	if !hit {
		return "", false
	}
	if jdbc {
		return "jdbc:" + u.String(), true
	}
	return u.String(), true
}
