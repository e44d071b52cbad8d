package stack

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
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
		peer := s.PeerAddress(i)
		if service := byName[server]; peer == "" && service != nil && isAddress(service.Spec.ClusterIP) {
			peer = service.Spec.ClusterIP
		}
		if peer == "" {
			peer = fmt.Sprintf("<ClusterIP of service %s>", server)
			known = known && s.Spec.HighAvailability.Mode == v1alpha1.NoHA
		}
		a.Peers = append(a.Peers, peer)
		a.Identifiers = append(a.Identifiers, identifier(s, i, byName[s.DHCPService(i)]))
	}
	return a, known
}

// identifier is the address by which clients know a server, in DHCPv4's option 54: stable, and where it answers. Without
// one Kea takes the address of the interface, which is right on the node's or the VLAN's own network.
func identifier(s *v1alpha1.Stack, server int, service *corev1.Service) string {
	if stated := s.ExposedAddress(server); is4(stated) {
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

// reach is where relays send to: the load balancers' addresses, stated or given. A balancer without one serves nobody
// outside the cluster, however well its server is. Services that cannot be read now are not spoken of.
func (r *run) reach(ctx context.Context) ([]string, []problem.Problem) {
	if r.s.Spec.Exposure.Type != v1alpha1.PerPodLoadBalancer {
		return nil, nil
	}
	relays, waiting, err := r.balancers(ctx)
	if err != nil || len(waiting) == 0 {
		return relays, nil
	}
	return relays, []problem.Problem{{
		Severity: problem.Warning, Code: "no-load-balancer", Subject: "service " + strings.Join(waiting, ", "),
		Text: "no load balancer gave it an address: relays outside the cluster cannot reach the servers", Next: "kubectl -n " + r.s.Metadata.Namespace + " get services",
	}}
}

// balancers are the servers that relays can reach, each with its address, and the Services that still wait for one.
func (r *run) balancers(ctx context.Context) (relays, waiting []string, err error) {
	var list corev1.ServiceList
	labels := client.MatchingLabels{marks.LabelDeployment: r.s.Metadata.Name}
	if err := r.Client.List(ctx, &list, client.InNamespace(r.s.Metadata.Namespace), labels); err != nil {
		return nil, nil, fmt.Errorf("list services: %w", err)
	}
	for i, server := range r.s.Servers() {
		address, name := r.s.ExposedAddress(i), r.s.DHCPService(i)
		for _, service := range list.Items {
			for _, ingress := range service.Status.LoadBalancer.Ingress {
				if service.Name == name {
					address = cmp.Or(address, ingress.IP, ingress.Hostname)
				}
			}
		}
		if address == "" {
			waiting = append(waiting, name)
		} else {
			relays = append(relays, server+" at "+address)
		}
	}
	return relays, waiting, nil
}

func isAddress(text string) bool { _, err := netip.ParseAddr(text); return err == nil }

func is4(text string) bool { a, err := netip.ParseAddr(text); return err == nil && a.Is4() }
