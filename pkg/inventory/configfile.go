package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// ConfigFile is a server's configuration file, and the object that its text has to be changed in.
type ConfigFile struct {
	Kind      string // of the object: "secret" or "configmap"
	Name, Key string
	Path      string // in the container
	Container string
	// Text is the content of the key. It may hold passwords, so it shows nowhere; only Reveal tells it.
	Text kea.Secret
	// Frozen: it is mounted by a subPath, and a changed object does not reach a container that runs.
	Frozen bool
	// Immutable: Kubernetes refuses every change of the object.
	Immutable bool
	// ManagedBy is the tool that writes the object too, as "Argo CD"; "" for none that is known.
	ManagedBy string
	// Changed is when the object was last written.
	Changed time.Time
}

// ConfigFile finds where a server's configuration file really comes from. Other than Server.File it does not guess: the
// error says why the file is in no Secret or ConfigMap, and who makes it instead.
func (in *Inventory) ConfigFile(s Server) (ConfigFile, error) {
	pod, c, config, err := in.started(s)
	if err != nil {
		return ConfigFile{}, err
	}
	mount := mountOf(c, config)
	if mount == nil {
		return ConfigFile{}, fmt.Errorf("its file %s lies in the image %s, and in no Secret or ConfigMap", config, c.Image)
	}
	f, data, ok := in.open(c, pod, config)
	switch {
	case f.name == "":
		return ConfigFile{}, fmt.Errorf("its file %s lies in volume %s: %s", config, mount.Name, made(pod, c.Name, mount.Name))
	case in.unreadable(f):
		return ConfigFile{}, fmt.Errorf("its file %s comes from %s, which could not be read", config, f)
	case !ok:
		return ConfigFile{}, fmt.Errorf("its file %s comes from %s, which is not there", config, f)
	}
	found := ConfigFile{
		Kind: f.kind, Name: f.name, Key: f.key, Path: config, Container: c.Name, Text: kea.NewSecret(string(data)),
		Frozen: mount.SubPath != "" || mount.SubPathExpr != "",
	}
	if f.kind == "secret" {
		secret := in.secrets[f.name]
		found.Immutable, found.ManagedBy, found.Changed = secret.Immutable != nil && *secret.Immutable, ManagedBy(secret), changedAt(secret)
		return found, nil
	}
	configMap := in.configs[f.name]
	if _, binary := configMap.BinaryData[f.key]; binary {
		return ConfigFile{}, fmt.Errorf("its file %s comes from the binaryData of %s", config, f)
	}
	found.Immutable, found.ManagedBy, found.Changed = configMap.Immutable != nil && *configMap.Immutable, ManagedBy(configMap), changedAt(configMap)
	return found, nil
}

// started is how a server is started: its pod, or what its pod would be, its container and its file's path in there.
func (in *Inventory) started(s Server) (*corev1.Pod, corev1.Container, string, error) {
	for _, pod := range in.wants {
		if pod.Name != s.Pod {
			continue
		}
		for _, c := range pod.Spec.Containers {
			for _, p := range programs(c, pod.Pod) {
				if service, _ := p.service(); c.Name == s.Container && service == s.Service {
					return pod.Pod, c, p.config, nil
				}
			}
		}
	}
	return nil, corev1.Container{}, "", fmt.Errorf("pod %s has no container that starts %s", s.Pod, s.Service)
}

// made says what a volume is that no Secret or ConfigMap fills, and which containers may write the file there.
func made(pod *corev1.Pod, container, volume string) string {
	kind := "it is no Secret or ConfigMap"
	for _, v := range pod.Spec.Volumes {
		switch {
		case v.Name != volume:
		case v.EmptyDir != nil:
			kind = "an empty directory when the pod starts"
		case v.PersistentVolumeClaim != nil:
			kind = "the PersistentVolumeClaim " + v.PersistentVolumeClaim.ClaimName
		case v.HostPath != nil:
			kind = "the node's directory " + v.HostPath.Path
		case v.Secret != nil:
			kind = "secret " + v.Secret.SecretName + ", of which nothing is mounted there"
		case v.ConfigMap != nil:
			kind = "configmap " + v.ConfigMap.Name + ", of which nothing is mounted there"
		}
	}
	writers := []string{}
	note := func(what string, c corev1.Container) {
		if c.Name != container && slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == volume && !m.ReadOnly }) {
			writers = append(writers, what+" "+c.Name)
		}
	}
	for _, c := range pod.Spec.InitContainers {
		note("init container", c)
	}
	if len(writers) == 0 {
		for _, c := range pod.Spec.Containers {
			note("container", c)
		}
	}
	if len(writers) == 0 {
		return kind
	}
	return kind + ", in which " + strings.Join(writers, " or ") + " makes it"
}

// changedAt is when somebody last wrote an object.
func changedAt(o metav1.Object) time.Time {
	last := o.GetCreationTimestamp().Time
	for _, f := range o.GetManagedFields() {
		if f.Time != nil && f.Time.After(last) {
			last = f.Time.Time
		}
	}
	return last
}

// ManagedBy is the tool that writes a Secret or ConfigMap and would put its own version back: "ExternalSecret kea",
// "Argo CD"; "" for none that is known. CNPG makes Secrets too, and leaves their content alone afterwards.
func ManagedBy(o metav1.Object) string {
	for _, owner := range o.GetOwnerReferences() {
		if owner.Kind != "Cluster" {
			return owner.Kind + " " + owner.Name
		}
	}
	for _, mark := range []struct{ key, tool string }{
		{"argocd.argoproj.io/instance", "Argo CD"},
		{"argocd.argoproj.io/tracking-id", "Argo CD"},
		{"kustomize.toolkit.fluxcd.io/name", "Flux"},
		{"helm.toolkit.fluxcd.io/name", "Flux"},
		{"reconcile.external-secrets.io/managed", "External Secrets"},
		{"meta.helm.sh/release-name", "Helm"},
	} {
		if cmp.Or(o.GetLabels()[mark.key], o.GetAnnotations()[mark.key]) != "" {
			return mark.tool
		}
	}
	return ""
}
