package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func fieldEnv(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

func TestPrograms(t *testing.T) {
	dhcp4 := func(config string) []program { return []program{{"kea-dhcp4", config}} }
	const isc = "docker.cloudsmith.io/isc/docker/"
	for _, test := range []struct {
		name          string
		image         string
		command, args []string
		want          []program
	}{
		{"command", "", []string{"kea-dhcp4", "-c", "/x"}, nil, dhcp4("/x")},
		{"path and more options", "", []string{"/usr/sbin/kea-dhcp4", "-d", "-c", "/x"}, nil, dhcp4("/x")},
		{"arguments apart", "", []string{"/usr/sbin/kea-dhcp4"}, []string{"-c", "/x"}, dhcp4("/x")},
		{"glued", "", []string{"kea-dhcp4", "-c/x"}, nil, dhcp4("/x")},
		{"no -c", "", []string{"kea-dhcp4"}, nil, dhcp4("/etc/kea/kea-dhcp4.conf")},
		{"in a shell", "", []string{"/bin/sh", "-c", "exec /usr/sbin/kea-dhcp4 -c /srv/x.json"}, nil, dhcp4("/srv/x.json")},
		{"in a shell's arguments", "", []string{"sh"}, []string{"-ec", "set -x; exec kea-dhcp4 -c '/srv/x.json'"}, dhcp4("/srv/x.json")},
		{"the first word of a shell", "", []string{"sh", "-c", "kea-dhcp4 -c \"/x\""}, nil, dhcp4("/x")},
		{"a file named like the program", "", []string{"kea-dhcp4", "-c", "/config/kea-dhcp4"}, nil, dhcp4("/config/kea-dhcp4")},
		{"the agent", "", []string{"kea-ctrl-agent", "-c", "/a"}, nil, []program{{"kea-ctrl-agent", "/a"}}},
		{
			"two in one", "",
			[]string{"sh", "-c", "kea-dhcp4 -c /4& kea-dhcp6 -c /6"},
			nil,
			[]program{{"kea-dhcp4", "/4"}, {"kea-dhcp6", "/6"}},
		},
		{
			"two in one, close together", "",
			[]string{"sh", "-c", "kea-dhcp4;kea-dhcp6 -c /6"},
			nil,
			[]program{{"kea-dhcp4", "/etc/kea/kea-dhcp4.conf"}, {"kea-dhcp6", "/6"}},
		},
		{"pod's name by the kubelet", "", []string{"kea-dhcp4", "-c", "/config/$(POD_NAME).json"}, nil, dhcp4("/config/kea-0.json")},
		{"pod's name by a shell", "", []string{"sh", "-c", "kea-dhcp4 -c /config/${POD_NAME}-$NAMESPACE.json"}, nil, dhcp4("/config/kea-0-network.json")},
		{"a variable made of another", "", []string{"kea-dhcp4", "-c", "$(FILE)"}, nil, dhcp4("/config/kea-0.conf")},
		{"host name", "", []string{"sh", "-c", "kea-dhcp4 -c /config/$HOSTNAME.json"}, nil, dhcp4("/config/kea-0.json")},
		{"a variable nobody knows", "", []string{"kea-dhcp4", "-c", "/config/$(SECRET)"}, nil, dhcp4("/config/$(SECRET)")},

		{"ISC's image", isc + "kea-dhcp4:2.6.3", nil, nil, dhcp4("/etc/kea/kea-dhcp4.conf")},
		{"ISC's image with a file", isc + "kea-dhcp6@sha256:0123", nil, []string{"-c", "/x"}, []program{{"kea-dhcp6", "/x"}}},
		{"ISC's image with an entry point", isc + "kea-dhcp4:3.0", []string{"/entrypoint", "-c", "/x"}, nil, dhcp4("/x")},
		{"ISC's image for something else", isc + "kea-dhcp4:3.0", []string{"sh", "-c", "sleep 1d"}, nil, nil},
		{"ISC's image for the schema", isc + "kea-dhcp4:3.0", []string{"kea-admin", "db-init", "pgsql"}, nil, nil},

		{"kea-admin", "", []string{"kea-admin", "db-upgrade", "pgsql"}, nil, nil},
		{"perfdhcp", "", []string{"perfdhcp", "-4"}, nil, nil},
		{"a word that begins like it", "", []string{"kea-dhcp4-exporter", "--target", "/run/kea/kea-dhcp4.sock"}, nil, nil},
		{"a log of it", "", []string{"tail", "-F", "/var/log/kea-dhcp4.log"}, nil, nil},
		{"nothing", "busybox", nil, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "kea-0", Namespace: "network"}}
			c := corev1.Container{Image: test.image, Command: test.command, Args: test.args, Env: []corev1.EnvVar{
				fieldEnv("POD_NAME", "metadata.name"), fieldEnv("NAMESPACE", "metadata.namespace"),
				{Name: "FILE", Value: "/config/$(POD_NAME).conf"},
				{Name: "SECRET", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{}}},
			}}
			got := programs(c, pod)
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(program{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSources(t *testing.T) {
	items := []corev1.KeyToPath{{Key: "a-key", Path: "x.conf"}, {Key: "deep", Path: "dir/y.conf"}}
	secret := func(name string, items ...corev1.KeyToPath) corev1.VolumeSource {
		return corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name, Items: items}}
	}
	configMap := func(name string, items ...corev1.KeyToPath) corev1.VolumeSource {
		return corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Items: items}}
	}
	projected := corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
		{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "one"}}},
		{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "two"}}},
		{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "three"}, Items: items}},
	}}}
	for _, test := range []struct {
		name   string
		mounts []corev1.VolumeMount
		source corev1.VolumeSource
		path   string
		want   []string
	}{
		{"secret", []corev1.VolumeMount{{Name: "v", MountPath: "/etc/kea"}}, secret("s"), "/etc/kea/x.conf", []string{"secret s, key x.conf"}},
		{"config map", []corev1.VolumeMount{{Name: "v", MountPath: "/etc/kea/"}}, configMap("m"), "/etc/kea/x.conf", []string{"configmap m, key x.conf"}},
		{"items", []corev1.VolumeMount{{Name: "v", MountPath: "/etc/kea"}}, secret("s", items...), "/etc/kea/x.conf", []string{"secret s, key a-key"}},
		{"items in folders", []corev1.VolumeMount{{Name: "v", MountPath: "/etc/kea"}}, configMap("m", items...), "/etc/kea/dir/y.conf", []string{"configmap m, key deep"}},
		{"items lack it", []corev1.VolumeMount{{Name: "v", MountPath: "/etc/kea"}}, secret("s", items...), "/etc/kea/z.conf", nil},
		{"one file by subPath", []corev1.VolumeMount{{Name: "v", MountPath: "/etc/kea/x.conf", SubPath: "key"}}, secret("s"), "/etc/kea/x.conf", []string{"secret s, key key"}},
		{
			"the pod's own by subPathExpr",
			[]corev1.VolumeMount{{Name: "v", MountPath: "/etc/kea/x.conf", SubPathExpr: "$(POD_NAME).conf"}},
			secret("s"), "/etc/kea/x.conf",
			[]string{"secret s, key kea-0.conf"},
		},
		{"projected", []corev1.VolumeMount{{Name: "v", MountPath: "/etc/kea"}}, projected, "/etc/kea/x.conf", []string{"secret one, key x.conf", "configmap two, key x.conf", "secret three, key a-key"}},
		{"emptyDir", []corev1.VolumeMount{{Name: "v", MountPath: "/etc/kea"}}, corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, "/etc/kea/x.conf", nil},
		{"the longest mount wins", []corev1.VolumeMount{{Name: "v", MountPath: "/etc"}, {Name: "w", MountPath: "/etc/kea"}}, secret("s"), "/etc/kea/x.conf", []string{"secret nearer, key x.conf"}},
		{"a neighbour's folder is no mount", []corev1.VolumeMount{{Name: "v", MountPath: "/etc/ke"}}, secret("s"), "/etc/kea/x.conf", nil},
		{"no mount", nil, secret("s"), "/etc/kea/x.conf", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "kea-0"}, Spec: corev1.PodSpec{Volumes: []corev1.Volume{
				{Name: "w", VolumeSource: secret("nearer")}, {Name: "v", VolumeSource: test.source},
			}}}
			var got []string
			for _, f := range sources(corev1.Container{VolumeMounts: test.mounts, Env: []corev1.EnvVar{fieldEnv("POD_NAME", "metadata.name")}}, pod, test.path) {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
