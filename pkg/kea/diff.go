package kea

// Difference is a place where two configurations differ.
type Difference struct {
	Path string `json:"path"` // "subnet4[id=10].valid-lifetime"
	A    string `json:"a"`    // as JSON, shortened; "" where it is absent; secrets are "<redacted>"
	B    string `json:"b"`
}

// Diff compares the configurations of two HA peers, which should be equal in everything that is not a server's own:
// its name, interfaces, socket addresses, DUID, tag and log files do not count. Objects in lists are matched by what
// identifies them (a subnet's id, a pool's range, an option's code), not by position. Both should come from
// config-get, which fills in the defaults.
func Diff(a, b Config) []Difference { return nil }

// DiffFile compares a configuration file with the configuration that a daemon runs: only what the file says counts,
// since config-get adds the defaults.
func DiffFile(file, live Config) []Difference { return nil }

// Normalize returns a copy of a configuration without what is a server's own; see Diff.
func Normalize(raw map[string]any) map[string]any { return nil }
