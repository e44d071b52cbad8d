package manifest

import (
	"path"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// daemon is one of the DHCP daemons of a server.
type daemon struct {
	service   kea.Service
	command   string
	image     string
	resources corev1.ResourceRequirements
	port      int32 // DHCP
	ha        int32
	haName    string
	control   int32  // where it answers commands on the pod's loopback: its own port, or the agent's
	socket    string // the socket behind the agent, "" without an agent
	// capabilities are the few of root's that it needs.
	capabilities []corev1.Capability
}

// daemons are those that run.
func daemons(s *v1alpha1.Stack) []daemon {
	k, ports := s.Spec.Kea, s.Spec.HighAvailability.Ports
	out := []daemon{}
	if s.Has4() {
		out = append(out, daemon{
			service: kea.DHCP4, command: "kea-dhcp4", image: k.Images.DHCP4, resources: k.DHCP4.Resources,
			port: 67, ha: int32(ports.HA4), haName: "ha4", control: int32(ports.Control4),
			// Clients without an address hear only what is sent through a raw socket.
			capabilities: []corev1.Capability{"NET_BIND_SERVICE", "NET_RAW"},
		})
	}
	if s.Has6() {
		out = append(out, daemon{
			service: kea.DHCP6, command: "kea-dhcp6", image: k.Images.DHCP6, resources: k.DHCP6.Resources,
			port: 547, ha: int32(ports.HA6), haName: "ha6", control: int32(ports.Control6),
			capabilities: []corev1.Capability{"NET_BIND_SERVICE"},
		})
	}
	if s.HasAgent() {
		sockets := map[kea.Service]string{kea.DHCP4: "kea4.sock", kea.DHCP6: "kea6.sock"}
		for i := range out {
			out[i].control, out[i].socket = int32(ports.Agent), path.Join(k.Paths.Run, sockets[out[i].service])
		}
	}
	return out
}

// asked are the probes' arguments.
func (d daemon) asked() []string {
	args := []string{string(d.service), strconv.Itoa(int(d.control))}
	if d.socket != "" {
		args = append(args, d.socket)
	}
	return args
}
