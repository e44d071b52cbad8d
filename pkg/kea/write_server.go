package kea

import "encoding/json"

// InterfacesConfig is where a daemon listens for clients and relays.
type InterfacesConfig struct {
	Interfaces     *InterfaceList `json:"interfaces"`
	DHCPSocketType string         `json:"dhcp-socket-type"` // "raw" or "udp"; DHCPv4
	ReDetect       *bool          `json:"re-detect"`
	Unknown        Members
}

// InterfaceList names interfaces, or the file that the list is included from.
type InterfaceList struct {
	Names   []string
	Include string
}

// MarshalJSON implements json.Marshaler.
func (l InterfaceList) MarshalJSON() ([]byte, error) {
	if l.Include != "" {
		return json.Marshal(IncludeOf(l.Include))
	}
	return json.Marshal(append([]string{}, l.Names...))
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *InterfaceList) UnmarshalJSON(data []byte) error {
	*l = InterfaceList{}
	var s string
	if err := json.Unmarshal(data, &s); err == nil {
		if file, ok := included(s); ok {
			l.Include = file
			return nil
		}
	}
	return json.Unmarshal(data, &l.Names)
}

// ControlSocketEntry is a socket on which a daemon takes commands.
type ControlSocketEntry struct {
	SocketType    string `json:"socket-type"`
	SocketName    string `json:"socket-name"`    // of a unix socket
	SocketAddress string `json:"socket-address"` // of http and https
	SocketPort    int    `json:"socket-port"`
	Unknown       Members
}

// ServerID is how a DHCPv6 server makes its DUID.
type ServerID struct {
	Type         string `json:"type"`
	EnterpriseID int    `json:"enterprise-id"`
	Identifier   string `json:"identifier"` // hexadecimal
	Persist      *bool  `json:"persist"`
	Unknown      Members
}

// MultiThreading is how many packets a daemon works on at a time.
type MultiThreading struct {
	Enable          *bool `json:"enable-multi-threading"`
	ThreadPoolSize  *int  `json:"thread-pool-size"`
	PacketQueueSize *int  `json:"packet-queue-size"`
	Unknown         Members
}

// Logger is what a daemon logs, and where to.
type Logger struct {
	Name          string         `json:"name"`
	Severity      string         `json:"severity"`
	DebugLevel    int            `json:"debuglevel"`
	OutputOptions []LoggerOutput `json:"output-options"`
	Unknown       Members
}

// LoggerOutput is where a logger writes to.
type LoggerOutput struct {
	Output  string `json:"output"`
	Unknown Members
}
