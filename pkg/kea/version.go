package kea

import "context"

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
	return Version{}, errTODO
}
