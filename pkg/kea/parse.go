package kea

import (
	"path"
	"slices"
	"strings"
)

// ParseConfig reads the configuration file of kea-dhcp4 or kea-dhcp6, or the arguments of config-get. It takes JSON
// with Kea's additions: comments (#, //, /* */), commas before a closing bracket, and includes, which it does not
// follow. A syntax error is a *ParseError; a text that holds no Dhcp4 or Dhcp6 object, or both, gives ErrOtherConfig.
func ParseConfig(data []byte) (Config, error) {
	top, includes, err := parseTop(data)
	if err != nil {
		return Config{}, err
	}
	var c Config
	var section map[string]any
	for _, s := range []Service{DHCP4, DHCP6} {
		m, ok := top[s.section()].(map[string]any)
		if !ok {
			continue
		}
		if section != nil {
			return Config{}, ErrOtherConfig
		}
		c.Service, section = s, m
	}
	if section == nil {
		return Config{}, ErrOtherConfig
	}
	c.Hash, _ = top["hash"].(string)
	c.Includes = relative(includes, c.Service.section())
	c.read(section)
	return c, nil
}

// parseTop reads the outermost object.
func parseTop(data []byte) (map[string]any, []Include, error) {
	value, includes, err := parseDialect(data)
	if err != nil {
		return nil, nil, err
	}
	top, ok := value.(map[string]any)
	if !ok {
		return nil, nil, ErrOtherConfig
	}
	return top, includes, nil
}

// relative makes the places of includes start inside the section.
func relative(includes []Include, section string) []Include {
	for i := range includes {
		includes[i].At = strings.TrimPrefix(strings.TrimPrefix(includes[i].At, section), ".")
	}
	return includes
}

// read fills c from the Dhcp4 or Dhcp6 object.
func (c *Config) read(section map[string]any) {
	t := tree{members: section, skipped: &c.Skipped}
	c.LeaseDatabase = t.object("lease-database").database()
	if c.LeaseDatabase.Type == "" {
		c.LeaseDatabase.Type = "memfile"
	}
	if t.has("hosts-database") {
		c.HostsDatabases = append(c.HostsDatabases, t.object("hosts-database").database())
	}
	for _, d := range t.objects("hosts-databases") {
		c.HostsDatabases = append(c.HostsDatabases, d.database())
	}
	for _, d := range t.object("config-control").objects("config-databases") {
		c.ConfigDatabases = append(c.ConfigDatabases, d.database())
	}
	for _, h := range t.objects("hooks-libraries") {
		c.readHook(h)
	}
	if t.has("control-socket") {
		c.ControlSockets = append(c.ControlSockets, t.object("control-socket").controlSocket())
	}
	for _, s := range t.objects("control-sockets") {
		c.ControlSockets = append(c.ControlSockets, s.controlSocket())
	}
	c.ServerTag = t.str("server-tag")
	c.ValidLifetime = t.integer("valid-lifetime")
	c.GlobalReservations = t.reservations()
	c.Subnets = t.subnets(c.Service)
	c.Raw = redactObject(section)
}

func (c *Config) readHook(h tree) {
	name := path.Base(h.str("library"))
	c.Hooks = append(c.Hooks, name)
	switch {
	case strings.HasPrefix(name, "libdhcp_ha."):
		for _, r := range h.object("parameters").objects("high-availability") {
			c.HA = append(c.HA, r.haConfig())
		}
	case strings.HasPrefix(name, "libdhcp_legal_log."):
		if p := h.object("parameters"); p.has("type") && p.has("name") {
			c.ForensicDatabases = append(c.ForensicDatabases, p.database())
		}
	}
}

// Databases returns every database that the daemon logs in to: the lease database first. A rotation of credentials
// has to cover all of them. Databases of type memfile are left out.
func (c Config) Databases() []Database {
	all := slices.Concat([]Database{c.LeaseDatabase}, c.HostsDatabases, c.ConfigDatabases, c.ForensicDatabases)
	return slices.DeleteFunc(all, func(d Database) bool { return d.Type == "memfile" })
}

// HasHook reports whether the hook library of that name is loaded, as "libdhcp_lease_cmds".
func (c Config) HasHook(name string) bool {
	return slices.ContainsFunc(c.Hooks, func(h string) bool { return strings.TrimSuffix(h, ".so") == name })
}
