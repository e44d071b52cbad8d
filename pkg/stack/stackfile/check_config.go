package stackfile

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// daemonMembers is what install writes into a daemon's configuration, and which the file's own part must not touch.
func daemonMembers(f family) []string {
	all := []string{
		"lease-database", "hosts-database", "hosts-databases", "hooks-libraries", "control-socket", "control-sockets",
		"interfaces-config", "subnet4", "subnet6", "shared-networks", "option-data",
	}
	if f == ipv6 {
		all = append(all, "server-id")
	}
	return all
}

// subnetMembers is the same of a subnet's configuration. The VLAN's number and name are how others find it there.
func subnetMembers() []string {
	return []string{"id", "subnet", "pools", "pd-pools", "reservations", "option-data", "user-context.vlan", "user-context.name"}
}

// ownConfig checks what is merged into Kea's configuration.
func (c *checker) ownConfig(at string, config map[string]any, installs []string) {
	for key, value := range config {
		path := member(at, key)
		if slices.Contains(installs, key) {
			c.add(path, "is what install writes itself: take it out, and use the file's own fields")
		}
		inner, _ := value.(map[string]any)
		for k := range inner {
			if slices.Contains(installs, key+"."+k) {
				c.add(member(path, k), "is what install writes itself: take it out, and use the file's own fields")
			}
		}
		if value == nil && c.given(path) && slices.ContainsFunc(installs, func(m string) bool { return strings.HasPrefix(m, key+".") }) {
			c.add(path, "is null, which would delete what install writes there: take it out")
		}
	}
	c.noSecrets(at, config)
}

// noSecrets refuses passwords wherever they are: Kea's configuration is readable for everybody who may read ConfigMaps.
func (c *checker) noSecrets(at string, part map[string]any) {
	c.noSecretKeys(at, part)
	// Kea's own reader knows further forms, such as a URL with a password in it.
	text, err := json.Marshal(map[string]any{"Dhcp4": part})
	if err != nil {
		return
	}
	read, err := kea.ParseConfig(text)
	if err != nil {
		return
	}
	for _, place := range kea.Passwords(read.Raw) {
		c.add(at+"."+place, isSecret)
	}
}

const isSecret = "is a secret, and Kea's configuration is no place for one: take it out"

func (c *checker) noSecretKeys(at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			path := member(at, key)
			if secret(key) {
				c.add(path, isSecret)
				continue
			}
			c.noSecretKeys(path, inner)
		}
	case []any:
		for i, inner := range v {
			c.noSecretKeys(element(at, i), inner)
		}
	}
}

func secret(key string) bool {
	key = strings.ToLower(key)
	return key == "password" || key == "secret" || strings.HasSuffix(key, "-password") || strings.HasSuffix(key, "-secret")
}
