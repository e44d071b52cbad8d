package stack

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Relays are told the addresses that are stated or that load balancers gave; a Service without one is named.
func TestReach(t *testing.T) {
	service := func(name string, ingress ...corev1.LoadBalancerIngress) *corev1.Service {
		return &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, Labels: map[string]string{"kea.fos1.io/deployment": "kea-dhcp"}},
			Status:     corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: ingress}},
		}
	}
	first := service("kea-dhcp-0-dhcp", corev1.LoadBalancerIngress{IP: "192.0.2.1"})
	for name, tt := range map[string]struct {
		text    string
		second  *corev1.Service
		broken  bool
		relays  []string
		subject []string
	}{
		"given":        {office, service("kea-dhcp-1-dhcp", corev1.LoadBalancerIngress{Hostname: "lb.example"}), false, []string{"kea-dhcp-0 at 192.0.2.1", "kea-dhcp-1 at lb.example"}, []string{}},
		"one waits":    {office, service("kea-dhcp-1-dhcp"), false, []string{"kea-dhcp-0 at 192.0.2.1"}, []string{"service kea-dhcp-1-dhcp"}},
		"stated":       {with("  exposure: {addresses: [198.51.100.1, 198.51.100.2]}"), service("kea-dhcp-1-dhcp"), false, []string{"kea-dhcp-0 at 198.51.100.1", "kea-dhcp-1 at 198.51.100.2"}, []string{}},
		"no answer":    {office, service("kea-dhcp-1-dhcp"), true, nil, []string{}},
		"no balancers": {with("  exposure: {type: hostNetwork}"), service("kea-dhcp-1-dhcp"), false, nil, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newCluster(t, first.DeepCopy(), tt.second)
			if tt.broken {
				f.refuses["list Service"] = errors.New("away")
			}
			relays, problems := (&run{Source: f.source(), s: load(t, tt.text)}).reach(t.Context())
			subjects := []string{}
			for _, p := range problems {
				subjects = append(subjects, p.Subject)
			}
			if diff := cmp.Diff(tt.relays, relays); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.subject, subjects); diff != "" {
				t.Error(diff)
			}
		})
	}
}
