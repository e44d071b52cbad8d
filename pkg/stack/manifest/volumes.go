package manifest

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// The volumes, and where they are in the pods. Not /etc/kea: in some images it is another user's, and root without
// capabilities may not enter it.
const (
	volumeConfig  = "config"
	volumeScripts = "scripts"
	volumeRun     = "run"
	volumeData    = "data"
	volumeTmp     = "tmp"
	volumePod     = "pod"
	volumeLogin   = "db"
	volumeCA      = "ca"

	dirConfig  = "/srv/kea/config"
	dirScripts = "/srv/kea/bin"
	dirLogin   = "/srv/kea/db"
	dirCA      = "/srv/kea/ca"
	dirTmp     = "/tmp"

	LoginFile    = "pg_service.conf" // libpq's service file: unlike pgpass it is not bound to a host name or a file mode
	LoginSection = "kea"
	CAFile       = "ca.crt"
)

func volumes(s *v1alpha1.Stack) []corev1.Volume {
	out := []corev1.Volume{
		fromConfigMap(volumeConfig, s.ConfigMap()),
		fromConfigMap(volumeScripts, s.ScriptsConfigMap()),
		empty(volumeRun), // sockets, locks
		empty(volumeTmp),
	}
	if unicast6(s) != "" {
		out = append(out, empty(volumePod))
	}
	if s.UsesPostgreSQL() {
		out = append(out, empty(volumeData)) // with a memfile it is a claim of the StatefulSet
		out = append(out, loginVolumes(s, 0o400)...)
	}
	return out
}

// loginVolumes bring one file of each Secret. The CA's holds its private key too, which is nobody's business in a pod.
func loginVolumes(s *v1alpha1.Stack, mode int32) []corev1.Volume {
	db := s.Spec.Database
	return []corev1.Volume{
		oneFile(volumeLogin, db.CredentialsSecret, LoginFile, mode), oneFile(volumeCA, db.CASecret, CAFile, 0o444),
	}
}

func oneFile(volume, secret, key string, mode int32) corev1.Volume {
	return corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
		SecretName: secret, DefaultMode: &mode, Items: []corev1.KeyToPath{{Key: key, Path: key}},
	}}}
}

func fromConfigMap(volume, name string) corev1.Volume {
	return corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: name},
	}}}
}

func empty(volume string) corev1.Volume {
	return corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
}

func mount(volume, path string) corev1.VolumeMount {
	return corev1.VolumeMount{Name: volume, MountPath: path, ReadOnly: volume == volumeConfig || volume == volumeScripts}
}

func readOnly(volume, path string) corev1.VolumeMount {
	return corev1.VolumeMount{Name: volume, MountPath: path, ReadOnly: true}
}

func daemonMounts(s *v1alpha1.Stack) []corev1.VolumeMount {
	return []corev1.VolumeMount{
		mount(volumeConfig, dirConfig), mount(volumeScripts, dirScripts), mount(volumeRun, s.Spec.Kea.Paths.Run), mount(volumeTmp, dirTmp),
	}
}

func loginMounts() []corev1.VolumeMount {
	return []corev1.VolumeMount{readOnly(volumeLogin, dirLogin), readOnly(volumeCA, dirCA)}
}
