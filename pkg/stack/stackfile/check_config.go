package stackfile

import (
	"slices"
	"strings"
)

// daemonMembers is what install writes into a daemon's configuration, and which the file's own part must not touch.
func daemonMembers(f family) []string {
	all := []string{
		"lease-database", "hosts-database", "hosts-databases", "hooks-libraries", "control-socket", "control-sockets",
		"interfaces-config", "subnet4", "subnet6", "shared-networks",
	}
	if f == ipv6 {
		all = append(all, "server-id")
	}
	return all
}

// subnetMembers is the same of a subnet's configuration.
func subnetMembers() []string { return []string{"id", "subnet", "pools", "pd-pools", "reservations"} }

// ownConfig checks what is merged into Kea's configuration.
func (c *checker) ownConfig(at string, config map[string]any, installs []string) {
	for key := range config {
		if slices.Contains(installs, key) {
			c.add(member(at, key), "is what install writes itself: take it out, and use the file's own fields")
		}
	}
	c.noSecrets(at, config)
}

// noSecrets refuses passwords wherever they are: Kea's configuration is readable for everybody who may read ConfigMaps.
func (c *checker) noSecrets(at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			path := member(at, key)
			if secret(key) {
				c.add(path, "is a secret, and Kea's configuration is no place for one: take it out")
				continue
			}
			c.noSecrets(path, inner)
		}
	case []any:
		for i, inner := range v {
			c.noSecrets(element(at, i), inner)
		}
	}
}

func secret(key string) bool {
	key = strings.ToLower(key)
	return key == "password" || key == "secret" || strings.HasSuffix(key, "-password") || strings.HasSuffix(key, "-secret")
}
