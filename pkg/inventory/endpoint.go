package inventory

import (
	"net/netip"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// defaultAgentPort is where a control agent listens unless it is told otherwise.
const defaultAgentPort = 8000

// agentContainer is a pod's control agent and its configuration, which is nil when it could not be read.
type agentContainer struct {
	container corev1.Container
	config    *kea.AgentConfig
}

// agent finds the control agent in a pod.
func (in *Inventory) agent(pod wantedPod) *agentContainer {
	for _, c := range pod.Spec.Containers {
		for _, p := range programs(c, pod.Pod) {
			if p.name != "kea-ctrl-agent" {
				continue
			}
			found := &agentContainer{container: c}
			if f, data, ok := in.open(c, pod.Pod, p.config); f.name != "" {
				if ok {
					config, err := kea.ParseAgentConfig(data)
					if err != nil {
						in.note(f, err)
						return found
					}
					found.config = &config
				}
				return found
			}
			for _, data := range in.files(pod.Pod) { // written at the pod's start: see configFile
				if config, err := kea.ParseAgentConfig(data); err == nil {
					found.config = &config
				}
			}
			return found
		}
	}
	return nil
}

// endpoints are the ways to a server's API. A daemon's own HTTP socket comes before the agent, which later versions lack.
func (in *Inventory) endpoints(s Server, pod *corev1.Pod, c corev1.Container, agent *agentContainer) []Endpoint {
	found := []Endpoint{}
	if s.File != nil {
		for _, socket := range s.File.ControlSockets {
			if socket.Type == "http" || socket.Type == "https" {
				found = append(found, Endpoint{
					Via: "own HTTP socket", Port: socket.Port, Address: socket.Address,
					TLS: socket.Type == "https" || socket.TLS.Enabled(), Auth: in.auth(socket.Auth, pod, c),
				})
			}
		}
	}
	switch {
	case agent != nil && agent.config != nil:
		found = append(found, Endpoint{
			Via: "control agent", Port: agent.config.HTTPPort, Address: agent.config.HTTPHost,
			TLS: agent.config.TLS.Enabled(), Auth: in.auth(agent.config.Auth, pod, agent.container),
		})
	case agent != nil:
		found = append(found, Endpoint{Via: "control agent", Port: defaultAgentPort, Guessed: true})
	case s.File == nil:
		found = append(found, guessPorts(c)...)
	}
	return found
}

// guessPorts are the container's declared TCP ports that may be an API; used when the configuration cannot be read.
func guessPorts(c corev1.Container) []Endpoint {
	found := []Endpoint{}
	for _, port := range c.Ports {
		name := strings.ToLower(port.Name)
		if (port.Protocol == "" || port.Protocol == corev1.ProtocolTCP) && !strings.HasPrefix(name, "ha") && !strings.Contains(name, "metric") {
			found = append(found, Endpoint{Via: "own HTTP socket", Port: int(port.ContainerPort), Guessed: true})
		}
	}
	return found
}

// auth is the user and password of an API's first client whose parts can be read.
func (in *Inventory) auth(a kea.APIAuth, pod *corev1.Pod, c corev1.Container) *kea.BasicAuth {
	read := func(name string) (string, bool) {
		if !path.IsAbs(name) {
			name = path.Join(a.Directory, name)
		}
		_, data, ok := in.open(c, pod, name)
		return strings.TrimRight(string(data), "\r\n"), ok
	}
	for _, client := range a.Clients {
		auth, ok := &kea.BasicAuth{User: client.User, Password: client.Password}, true
		if client.UserFile != "" {
			auth.User, ok = read(client.UserFile)
		}
		if client.PasswordFile != "" && ok {
			var password string
			password, ok = read(client.PasswordFile)
			auth.Password = kea.NewSecret(password)
			// A password file may hold "user:password" in one.
			if user, rest, both := strings.Cut(password, ":"); both && auth.User == "" {
				auth.User, auth.Password = user, kea.NewSecret(rest)
			}
		}
		if ok && auth.User != "" {
			return auth
		}
	}
	return nil
}

// OnPodAddress reports whether the endpoint listens on the pod's own address only, where a stream into the pod, which
// arrives at its loopback, does not reach it.
func (e Endpoint) OnPodAddress() bool {
	addr, err := netip.ParseAddr(e.Address)
	return err == nil && !addr.IsUnspecified() && !addr.IsLoopback()
}
