package stack

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/stack/keaconf"
)

func TestAddresses(t *testing.T) {
	service := func(name string, ips []string, ingress ...corev1.LoadBalancerIngress) corev1.Service {
		s := corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if len(ips) > 0 {
			s.Spec.ClusterIP, s.Spec.ClusterIPs = ips[0], ips
		}
		s.Status.LoadBalancer.Ingress = ingress
		return s
	}
	peers := []corev1.Service{service("kea-dhcp-0", []string{"10.90.0.10"}), service("kea-dhcp-1", []string{"10.90.0.11", "fd00::11"})}
	none := []string{"", ""}
	for name, tt := range map[string]struct {
		lines    string
		services []corev1.Service
		want     keaconf.Addresses
		known    bool
	}{
		"nothing is there yet": {
			"", nil,
			keaconf.Addresses{Peers: []string{"<ClusterIP of service kea-dhcp-0>", "<ClusterIP of service kea-dhcp-1>"}, Identifiers: none},
			false,
		},
		"one of two": {
			"", peers[:1],
			keaconf.Addresses{Peers: []string{"10.90.0.10", "<ClusterIP of service kea-dhcp-1>"}, Identifiers: none},
			false,
		},
		"both": {"", peers, keaconf.Addresses{Peers: []string{"10.90.0.10", "10.90.0.11"}, Identifiers: none}, true},
		"headless is no address": {
			"",
			[]corev1.Service{service("kea-dhcp-0", []string{"None"}), peers[1]},
			keaconf.Addresses{Peers: []string{"<ClusterIP of service kea-dhcp-0>", "10.90.0.11"}, Identifiers: none},
			false,
		},
		"stated": {
			"  highAvailability: {peerAddresses: [10.90.0.20, 10.90.0.21]}", peers,
			keaconf.Addresses{Peers: []string{"10.90.0.20", "10.90.0.21"}, Identifiers: none},
			true,
		},
		"one server has no peer": {
			"  highAvailability: {mode: none}", nil,
			keaconf.Addresses{Peers: []string{"<ClusterIP of service kea-dhcp-0>"}, Identifiers: none[:1]},
			true,
		},
		"a balancer's address before the ClusterIP": {
			"", append(peers, service("kea-dhcp-0-dhcp", []string{"10.90.0.30"}, corev1.LoadBalancerIngress{IP: "192.0.2.7"}), service("kea-dhcp-1-dhcp", []string{"10.90.0.31"})),
			keaconf.Addresses{Peers: []string{"10.90.0.10", "10.90.0.11"}, Identifiers: []string{"192.0.2.7", "10.90.0.31"}},
			true,
		},
		"a balancer with a name only, and an IPv6 address first": {
			"", append(peers, service("kea-dhcp-0-dhcp", []string{"10.90.0.30"}, corev1.LoadBalancerIngress{Hostname: "lb.example.com"}),
				service("kea-dhcp-1-dhcp", []string{"fd00::31", "10.90.0.31"}, corev1.LoadBalancerIngress{IP: "2001:db8::7"}, corev1.LoadBalancerIngress{IP: "192.0.2.8"})),
			keaconf.Addresses{Peers: []string{"10.90.0.10", "10.90.0.11"}, Identifiers: []string{"10.90.0.30", "192.0.2.8"}},
			true,
		},
		"dual stack without a balancer": {
			"", append(peers, service("kea-dhcp-0-dhcp", []string{"fd00::30", "10.90.0.30"}), service("kea-dhcp-1-dhcp", []string{"fd00::31"})),
			keaconf.Addresses{Peers: []string{"10.90.0.10", "10.90.0.11"}, Identifiers: []string{"10.90.0.30", ""}},
			true,
		},
		"stated for the clients": {
			"  exposure: {type: perPodLoadBalancer, addresses: [192.0.2.1, 192.0.2.2]}", append(peers, service("kea-dhcp-0-dhcp", []string{"10.90.0.30"})),
			keaconf.Addresses{Peers: []string{"10.90.0.10", "10.90.0.11"}, Identifiers: []string{"192.0.2.1", "192.0.2.2"}},
			true,
		},
		"on the node's network Kea knows best": {
			"  exposure: {type: hostNetwork}", append(peers, service("kea-dhcp-0-dhcp", []string{"10.90.0.30"})), // left over from before
			keaconf.Addresses{Peers: []string{"10.90.0.10", "10.90.0.11"}, Identifiers: none}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := office
			if tt.lines != "" {
				text = with(tt.lines)
			}
			got, known := Addresses(load(t, text), tt.services)
			if diff := cmp.Diff(tt.want, got); diff != "" || known != tt.known {
				t.Errorf("known %v\n%s", known, diff)
			}
		})
	}
}
