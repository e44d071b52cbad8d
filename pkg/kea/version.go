package kea

import (
	"context"
	"fmt"
	"strings"
)

// Version is a daemon's version.
type Version struct {
	Number              string // "2.6.3"
	Major, Minor, Patch int    // of Number
	Extended            string // Kea's own description, several lines
	// PostgreSQLSchema is the schema version that this binary expects in PostgreSQL; nil when its description names none
	// (from 3.0: the PostgreSQL hook is not loaded).
	PostgreSQLSchema *SchemaVersion
}

// SchemaVersion is a version of Kea's database schema.
type SchemaVersion struct{ Major, Minor int }

// AtLeast reports whether v is major.minor or later.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Version asks for version-get.
func (c *Client) Version(ctx context.Context, s Service) (Version, error) {
	var w versionWire
	if err := c.Do(ctx, s, "version-get", nil, &w); err != nil {
		return Version{}, err
	}
	return parseVersion(w.Extended), nil
}

// versionWire is the arguments of an answer to version-get.
type versionWire struct {
	Extended string `json:"extended"`
}

// parseVersion reads Kea's description of itself: the number is its first word, and a backend's line names the schema
// it was built for, as "PostgreSQL backend 22.2, library 170011".
func parseVersion(extended string) Version {
	v := Version{Extended: extended}
	if words := strings.Fields(extended); len(words) > 0 {
		v.Number = words[0]
		// A suffix, as in "2.7.8-git", ends the scan of the last number.
		_, _ = fmt.Sscanf(v.Number, "%d.%d.%d", &v.Major, &v.Minor, &v.Patch)
	}
	if _, rest, found := strings.Cut(extended, "PostgreSQL backend "); found {
		var schema SchemaVersion
		if n, _ := fmt.Sscanf(rest, "%d.%d", &schema.Major, &schema.Minor); n == 2 {
			v.PostgreSQLSchema = &schema
		}
	}
	return v
}
