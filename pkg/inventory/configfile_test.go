package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestConfigFile(t *testing.T) {
	yes := true
	volume := func(s corev1.VolumeSource) corev1.Volume { return corev1.Volume{Name: "conf", VolumeSource: s} }
	fromConfigMap := volume(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "conf"}}})
	fromSecret := volume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "conf", Items: []corev1.KeyToPath{{Key: "kea-0-dhcp4.conf", Path: "kea-dhcp4.conf"}}}})
	argo := metav1.ObjectMeta{Annotations: map[string]string{"argocd.argoproj.io/tracking-id": "x"}}
	for name, tt := range map[string]struct {
		volume  corev1.Volume
		change  func(pod *corev1.Pod)
		configs map[string]*corev1.ConfigMap
		secrets map[string]*corev1.Secret
		want    ConfigFile
		err     string
	}{
		"a key of a ConfigMap": {
			volume:  fromConfigMap,
			configs: map[string]*corev1.ConfigMap{"conf": {ObjectMeta: argo, Data: map[string]string{"kea-dhcp4.conf": "text"}}},
			want:    ConfigFile{Kind: "configmap", Name: "conf", Key: "kea-dhcp4.conf", ManagedBy: "Argo CD"},
		},
		"a key of a Secret under another name": {
			volume:  fromSecret,
			secrets: map[string]*corev1.Secret{"conf": {Immutable: &yes, Data: map[string][]byte{"kea-0-dhcp4.conf": []byte("text")}}},
			want:    ConfigFile{Kind: "secret", Name: "conf", Key: "kea-0-dhcp4.conf", Immutable: true},
		},
		"by a subPath": {
			volume: fromConfigMap,
			change: func(pod *corev1.Pod) {
				pod.Spec.Containers[0].VolumeMounts[0] = corev1.VolumeMount{Name: "conf", MountPath: "/etc/kea/kea-dhcp4.conf", SubPath: "one.conf"}
			},
			configs: map[string]*corev1.ConfigMap{"conf": {Data: map[string]string{"one.conf": "text"}}},
			want:    ConfigFile{Kind: "configmap", Name: "conf", Key: "one.conf", Frozen: true},
		},
		"made by an init container": {
			volume: volume(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}),
			change: func(pod *corev1.Pod) {
				mounts := pod.Spec.Containers[0].VolumeMounts
				pod.Spec.InitContainers = []corev1.Container{{Name: "template", VolumeMounts: mounts}, {Name: "wait"}}
			},
			err: "its file /etc/kea/kea-dhcp4.conf lies in volume conf: an empty directory when the pod starts, in which init container template makes it",
		},
		"on a volume": {
			volume: volume(corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "kea"}}),
			err:    "its file /etc/kea/kea-dhcp4.conf lies in volume conf: the PersistentVolumeClaim kea",
		},
		"in the image": {
			volume: fromConfigMap,
			change: func(pod *corev1.Pod) { pod.Spec.Containers[0].VolumeMounts = nil },
			err:    "its file /etc/kea/kea-dhcp4.conf lies in the image kea:3, and in no Secret or ConfigMap",
		},
		"not readable": {
			volume: fromSecret,
			err:    "its file /etc/kea/kea-dhcp4.conf comes from secret conf, key kea-0-dhcp4.conf, which could not be read",
		},
		"without the key": {
			volume:  fromConfigMap,
			configs: map[string]*corev1.ConfigMap{"conf": {}},
			err:     "its file /etc/kea/kea-dhcp4.conf comes from configmap conf, key kea-dhcp4.conf, which is not there",
		},
		"under a path that is not mounted": {
			volume: volume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "conf", Items: []corev1.KeyToPath{{Key: "x", Path: "x"}}}}),
			err:    "its file /etc/kea/kea-dhcp4.conf lies in volume conf: secret conf, of which nothing is mounted there",
		},
		"of another container": {
			volume: fromConfigMap,
			change: func(pod *corev1.Pod) { pod.Spec.Containers[0].Command[0] = "kea-dhcp6" },
			err:    "pod kea-0 has no container that starts dhcp4",
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: corev1.PodSpec{
				Containers: []corev1.Container{{
					Name: "dhcp4", Image: "kea:3", Command: []string{"kea-dhcp4", "-c", "/etc/kea/kea-dhcp4.conf"},
					VolumeMounts: []corev1.VolumeMount{{Name: "conf", MountPath: "/etc/kea"}},
				}},
				Volumes: []corev1.Volume{tt.volume},
			}}
			pod.Name = "kea-0"
			if tt.change != nil {
				tt.change(pod)
			}
			in := &Inventory{wants: []wantedPod{{Pod: pod}}, configs: tt.configs, secrets: tt.secrets}
			got, err := in.ConfigFile(Server{Pod: "kea-0", Container: "dhcp4", Service: kea.DHCP4})
			if err != nil || tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("error %v", err)
				}
				return
			}
			if got.Text.Reveal() != "text" {
				t.Error("another text")
			}
			got.Text = kea.Secret{}
			tt.want.Path, tt.want.Container = "/etc/kea/kea-dhcp4.conf", "dhcp4"
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestManagedBy(t *testing.T) {
	owned := func(kind string) metav1.ObjectMeta {
		return metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: kind, Name: "x"}}}
	}
	for want, meta := range map[string]metav1.ObjectMeta{
		"":                 owned("Cluster"),
		"ExternalSecret x": owned("ExternalSecret"),
		"Flux":             {Labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "x"}},
		"Helm":             {Annotations: map[string]string{"meta.helm.sh/release-name": "x"}},
	} {
		if got := ManagedBy(&meta); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
