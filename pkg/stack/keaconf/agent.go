package keaconf

import (
	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Agent returns the control agent's configuration file, which is the same for all servers.
func Agent(s *v1alpha1.Stack) ([]byte, error) {
	sockets := &kea.AgentSockets{}
	if s.Has4() {
		sockets.DHCP4 = new(socket(s, kea.DHCP4))
	}
	if s.Has6() {
		sockets.DHCP6 = new(socket(s, kea.DHCP6))
	}
	return finish(kea.Document{Agent: &kea.AgentDocument{
		HTTPHost:       localhost,
		HTTPPort:       s.Spec.HighAvailability.Ports.Agent,
		ControlSockets: sockets,
		Loggers:        loggers("kea-ctrl-agent", s.Spec.Kea.LogSeverity)[:1],
	}})
}
