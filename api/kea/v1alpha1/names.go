package v1alpha1

import "strconv"

// Servers are the pods' names, which are the servers' names in Kea too: one without HA, else two.
func (s *Stack) Servers() []string {
	n := 2
	if s.Spec.HighAvailability.Mode == NoHA {
		n = 1
	}
	names := []string{}
	for i := range n {
		names = append(names, s.Metadata.Name+"-"+strconv.Itoa(i))
	}
	return names
}

// DHCPService is the name of the Service that carries DHCP to one server.
func (s *Stack) DHCPService(server int) string { return s.Servers()[server] + "-dhcp" }

// ConfigMap is the name of the object with the daemons' configurations.
func (s *Stack) ConfigMap() string { return s.Metadata.Name + "-config" }

// ScriptsConfigMap is the name of the object with the scripts in the pods.
func (s *Stack) ScriptsConfigMap() string { return s.Metadata.Name + "-scripts" }

// ConfigKey is the key of one daemon's file: service is dhcp4 or dhcp6.
func (s *Stack) ConfigKey(server int, service string) string {
	return s.Servers()[server] + "-" + service + ".conf"
}

// AgentKey is the key of the control agent's file, which all servers share.
func (s *Stack) AgentKey() string { return "ctrl-agent.conf" }

// Has4 and Has6 report which daemons run.
func (s *Stack) Has4() bool { return on(s.Spec.Kea.DHCP4.Enabled) }

// Has6 reports whether the DHCPv6 daemon runs.
func (s *Stack) Has6() bool { return on(s.Spec.Kea.DHCP6.Enabled) }

// UsesPostgreSQL reports whether leases live in PostgreSQL.
func (s *Stack) UsesPostgreSQL() bool { return s.Spec.Database.Type == PostgreSQL }

// HasAgent reports whether a control agent answers for the daemons, as up to Kea 2.6.
func (s *Stack) HasAgent() bool { return s.Spec.Kea.Version == "2.6" }

// PeerAddress is the ClusterIP that is stated for a server, "" for none.
func (s *Stack) PeerAddress(server int) string {
	return at(s.Spec.HighAvailability.PeerAddresses, server)
}

// ExposedAddress is the address that is stated for a server's relays and clients, "" for none.
func (s *Stack) ExposedAddress(server int) string { return at(s.Spec.Exposure.Addresses, server) }

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

func on(b *bool) bool { return b != nil && *b }
