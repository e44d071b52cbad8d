package kea

import (
	"bytes"
	"encoding/json"
)

// Document is a configuration file of kea-dhcp4, kea-dhcp6 or kea-ctrl-agent as we write it. Config and AgentConfig are
// for reading; a Document has fields for what we write and keeps everything else: decoded and encoded again, it means
// the same. Passwords included, so an encoded foreign document is a secret.
type Document struct {
	DHCP4   *DHCPDocument  `json:"Dhcp4"`
	DHCP6   *DHCPDocument  `json:"Dhcp6"`
	Agent   *AgentDocument `json:"Control-agent"`
	Unknown Members
}

// DHCPDocument is what is inside Dhcp4 or Dhcp6.
type DHCPDocument struct {
	InterfacesConfig *InterfacesConfig    `json:"interfaces-config"`
	ControlSocket    *ControlSocketEntry  `json:"control-socket"`  // up to 2.6
	ControlSockets   []ControlSocketEntry `json:"control-sockets"` // from 2.7.2
	ServerID         *ServerID            `json:"server-id"`       // DHCPv6
	LeaseDatabase    *LeaseDatabase       `json:"lease-database"`
	HostsDatabase    *HostsDatabase       `json:"hosts-database"`
	HostsDatabases   []HostsDatabase      `json:"hosts-databases"`
	MultiThreading   *MultiThreading      `json:"multi-threading"`
	HooksLibraries   []HookLibrary        `json:"hooks-libraries"`

	Authoritative        *bool  `json:"authoritative"` // DHCPv4
	MinValidLifetime     int    `json:"min-valid-lifetime"`
	ValidLifetime        int    `json:"valid-lifetime"`
	MaxValidLifetime     int    `json:"max-valid-lifetime"`
	MinPreferredLifetime int    `json:"min-preferred-lifetime"` // DHCPv6
	PreferredLifetime    int    `json:"preferred-lifetime"`
	MaxPreferredLifetime int    `json:"max-preferred-lifetime"`
	Allocator            string `json:"allocator"`
	PDAllocator          string `json:"pd-allocator"` // DHCPv6

	OptionData     []OptionData    `json:"option-data"`
	Reservations   []Reservation   `json:"reservations"`
	Subnet4        []SubnetEntry   `json:"subnet4"`
	Subnet6        []SubnetEntry   `json:"subnet6"`
	SharedNetworks []SharedNetwork `json:"shared-networks"`
	Loggers        []Logger        `json:"loggers"`
	UserContext    json.RawMessage `json:"user-context"`
	Unknown        Members
}

// AgentDocument is what is inside Control-agent.
type AgentDocument struct {
	HTTPHost       string        `json:"http-host"`
	HTTPPort       int           `json:"http-port"`
	ControlSockets *AgentSockets `json:"control-sockets"`
	Loggers        []Logger      `json:"loggers"`
	Unknown        Members
}

// AgentSockets are the daemons' sockets that the agent forwards commands to.
type AgentSockets struct {
	DHCP4   *ControlSocketEntry `json:"dhcp4"`
	DHCP6   *ControlSocketEntry `json:"dhcp6"`
	Unknown Members
}

// DecodeDocument reads a configuration, also the arguments of config-get. It takes Kea's dialect as ParseConfig does;
// of one that is plain JSON every number and every order inside an unknown member stays as it is. Comments are lost.
func DecodeDocument(data []byte) (Document, error) {
	if !json.Valid(data) {
		value, _, err := parseDialect(data)
		if err != nil {
			return Document{}, err
		}
		if data, err = json.Marshal(value); err != nil {
			return Document{}, err
		}
	}
	var d Document
	if err := json.Unmarshal(data, &d); err != nil {
		// The error may quote the configuration.
		return Document{}, ErrOtherConfig
	}
	return d, nil
}

// Encode returns the document as Kea reads it: indented, includes written out, with a newline at the end.
func (d Document) Encode() ([]byte, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return writeDialect(out.Bytes()), nil
}
