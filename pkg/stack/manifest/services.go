package manifest

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// postgresPort is where CNPG's instances listen.
const postgresPort = 5432

// labelPodName is what a StatefulSet's pods carry.
const labelPodName = "statefulset.kubernetes.io/pod-name"

// serviceObjects are the stable addresses. They exist before the pods, because Kea's configuration names them.
func serviceObjects(s *v1alpha1.Stack) []Object {
	objects := []Object{}
	if s.UsesPostgreSQL() {
		objects = append(objects, Object{databaseService(s), true})
	}
	objects = append(objects, each(governingService(s))...)
	for i, server := range s.Servers() {
		if s.Spec.HighAvailability.Mode != v1alpha1.NoHA {
			objects = append(objects, each(haService(s, server, s.PeerAddress(i)))...)
		}
		if s.Spec.Exposure.Type == v1alpha1.PerPodLoadBalancer {
			objects = append(objects, each(dhcpService(s, i, s.ExposedAddress(i)))...)
		}
	}
	return objects
}

func service(s *v1alpha1.Stack, name, component string) *corev1.Service {
	return &corev1.Service{TypeMeta: objectKind("v1", "Service"), ObjectMeta: meta(s, name, component)}
}

// databaseService is the address that Kea knows the database by, for ever: the primary of the current cluster. CNPG's own
// Services go with their cluster.
func databaseService(s *v1alpha1.Stack) *corev1.Service {
	db := s.Spec.Database
	o := service(s, db.Service, componentDatabase)
	handsOff(&o.ObjectMeta)
	annotate(&o.ObjectMeta, map[string]string{
		marks.AnnotationCurrentCluster: db.Cluster.Name, marks.AnnotationViewerSecret: db.ViewerSecret,
	})
	o.Spec = corev1.ServiceSpec{
		Type:     corev1.ServiceTypeClusterIP,
		Selector: map[string]string{cnpg.LabelCluster: db.Cluster.Name, cnpg.LabelInstanceRole: string(cnpg.RolePrimary)},
		Ports:    []corev1.ServicePort{servicePort("postgres", corev1.ProtocolTCP, postgresPort)},
	}
	return o
}

// governingService gives the StatefulSet's pods their names in DNS.
func governingService(s *v1alpha1.Stack) *corev1.Service {
	o := service(s, s.Metadata.Name, componentService)
	o.Spec = corev1.ServiceSpec{
		Type: corev1.ServiceTypeClusterIP, ClusterIP: corev1.ClusterIPNone, PublishNotReadyAddresses: true,
		Selector: serverSelector(s), Ports: haPorts(s),
	}
	return o
}

// haService is one server's address for its peer: Kea takes addresses only, and a pod's own changes. Servers that are not
// ready yet talk to each other to become so.
func haService(s *v1alpha1.Stack, server, address string) *corev1.Service {
	o := service(s, server, componentService)
	o.Spec = corev1.ServiceSpec{
		Type: corev1.ServiceTypeClusterIP, ClusterIP: address, PublishNotReadyAddresses: true,
		Selector: oneServer(s, server), Ports: haPorts(s),
	}
	return o
}

// dhcpService is where relays find one server. One Service for both would send a client's packets now to the one, now to
// the other. The local policy keeps the sender's address, which Kea answers to.
func dhcpService(s *v1alpha1.Stack, server int, address string) *corev1.Service {
	o := service(s, s.DHCPService(server), componentService)
	annotate(&o.ObjectMeta, s.Spec.Exposure.Annotations)
	o.Spec = corev1.ServiceSpec{
		Type: corev1.ServiceTypeLoadBalancer, LoadBalancerIP: address, ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyLocal,
		Selector: oneServer(s, s.Servers()[server]),
	}
	if class := s.Spec.Exposure.LoadBalancerClass; class != "" {
		o.Spec.LoadBalancerClass = &class
	}
	if s.Has6() {
		o.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack)
	}
	for _, d := range daemons(s) {
		o.Spec.Ports = append(o.Spec.Ports, servicePort(string(d.service), corev1.ProtocolUDP, d.port))
	}
	return o
}

func oneServer(s *v1alpha1.Stack, server string) map[string]string {
	selector := serverSelector(s)
	selector[labelPodName] = server
	return selector
}

// haPorts are those of the HA listeners; a single server has none.
func haPorts(s *v1alpha1.Stack) []corev1.ServicePort {
	if s.Spec.HighAvailability.Mode == v1alpha1.NoHA {
		return nil
	}
	ports := []corev1.ServicePort{}
	for _, d := range daemons(s) {
		ports = append(ports, servicePort(d.haName, corev1.ProtocolTCP, d.ha))
	}
	return ports
}

func servicePort(name string, protocol corev1.Protocol, port int32) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Protocol: protocol, Port: port, TargetPort: intstr.FromInt32(port)}
}
