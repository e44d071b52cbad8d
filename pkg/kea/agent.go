package kea

// AgentConfig is the configuration of kea-ctrl-agent.
type AgentConfig struct {
	HTTPHost string // Kea's default filled in: 127.0.0.1
	HTTPPort int    // Kea's default filled in: 8000
	TLS      TLSFiles
	Auth     APIAuth
	// Sockets leads to the daemons, by service ("dhcp4", "dhcp6", "d2").
	Sockets  map[Service]ControlSocket
	Includes []Include
	Raw      map[string]any // as Config.Raw, of the Control-agent object
}

// ParseAgentConfig reads the configuration file of kea-ctrl-agent, as ParseConfig does for the DHCP daemons. A text
// without a Control-agent object gives ErrOtherConfig.
func ParseAgentConfig(data []byte) (AgentConfig, error) {
	const section = "Control-agent"
	top, includes, err := parseTop(data)
	if err != nil {
		return AgentConfig{}, err
	}
	members, ok := top[section].(map[string]any)
	if !ok {
		return AgentConfig{}, ErrOtherConfig
	}
	t := tree{members: members, skipped: new([]string)}
	a := AgentConfig{
		HTTPHost: t.str("http-host"),
		HTTPPort: t.integer("http-port"),
		TLS:      t.tlsFiles(),
		Auth:     t.apiAuth(),
		Sockets:  make(map[Service]ControlSocket),
		Includes: relative(includes, section),
		Raw:      redactObject(members),
	}
	if a.HTTPHost == "" {
		a.HTTPHost = defaultAPIAddress
	}
	if a.HTTPPort == 0 {
		a.HTTPPort = defaultAPIPort
	}
	sockets := t.object("control-sockets")
	for name := range sockets.members {
		if s := sockets.object(name); s.members != nil {
			a.Sockets[Service(name)] = s.controlSocket()
		}
	}
	return a, nil
}
