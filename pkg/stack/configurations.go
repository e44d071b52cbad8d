package stack

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/keaconf"
)

// Configuration is the file that install makes for one server, and the key of a ConfigMap that holds it.
type Configuration struct {
	Pod            string
	Service        kea.Service
	ConfigMap, Key string
	Text           kea.Secret // parts that were written by hand may hold a password
}

// Server is the server's name: "kea-dhcp-0/dhcp4".
func (c Configuration) Server() string { return c.Pod + "/" + string(c.Service) }

// Configurations are those of a stack's servers. services are the cluster's, for their addresses; known is false when a
// placeholder stands for the address of a peer.
func Configurations(s *v1alpha1.Stack, services []corev1.Service) (found []Configuration, known bool, err error) {
	addresses, known := Addresses(s, services)
	wanted := map[kea.Service]bool{kea.DHCP4: s.Has4(), kea.DHCP6: s.Has6()}
	for i, pod := range s.Servers() {
		for _, service := range []kea.Service{kea.DHCP4, kea.DHCP6} {
			if !wanted[service] {
				continue
			}
			text, err := keaconf.Daemon(s, i, service, addresses)
			if err != nil {
				return nil, known, err
			}
			found = append(found, Configuration{
				Pod: pod, Service: service, ConfigMap: s.ConfigMap(), Key: s.ConfigKey(i, string(service)), Text: kea.NewSecret(string(text)),
			})
		}
	}
	return found, known, nil
}
