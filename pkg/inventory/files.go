package inventory

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// file is a file of a container that comes from a Secret or ConfigMap.
type file struct {
	kind, name, key string // kind: "secret" or "configmap"
}

func (f file) String() string { return f.kind + " " + f.name + ", key " + f.key }

// sources finds where a container's file comes from: the mount that covers its path, and in the volume the keys behind
// it. A projected volume may hold the key in any of several objects; otherwise there is one at most.
func sources(c corev1.Container, pod *corev1.Pod, filePath string) []file {
	best := mountOf(c, filePath)
	if best == nil {
		return nil
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(filePath, path.Clean(best.MountPath)), "/")
	rest = path.Join(best.SubPath, expand(best.SubPathExpr, c, pod), rest)
	for _, volume := range pod.Spec.Volumes {
		if volume.Name == best.Name {
			return inVolume(volume, rest)
		}
	}
	return nil
}

// mountOf is the mount of a container that covers a path, the deepest one; nil for none.
func mountOf(c corev1.Container, filePath string) *corev1.VolumeMount {
	var best *corev1.VolumeMount
	for i, mount := range c.VolumeMounts {
		dir := path.Clean(mount.MountPath)
		if filePath != dir && !strings.HasPrefix(filePath, strings.TrimSuffix(dir, "/")+"/") {
			continue
		}
		if best == nil || len(dir) > len(path.Clean(best.MountPath)) {
			best = &c.VolumeMounts[i]
		}
	}
	return best
}

// inVolume finds the keys behind a path in a volume of type Secret, ConfigMap or projected.
func inVolume(v corev1.Volume, rest string) []file {
	found := []file{}
	add := func(kind, name string, items []corev1.KeyToPath) {
		if len(items) == 0 && rest != "" && !strings.Contains(rest, "/") {
			found = append(found, file{kind, name, rest})
		}
		for _, item := range items {
			if path.Clean(item.Path) == rest {
				found = append(found, file{kind, name, item.Key})
			}
		}
	}
	switch {
	case v.Secret != nil:
		add("secret", v.Secret.SecretName, v.Secret.Items)
	case v.ConfigMap != nil:
		add("configmap", v.ConfigMap.Name, v.ConfigMap.Items)
	case v.Projected != nil:
		for _, s := range v.Projected.Sources {
			if s.Secret != nil {
				add("secret", s.Secret.Name, s.Secret.Items)
			}
			if s.ConfigMap != nil {
				add("configmap", s.ConfigMap.Name, s.ConfigMap.Items)
			}
		}
	}
	return found
}

// open reads a container's file. f is where it comes from, the first place that may have it when none could be read; its
// name is empty when the file comes from no Secret or ConfigMap.
func (in *Inventory) open(c corev1.Container, pod *corev1.Pod, filePath string) (f file, data []byte, ok bool) {
	candidates := sources(c, pod, filePath)
	for _, f := range candidates {
		if data, ok := in.content(f); ok {
			return f, data, true
		}
	}
	if len(candidates) > 0 {
		f = candidates[0]
	}
	return f, nil, false
}

// unreadable reports whether a file's Secret or ConfigMap could not be read, so that nobody knows whether it is in it.
func (in *Inventory) unreadable(f file) bool {
	if f.kind == "secret" {
		return in.secrets[f.name] == nil
	}
	return in.configs[f.name] == nil
}

// object is a Secret or ConfigMap.
type object struct{ kind, name string }

// mounted are the Secrets and ConfigMaps of a pod's volumes that can tell something about Kea, each once.
func mounted(pod *corev1.Pod) []object {
	found := []object{}
	add := func(kind, name string, items []corev1.KeyToPath) {
		if o := (object{kind, name}); name != "" && !slices.Contains(found, o) && !onlyCertificates(items) {
			found = append(found, o)
		}
	}
	for _, v := range pod.Spec.Volumes {
		switch {
		case v.Secret != nil:
			add("secret", v.Secret.SecretName, v.Secret.Items)
		case v.ConfigMap != nil:
			add("configmap", v.ConfigMap.Name, v.ConfigMap.Items)
		case v.Projected != nil:
			for _, s := range v.Projected.Sources {
				// The service account's token volume of every pod holds the cluster's CA, never a configuration.
				if s.Secret != nil {
					add("secret", s.Secret.Name, s.Secret.Items)
				}
				if s.ConfigMap != nil && s.ConfigMap.Name != "kube-root-ca.crt" {
					add("configmap", s.ConfigMap.Name, s.ConfigMap.Items)
				}
			}
		}
	}
	return found
}

// onlyCertificates: a volume with nothing but certificates tells nothing about Kea, and the Secret behind it may hold an
// authority's key, which is best not even asked for.
func onlyCertificates(items []corev1.KeyToPath) bool {
	return len(items) > 0 && !slices.ContainsFunc(items, func(i corev1.KeyToPath) bool { return path.Ext(i.Key) != ".crt" })
}
