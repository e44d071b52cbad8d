package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestCredentialOfServer(t *testing.T) {
	config := kea.Config{Service: kea.DHCP4, LeaseDatabase: kea.Database{Type: "postgresql", Host: "db", Port: 5432, Name: "kea", User: "kea"}}
	for name, tt := range map[string]struct {
		env     map[string]string
		subPath string
		config  func(*kea.Config)
		want    Credential
	}{
		"a service file": {
			env:  map[string]string{"PGSERVICEFILE": "/db/service", "PGSERVICE": "kea"},
			want: Credential{Password: kea.NewSecret("one"), Source: "secret login, key service", Secret: "login", File: CredentialFile{Path: "/db/service", Kind: "secret", Name: "login", Key: "service"}},
		},
		"a pass file": {
			env:  map[string]string{"PGPASSFILE": "/db/pgpass"},
			want: Credential{Password: kea.NewSecret("two"), Source: "secret login, key pgpass", Secret: "login", File: CredentialFile{Path: "/db/pgpass", Kind: "secret", Name: "login", Key: "pgpass", PassFile: true}},
		},
		"mounted by a subPath": {
			env: map[string]string{"PGPASSFILE": "/db/pgpass"}, subPath: "pgpass",
			want: Credential{Password: kea.NewSecret("two"), Source: "secret login, key pgpass", Secret: "login", File: CredentialFile{Path: "/db/pgpass", Kind: "secret", Name: "login", Key: "pgpass", PassFile: true, Frozen: true}},
		},
		"in the configuration": {
			config: func(c *kea.Config) {
				c.LeaseDatabase.Password, c.LeaseDatabase.PasswordSet = kea.NewSecret("three"), true
			},
			want: Credential{Password: kea.NewSecret("three"), Source: "the configuration"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := corev1.Container{Name: "dhcp4", VolumeMounts: []corev1.VolumeMount{{Name: "login", MountPath: "/db"}}}
			if tt.subPath != "" {
				c.VolumeMounts[0].MountPath, c.VolumeMounts[0].SubPath = "/db/pgpass", tt.subPath
			}
			for name, value := range tt.env {
				c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
			}
			pod := corev1.Pod{Spec: corev1.PodSpec{
				Containers: []corev1.Container{c},
				Volumes:    []corev1.Volume{{Name: "login", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "login"}}}},
			}}
			pod.Name = "kea-0"
			in := &Inventory{Pods: []corev1.Pod{pod}, secrets: map[string]*corev1.Secret{"login": {Data: map[string][]byte{
				"service": []byte("[kea]\nuser=kea\npassword=one\n"), "pgpass": []byte("db:5432:kea:kea:two\n"),
			}}}}
			s := Server{Pod: "kea-0", Container: "dhcp4", Service: kea.DHCP4, Libpq: in.libpq(&pod, c)}
			changed := config
			if tt.config != nil {
				tt.config(&changed)
			}
			got := in.Credential(s, changed)
			if got.File.Exists() {
				tt.want.File.Pod, tt.want.File.Container = "kea-0", "dhcp4"
			}
			tt.want.Access = got.Access
			if got.Password.Reveal() != tt.want.Password.Reveal() {
				t.Error("another password")
			}
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b kea.Secret) bool { return a.Equal(b) })); diff != "" {
				t.Error(diff)
			}
		})
	}
}
