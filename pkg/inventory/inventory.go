// Package inventory finds out what is deployed: Kea servers, how to reach them, their configuration files, and the
// databases behind them. It follows the live system with no flags, and works with Kea down too.
package inventory

import (
	"net/netip"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Inventory is what is deployed in one namespace.
type Inventory struct {
	Namespace string
	Servers   []Server // by pod and service

	// What the cluster holds in this namespace, as far as it could be read.
	Pods     []corev1.Pod
	Services []corev1.Service
	Clusters []cnpgv1.Cluster

	// Objects are all that were read and can carry the state of an unfinished operation.
	Operations []Operation
	Unread     []problem.Unread

	secrets map[string]*corev1.Secret
	configs map[string]*corev1.ConfigMap
	wants   []wantedPod
}

// Server is one Kea DHCP daemon, running or only wanted.
type Server struct {
	Namespace, Pod, Container string
	Service                   kea.Service
	State                     PodState

	// File is the configuration file as it lies in its Secret or ConfigMap; nil when it could not be read.
	File       *kea.Config
	FileSource string // "secret kea-dhcp-config, key kea-dhcp-0-dhcp4.conf"
	// Endpoints are the ways to the daemon's API, best first.
	Endpoints []Endpoint
	// Libpq is what the container's environment gives to libpq: a user or a password that the configuration lacks.
	Libpq Libpq
}

// Name is the server's name for people: "kea-dhcp-0/dhcp4".
func (s Server) Name() string { return s.Pod + "/" + string(s.Service) }

// PodState is how the server's pod and container are, for people.
type PodState struct {
	Exists   bool
	Running  bool // the daemon's container runs
	Ready    bool
	Reason   string // why it does not run: "CrashLoopBackOff", "Pending", "no pod"
	Restarts int
	LastExit string // how the container ended the last time: "Error, exit code 1, 2m ago" without the age
	Exited   time.Time
	Started  time.Time
	Node     string
	IPs      []netip.Addr
}

// Endpoint is one HTTP endpoint that answers a server's commands.
type Endpoint struct {
	Via     string // "control agent" or "own HTTP socket"
	Port    int
	Address string // that it listens on, as configured; "" when not known
	TLS     bool
	Auth    *kea.BasicAuth
	// Guessed: the configuration could not be read; this is where Kea usually listens.
	Guessed bool
}

// Operation is an unfinished operation that an earlier run left in the cluster.
type Operation struct {
	Object   string    `json:"object"` // that carries it: "service kea-database"
	Kind     string    `json:"kind"`   // "cutover"
	Step     string    `json:"step,omitempty"`
	Started  time.Time `json:"started,omitzero"`
	By       string    `json:"by,omitempty"`
	Continue string    `json:"continue,omitempty"` // command
	Abort    string    `json:"abort,omitempty"`    // command
}
