package manifest

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// networkPolicy lets in DHCP from everywhere and, from the other server alone, what HA says without a password. The
// control endpoints listen on the pod's loopback, where a port-forward finds them and a policy does not count.
func networkPolicy(s *v1alpha1.Stack) *networkingv1.NetworkPolicy {
	pods := metav1.LabelSelector{MatchLabels: serverSelector(s)}
	dhcp := networkingv1.NetworkPolicyIngressRule{}
	ha := networkingv1.NetworkPolicyIngressRule{From: []networkingv1.NetworkPolicyPeer{{PodSelector: &pods}}}
	for _, d := range daemons(s) {
		dhcp.Ports = append(dhcp.Ports, policyPort(corev1.ProtocolUDP, d.port))
		ha.Ports = append(ha.Ports, policyPort(corev1.ProtocolTCP, d.ha))
	}
	ingress := []networkingv1.NetworkPolicyIngressRule{dhcp}
	if len(s.Servers()) > 1 {
		ingress = append(ingress, ha)
	}
	return &networkingv1.NetworkPolicy{
		TypeMeta:   objectKind("networking.k8s.io/v1", "NetworkPolicy"),
		ObjectMeta: meta(s, s.Metadata.Name, componentAccess),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: pods, PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}, Ingress: ingress,
		},
	}
}

func policyPort(protocol corev1.Protocol, port int32) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: new(intstr.FromInt32(port))}
}
