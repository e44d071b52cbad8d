package stack

import (
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/keaconf"
)

// Addresses are what the configurations need to know of the Services: what the file states, else what the cluster gave
// them. known is false when a peer's address is neither; a placeholder then stands for it.
func Addresses(s *v1alpha1.Stack, services []corev1.Service) (a keaconf.Addresses, known bool) {
	byName := map[string]*corev1.Service{}
	for i := range services {
		byName[services[i].Name] = &services[i]
	}
	known = true
	for i, server := range s.Servers() {
		peer := at(s.Spec.HighAvailability.PeerAddresses, i)
		if service := byName[server]; peer == "" && service != nil && isAddress(service.Spec.ClusterIP) {
			peer = service.Spec.ClusterIP
		}
		if peer == "" {
			peer = fmt.Sprintf("<ClusterIP of service %s>", server)
			known = known && s.Spec.HighAvailability.Mode == v1alpha1.NoHA
		}
		a.Peers = append(a.Peers, peer)
		a.Identifiers = append(a.Identifiers, identifier(s, i, byName[server+"-dhcp"]))
	}
	return a, known
}

// identifier is the address by which clients know a server, in DHCPv4's option 54: stable, and where it answers. Without
// one Kea takes the address of the interface, which is right on the node's or the VLAN's own network.
func identifier(s *v1alpha1.Stack, server int, service *corev1.Service) string {
	if stated := at(s.Spec.Exposure.Addresses, server); is4(stated) {
		return stated
	}
	if s.Spec.Exposure.Type != v1alpha1.PerPodLoadBalancer || service == nil {
		return ""
	}
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		if is4(ingress.IP) {
			return ingress.IP
		}
	}
	for _, address := range service.Spec.ClusterIPs {
		if is4(address) {
			return address
		}
	}
	return ""
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

func isAddress(text string) bool { _, err := netip.ParseAddr(text); return err == nil }

func is4(text string) bool { a, err := netip.ParseAddr(text); return err == nil && a.Is4() }
