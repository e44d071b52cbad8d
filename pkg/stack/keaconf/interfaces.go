package keaconf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// PodInterfaces6 is the file that the init container writes for dhcp6, where IncludesPodInterfaces6: the stack's
// interfaces, and each of them with the pod's own IPv6 address, as in ["eth0", "eth0/2001:db8::5"].
const PodInterfaces6 = "/srv/kea/pod/interfaces6.json"

// IncludesPodInterfaces6 reports whether dhcp6 reads its interfaces from PodInterfaces6. On the pod network packets come
// to the pod's own address, and Kea listens on a unicast address only when it is named; which it is, only the pod knows.
// Interfaces that already name an address are left as they are.
func IncludesPodInterfaces6(s *v1alpha1.Stack) bool {
	e := s.Spec.Exposure
	return s.Has6() && e.Type == v1alpha1.PerPodLoadBalancer &&
		!slices.ContainsFunc(e.Interfaces, func(name string) bool { return strings.Contains(name, "/") })
}

func (f file) interfaces() *kea.InterfacesConfig {
	c := &kea.InterfacesConfig{Interfaces: &kea.InterfaceList{Names: f.stack.Spec.Exposure.Interfaces}}
	if f.is6() {
		if IncludesPodInterfaces6(f.stack) {
			c.Interfaces = &kea.InterfaceList{Include: PodInterfaces6}
		}
		return c
	}
	// Kea's own choice are raw sockets, the only way to answer a client that has no address yet. Behind a load balancer
	// there are only relays, and replies have to go through the node's connection tracking, which raw sockets pass by.
	if f.stack.Spec.Exposure.Type == v1alpha1.PerPodLoadBalancer {
		c.DHCPSocketType = "udp"
	}
	return c
}

// isc is ISC's enterprise number, for which Kea makes its own DUIDs too.
const isc = 2495

// serverID is by what DHCPv6 clients know a server: it is the same after every restart, on every node, and no other
// server's.
func (f file) serverID() *kea.ServerID {
	m := f.stack.Metadata
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", m.Namespace, m.Name, f.server))
	id := strings.ToUpper(hex.EncodeToString(sum[:8]))
	return &kea.ServerID{Type: "EN", EnterpriseID: isc, Identifier: id, Persist: new(false)}
}
