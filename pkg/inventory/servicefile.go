package inventory

import (
	"fmt"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// ServiceFile is one section of a libpq service file: lines of KEY=VALUE.
type ServiceFile struct {
	Source string // where it was read
	// settings are secrets all, since one of them is the password; nil when it could not be read.
	settings map[string]kea.Secret
}

// parseServiceFile reads a section as libpq does, which is stricter than it looks: no spaces around =, no comment behind a
// value, the first of two equal keys or sections counts, and what other sections hold does not matter. The error says
// why libpq makes no connection at all; it never quotes the file.
func parseServiceFile(source, section, text string) (ServiceFile, error) {
	f := ServiceFile{Source: source, settings: map[string]kea.Secret{}}
	inside, number := false, 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "["):
			if inside {
				return f, nil
			}
			inside = strings.HasPrefix(line, "["+section+"]")
			continue
		case !inside:
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || key == "" || strings.ContainsAny(key, " \t") || key == "service" {
			return ServiceFile{Source: source}, fmt.Errorf("libpq refuses line %d, it takes KEY=VALUE with no space before the =", number)
		}
		if _, again := f.settings[key]; !again {
			f.settings[key] = kea.NewSecret(value)
		}
	}
	if !inside {
		return ServiceFile{Source: source}, fmt.Errorf("it has no section [%s], which PGSERVICE names", section)
	}
	return f, nil
}

// Exists reports whether there is a file at all.
func (f ServiceFile) Exists() bool { return f.Source != "" }

func (f ServiceFile) value(key string) string { return f.settings[key].Reveal() }
