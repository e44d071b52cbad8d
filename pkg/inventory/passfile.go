package inventory

import (
	"strconv"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// PassFile is a pgpass file: lines of host:port:database:user:password.
type PassFile struct {
	Source string     // where it was read
	lines  []passLine // nil when it could not be read
}

type passLine struct {
	match    []string // host, port, database, user
	password kea.Secret
}

// parsePassFile reads a pgpass file; a backslash escapes a colon or a backslash, and # starts a comment line.
func parsePassFile(source, text string) PassFile {
	p := PassFile{Source: source, lines: []passLine{}}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields, field := []string{}, strings.Builder{}
		for i := 0; i < len(line); i++ {
			switch {
			case line[i] == '\\' && i+1 < len(line):
				i++
				field.WriteByte(line[i])
			case line[i] == ':' && len(fields) < 4:
				fields = append(fields, field.String())
				field.Reset()
			default:
				field.WriteByte(line[i])
			}
		}
		if fields = append(fields, field.String()); len(fields) == 5 {
			p.lines = append(p.lines, passLine{fields[:4], kea.NewSecret(fields[4])})
		}
	}
	return p
}

// Password is what libpq would take for a connection: the first line whose fields match byte for byte, or are *.
func (p PassFile) Password(db kea.Database) (kea.Secret, bool) {
	port := db.Port
	if port == 0 {
		port = 5432
	}
	want := []string{db.Host, strconv.Itoa(port), db.Name, db.User}
lines:
	for _, line := range p.lines {
		for i, value := range want {
			if line.match[i] != "*" && line.match[i] != value {
				continue lines
			}
		}
		return line.password, true
	}
	return kea.Secret{}, false
}

// Exists reports whether there is a file at all.
func (p PassFile) Exists() bool { return p.Source != "" }
