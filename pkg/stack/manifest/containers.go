package manifest

import (
	"path"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/keaconf"
)

// The containers' names.
const (
	containerPrepare = "prepare"
	containerAgent   = "ctrl-agent"
)

// prepareContainer makes the pod and the database ready for the daemons, or says why they are not.
func prepareContainer(s *v1alpha1.Stack) corev1.Container {
	c := container(s, containerPrepare, s.Spec.Kea.Images.DHCP4)
	if !s.Has4() {
		c.Image = s.Spec.Kea.Images.DHCP6
	}
	c.Command = []string{"sh", dirScripts + "/" + prepareFile}
	c.Env = append(c.Env, fieldEnv("POD_NAME", "metadata.name"), corev1.EnvVar{Name: "RUN_DIR", Value: s.Spec.Kea.Paths.Run})
	c.VolumeMounts = []corev1.VolumeMount{mount(volumeScripts, dirScripts), mount(volumeRun, s.Spec.Kea.Paths.Run), mount(volumeTmp, dirTmp)}
	if unicast := unicast6(s); unicast != "" {
		c.Env = append(c.Env, fieldEnv("POD_IPS", "status.podIPs"),
			corev1.EnvVar{Name: "POD_DIR", Value: path.Dir(keaconf.PodInterfaces6)},
			corev1.EnvVar{Name: "INTERFACES6", Value: strings.Join(s.Spec.Exposure.Interfaces, " ")},
			corev1.EnvVar{Name: "UNICAST6", Value: unicast})
		c.VolumeMounts = append(c.VolumeMounts, mount(volumePod, path.Dir(keaconf.PodInterfaces6)))
	}
	if s.UsesPostgreSQL() {
		c.Image = s.Spec.Kea.Images.Admin
		c.Env = append(append(append(c.Env, loginEnv()...), placeEnv(s)...), corev1.EnvVar{Name: "SCRIPTS_DIR", Value: s.Spec.Kea.Paths.Scripts})
		c.VolumeMounts = append(c.VolumeMounts, loginMounts()...)
	}
	return c
}

// unicast6 is the interface that carries the pod's own IPv6 address, "" when the pod network is not where relays send to.
func unicast6(s *v1alpha1.Stack) string {
	if !keaconf.IncludesPodInterfaces6(s) {
		return ""
	}
	first := s.Spec.Exposure.Interfaces[0]
	if first == "*" {
		return "eth0"
	}
	return first
}

func daemonContainer(s *v1alpha1.Stack, d daemon) corev1.Container {
	c := container(s, string(d.service), d.image)
	c.Command = afresh(d.command, dirConfig+"/$(POD_NAME)-"+string(d.service)+".conf")
	c.Resources = d.resources
	c.SecurityContext.Capabilities.Add = d.capabilities
	c.Ports = []corev1.ContainerPort{{Name: string(d.service), Protocol: corev1.ProtocolUDP, ContainerPort: d.port}}
	if s.Spec.HighAvailability.Mode != v1alpha1.NoHA {
		c.Ports = append(c.Ports, corev1.ContainerPort{Name: d.haName, Protocol: corev1.ProtocolTCP, ContainerPort: d.ha})
	}
	c.Env = append(c.Env, fieldEnv("POD_NAME", "metadata.name"))
	c.Env = append(c.Env, folderEnv(s)...)
	c.VolumeMounts = append(daemonMounts(s), mount(volumeData, s.Spec.Kea.Paths.Data))
	if d.service == kea.DHCP6 && unicast6(s) != "" {
		c.VolumeMounts = append(c.VolumeMounts, readOnly(volumePod, path.Dir(keaconf.PodInterfaces6)))
	}
	if s.UsesPostgreSQL() {
		c.Env = append(c.Env, loginEnv()...)
		c.VolumeMounts = append(c.VolumeMounts, loginMounts()...)
	}
	c.StartupProbe = startupProbe(d.asked()...)
	c.ReadinessProbe = readinessProbe(d.asked()...)
	c.LivenessProbe = livenessProbe(d.asked()...)
	return c
}

// agentContainer has no readiness probe: clients need no agent.
func agentContainer(s *v1alpha1.Stack) corev1.Container {
	port := strconv.Itoa(s.Spec.HighAvailability.Ports.Agent)
	c := container(s, containerAgent, s.Spec.Kea.Images.CtrlAgent)
	c.Command = afresh("kea-ctrl-agent", dirConfig+"/"+s.AgentKey())
	c.Resources = s.Spec.Kea.AgentResources
	c.Env = append(c.Env, folderEnv(s)...)
	c.VolumeMounts = daemonMounts(s)
	c.StartupProbe = startupProbe("agent", port)
	c.LivenessProbe = livenessProbe("agent", port)
	return c
}

// afresh runs one of Kea's programs. The PID file of one that was killed outlives its container in the pod's folder, and
// every one of them is process 1: the next would take it for alive and give up, again and again.
func afresh(program, file string) []string {
	return []string{"sh", "-c", `rm -f "$KEA_PIDFILE_DIR"/*.` + program + `.pid; exec ` + program + ` -c ` + file}
}

// container is what all have in common. They run as root because only root keeps capabilities over exec in Kubernetes, and
// without one nobody binds port 67. It is a root that may do nothing else: not even read files that are not its own.
func container(s *v1alpha1.Stack, name, image string) corev1.Container {
	return corev1.Container{
		Name: name, Image: image, ImagePullPolicy: s.Spec.Kea.ImagePullPolicy,
		// When a container ends without a reason of its own, its last lines are the reason.
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		SecurityContext: &corev1.SecurityContext{
			RunAsUser: new(int64(0)), AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
}

// folderEnv tells Kea its folders. Images were built with folders of their own, and a newer Kea refuses all others.
func folderEnv(s *v1alpha1.Stack) []corev1.EnvVar {
	p := s.Spec.Kea.Paths
	return []corev1.EnvVar{
		{Name: "KEA_CONTROL_SOCKET_DIR", Value: p.Run},
		{Name: "KEA_LOCKFILE_DIR", Value: p.Run},
		{Name: "KEA_PIDFILE_DIR", Value: p.Run},
		{Name: "KEA_DHCP_DATA_DIR", Value: p.Data},
		{Name: "KEA_HOOKS_PATH", Value: p.Hooks},
	}
}

// loginEnv is how libpq finds user and password, and verifies the server. A rotated password is in the file when the kubelet
// has refreshed it; an environment variable would stay as it was when the container started.
func loginEnv() []corev1.EnvVar {
	return []corev1.EnvVar{
		{Name: "PGSERVICEFILE", Value: dirLogin + "/" + LoginFile},
		{Name: "PGSERVICE", Value: LoginSection},
		{Name: "PGSSLMODE", Value: "verify-full"},
		{Name: "PGSSLROOTCERT", Value: dirCA + "/" + CAFile},
	}
}

// placeEnv is where the database is, for psql; Kea's configuration says it itself.
func placeEnv(s *v1alpha1.Stack) []corev1.EnvVar {
	db := s.Spec.Database
	return []corev1.EnvVar{
		{Name: "PGHOST", Value: db.Service},
		{Name: "PGPORT", Value: strconv.Itoa(postgresPort)},
		{Name: "PGDATABASE", Value: db.Name},
		{Name: "PGUSER", Value: db.Owner},
		{Name: "PGCONNECT_TIMEOUT", Value: "5"},
	}
}

func fieldEnv(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}}}
}

func smallResources() corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Requests: corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi"),
	}}
}
