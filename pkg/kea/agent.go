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

// ParseAgentConfig reads the configuration file of kea-ctrl-agent, as ParseConfig does for the DHCP daemons.
func ParseAgentConfig(data []byte) (AgentConfig, error) { return AgentConfig{}, errTODO }
