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

// source finds where a container's file comes from: the mount that covers its path, and in the volume the key behind it.
func source(c corev1.Container, pod *corev1.Pod, filePath string) (file, bool) {
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
	if best == nil {
		return file{}, false
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(filePath, path.Clean(best.MountPath)), "/")
	rest = path.Join(best.SubPath, rest)
	for _, volume := range pod.Spec.Volumes {
		if volume.Name == best.Name {
			return inVolume(volume, rest)
		}
	}
	return file{}, false
}

// inVolume finds the key behind a path in a volume of type Secret, ConfigMap or projected.
func inVolume(v corev1.Volume, rest string) (file, bool) {
	key := func(items []corev1.KeyToPath) (string, bool) {
		if len(items) == 0 {
			return rest, rest != "" && !strings.Contains(rest, "/")
		}
		for _, item := range items {
			if item.Path == rest {
				return item.Key, true
			}
		}
		return "", false
	}
	switch {
	case v.Secret != nil:
		k, ok := key(v.Secret.Items)
		return file{"secret", v.Secret.SecretName, k}, ok
	case v.ConfigMap != nil:
		k, ok := key(v.ConfigMap.Items)
		return file{"configmap", v.ConfigMap.Name, k}, ok
	case v.Projected != nil:
		for _, s := range v.Projected.Sources {
			if s.Secret != nil {
				if k, ok := key(s.Secret.Items); ok {
					return file{"secret", s.Secret.Name, k}, true
				}
			}
			if s.ConfigMap != nil {
				if k, ok := key(s.ConfigMap.Items); ok {
					return file{"configmap", s.ConfigMap.Name, k}, true
				}
			}
		}
	}
	return file{}, false
}

// object is a Secret or ConfigMap.
type object struct{ kind, name string }

// mounted are the Secrets and ConfigMaps of a pod's volumes, each once.
func mounted(pod *corev1.Pod) []object {
	found := []object{}
	add := func(kind, name string) {
		if o := (object{kind, name}); name != "" && !slices.Contains(found, o) {
			found = append(found, o)
		}
	}
	for _, v := range pod.Spec.Volumes {
		switch {
		case v.Secret != nil:
			add("secret", v.Secret.SecretName)
		case v.ConfigMap != nil:
			add("configmap", v.ConfigMap.Name)
		case v.Projected != nil:
			for _, s := range v.Projected.Sources {
				// The service account's token volume of every pod holds the cluster's CA, never a configuration.
				if s.Secret != nil {
					add("secret", s.Secret.Name)
				}
				if s.ConfigMap != nil && s.ConfigMap.Name != "kube-root-ca.crt" {
					add("configmap", s.ConfigMap.Name)
				}
			}
		}
	}
	return found
}
