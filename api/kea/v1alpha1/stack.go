package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a stack file says it is.
const (
	APIVersion = "kea.fos1.io/v1alpha1"
	Kind       = "Stack"
)

// Stack is one deployment of Kea with the database behind it. Every field has a default.
type Stack struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   Metadata `json:"metadata"`
	Spec       Spec     `json:"spec"`
}

// Metadata names the deployment.
type Metadata struct {
	// Name of the StatefulSet and the beginning of its pods' names. Default kea-dhcp.
	Name string `json:"name"`
	// Namespace of all objects. Default: that of the command line or the kubeconfig.
	Namespace string `json:"namespace"`
}

// Spec is what is to be deployed.
type Spec struct {
	Kea              Kea              `json:"kea"`
	HighAvailability HighAvailability `json:"highAvailability"`
	Exposure         Exposure         `json:"exposure"`
	Database         Database         `json:"database"`
	NetworkPolicy    NetworkPolicy    `json:"networkPolicy"`
	VLANs            []VLAN           `json:"vlans"`
}

// Kea is the software: its generation, images and what both daemons share.
type Kea struct {
	// Version is the generation, 2.6 or 3.0: it decides the hooks, and whether a control agent runs.
	Version         string                      `json:"version"`
	Images          Images                      `json:"images"`
	ImagePullPolicy corev1.PullPolicy           `json:"imagePullPolicy"`
	PullSecrets     []string                    `json:"imagePullSecrets"`
	Paths           Paths                       `json:"paths"`
	DHCP4           Daemon                      `json:"dhcp4"`
	DHCP6           Daemon                      `json:"dhcp6"`
	LogSeverity     string                      `json:"logSeverity"` // DEBUG, INFO, WARN, ERROR
	NodeSelector    map[string]string           `json:"nodeSelector"`
	Tolerations     []corev1.Toleration         `json:"tolerations"`
	AntiAffinity    string                      `json:"antiAffinity"` // preferred, required
	PriorityClass   string                      `json:"priorityClassName"`
	AgentResources  corev1.ResourceRequirements `json:"agentResources"`
	PodAnnotations  map[string]string           `json:"podAnnotations"`
}

// Images of the daemons. Empty ones follow from All or from the version.
type Images struct {
	// All is one image with every daemon and kea-admin in it, as those made of Debian packages.
	All       string `json:"all"`
	DHCP4     string `json:"dhcp4"`
	DHCP6     string `json:"dhcp6"`
	CtrlAgent string `json:"ctrlAgent"`
	// Admin has kea-admin and psql: it initialises the database and looks after it.
	Admin string `json:"admin"`
}

// Paths inside the images.
type Paths struct {
	Hooks   string `json:"hooks"`   // folder of the hook libraries
	Scripts string `json:"scripts"` // folder of kea-admin's SQL scripts
	Run     string `json:"run"`     // folder of the control sockets
	Data    string `json:"data"`    // folder of the lease files
}

// Daemon is one of the two DHCP daemons.
type Daemon struct {
	// Enabled: by default DHCPv4 always, DHCPv6 when a VLAN has IPv6 subnets.
	Enabled *bool `json:"enabled"`
	// LeaseTime is how long a lease is valid.
	LeaseTime metav1.Duration `json:"leaseTime"`
	// MaxLeaseTime bounds what a client may ask for.
	MaxLeaseTime metav1.Duration `json:"maxLeaseTime"`
	// PreferredLifetime is DHCPv6's; default half the lease time.
	PreferredLifetime metav1.Duration             `json:"preferredLifetime"`
	Allocator         string                      `json:"allocator"` // iterative, random; flq where no other server shares the leases
	Options           []Option                    `json:"options"`
	Hooks             []Hook                      `json:"hooks"`
	Resources         corev1.ResourceRequirements `json:"resources"`
	// Config is merged into the daemon's configuration (a JSON merge patch of what is inside Dhcp4 or Dhcp6), for all
	// that this file has no field for. Passwords are refused.
	Config map[string]any `json:"config"`
}

// Hook is a further hook library.
type Hook struct {
	Library    string         `json:"library"` // a file name in Paths.Hooks, or a path
	Parameters map[string]any `json:"parameters"`
}

// Option is a DHCP option. Name or Code says which.
type Option struct {
	Name       string `json:"name"`
	Code       int    `json:"code"`
	Space      string `json:"space"`
	Data       string `json:"data"`
	CSVFormat  *bool  `json:"csvFormat"`
	AlwaysSend bool   `json:"alwaysSend"`
}

// The modes of high availability.
const (
	HotStandby    = "hot-standby"
	LoadBalancing = "load-balancing"
	NoHA          = "none" // one server
)

// HighAvailability is how two servers stand in for each other.
type HighAvailability struct {
	Mode              string          `json:"mode"`
	HeartbeatDelay    metav1.Duration `json:"heartbeatDelay"`
	MaxResponseDelay  metav1.Duration `json:"maxResponseDelay"`
	MaxAckDelay       metav1.Duration `json:"maxAckDelay"`
	MaxUnackedClients *int            `json:"maxUnackedClients"`
	// PeerAddresses are the ClusterIPs of the servers' Services, in the servers' order. Kea takes no names. By default the
	// cluster chooses them; whoever keeps the manifests in git states them.
	PeerAddresses []string `json:"peerAddresses"`
	Ports         Ports    `json:"ports"`
}

// Ports of the daemons inside the pods.
type Ports struct {
	HA4      int `json:"ha4"`      // HA listener of dhcp4
	HA6      int `json:"ha6"`      // HA listener of dhcp6
	Control4 int `json:"control4"` // dhcp4's own control endpoint, from Kea 3.0 on
	Control6 int `json:"control6"`
	Agent    int `json:"agent"` // the control agent, up to Kea 2.6
}

// The ways in which DHCP packets reach the pods.
const (
	HostNetwork        = "hostNetwork"
	PerPodLoadBalancer = "perPodLoadBalancer"
	Multus             = "multus"
)

// Exposure is how relays and clients reach the servers.
type Exposure struct {
	Type string `json:"type"`
	// Addresses at which relays and clients reach each server, in the servers' order: the DHCPv4 server identifier, and the
	// address asked of the load balancer.
	Addresses []string `json:"addresses"`
	// Interfaces that Kea listens on. Default: eth0 on the pod network, net1 with multus, all with hostNetwork.
	Interfaces []string `json:"interfaces"`
	// Annotations and Class of the load balancers' Services.
	Annotations       map[string]string `json:"annotations"`
	LoadBalancerClass string            `json:"loadBalancerClass"`
	// Networks are the NetworkAttachmentDefinitions of multus, as NAME or NAMESPACE/NAME.
	Networks []string `json:"networks"`
}

// NetworkPolicy closes what answers without a password.
type NetworkPolicy struct {
	Enabled *bool `json:"enabled"`
}
