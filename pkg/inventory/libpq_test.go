package inventory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Each file was given to libpq 15, and it took or refused it like this.
func TestServiceFile(t *testing.T) {
	for _, test := range []struct {
		name, text, err string
		want            map[string]string
	}{
		{"plain", "[kea]\nuser=kea\npassword=lab-only\n", "", map[string]string{"user": "kea", "password": "lab-only"}},
		{"no newline at the end, a carriage return before it", "[kea]\r\nuser=kea\r\nport=6", "", map[string]string{"user": "kea", "port": "6"}},
		{"spaces at both ends of a line", "  [kea]  \n  user=kea  \n", "", map[string]string{"user": "kea"}},
		{"a value keeps what is in it", "[kea]\npassword= a=b#c 'd' \n", "", map[string]string{"password": " a=b#c 'd'"}},
		{"an empty value is one", "[kea]\npassword=\n", "", map[string]string{"password": ""}},
		{"comments and empty lines", "# user=no\n\n[kea]\n# user=no\n\nuser=kea\n", "", map[string]string{"user": "kea"}},
		{"the first of two equal keys", "[kea]\nport=2\nport=3\n", "", map[string]string{"port": "2"}},
		{"other sections and what is before them", "junk\n[kea2]\nport=9\n[kea]\nport=2\n[kea]\nport=8\n[x]\njunk", "", map[string]string{"port": "2"}},
		{"an empty section", "[kea]\n", "", map[string]string{}},

		{"spaces around =", "[kea]\nuser = kea\n", "libpq refuses line 2", nil},
		{"no =", "[x]\n[kea]\nuser=kea\nlab-only\n", "libpq refuses line 4", nil},
		{"another service", "[kea]\nservice=x\n", "libpq refuses line 2", nil},
		{"no such section", "[ kea ]\nport=2\n", "it has no section [kea]", nil},
		{"nothing", "", "it has no section [kea]", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := parseServiceFile("secret s, key k", "kea", test.text)
			if (err != nil) != (test.err != "") || (err != nil && (!strings.HasPrefix(err.Error(), test.err) || strings.Contains(err.Error(), "lab-only"))) {
				t.Errorf("%v, want %q", err, test.err)
			}
			var got map[string]string
			for key, value := range f.settings {
				if got == nil {
					got = map[string]string{}
				}
				got[key] = value.Reveal()
			}
			if diff := cmp.Diff(len(test.want), len(got)); diff != "" || (len(got) > 0 && !cmp.Equal(test.want, got)) {
				t.Errorf("%v, want %v", got, test.want)
			}
			if !f.Exists() {
				t.Error("it does not exist")
			}
		})
	}
}

// servedBy is the hot-standby scenario with a service file in place of the pgpass file.
func servedBy(t *testing.T, serviceFile string, env ...corev1.EnvVar) []client.Object {
	t.Helper()
	all := manifests(t, "hot-standby")
	for _, o := range all {
		switch o := o.(type) {
		case *corev1.Secret:
			if o.Name == "kea-db-credentials" {
				o.Data["pg_service.conf"] = []byte(serviceFile)
			}
		case *corev1.Pod:
			for i := range o.Spec.Containers {
				c := &o.Spec.Containers[i]
				c.Env = append([]corev1.EnvVar{}, env...)
				c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: "libpq", MountPath: "/srv/kea/libpq"})
			}
			o.Spec.Volumes = append(o.Spec.Volumes, corev1.Volume{Name: "libpq", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
				SecretName: "kea-db-credentials", Items: []corev1.KeyToPath{{Key: "pg_service.conf", Path: "pg_service.conf"}, {Key: "pgpass", Path: "pgpass"}},
			}}})
		}
	}
	return all
}

func environment(pairs ...string) []corev1.EnvVar {
	found := []corev1.EnvVar{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		found = append(found, corev1.EnvVar{Name: name, Value: value})
	}
	return found
}

// What libpq takes from where, when a service file, a password file and the environment are there, and Kea's
// configuration says some of it.
func TestCredential(t *testing.T) {
	const (
		service, pgpass = "secret kea-db-credentials, key pg_service.conf", "secret kea-db-credentials, key pgpass"
		atPath          = "PGSERVICEFILE=/srv/kea/libpq/pg_service.conf"
		passAt          = "PGPASSFILE=/srv/kea/libpq/pgpass"
		full            = "[kea]\nuser=other\npassword=lab-only-service\nport=6432\nhost=elsewhere\ndbname=elsewhere\nsslmode=verify-full\n"
		fromPgpass      = "lab-only-hot-standby"
	)
	both := environment(atPath, "PGSERVICE=kea", passAt)
	fromSecret := corev1.EnvVar{Name: "PGPASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: "kea-db-credentials"}, Key: "password",
	}}}
	asIs := func(*kea.Database) {}
	for _, test := range []struct {
		name, file string
		env        []corev1.EnvVar
		configure  func(*kea.Database)
		want       string // user@host:port/name password source secret
		lacks      string
	}{
		{"the configuration's user and port, the file's password", full, both, asIs, "kea@kea-database:5432/kea lab-only-service | " + service, ""},
		{"no user in the configuration", full, both, func(d *kea.Database) { d.User = "" }, "other@kea-database:5432/kea lab-only-service | " + service, ""},
		{"no port in the configuration", full, both, func(d *kea.Database) { d.Port = 0 }, "kea@kea-database:6432/kea lab-only-service | " + service, ""},
		{"a password in the configuration", full, both, func(d *kea.Database) { d.Password, d.PasswordSet = kea.NewSecret("lab-only-json"), true }, "kea@kea-database:5432/kea lab-only-json | the configuration", ""},
		{"an empty password in the configuration", full, both, func(d *kea.Database) { d.PasswordSet = true }, "kea@kea-database:5432/kea " + fromPgpass + " | " + pgpass, ""},
		{"no password in the section", "[kea]\nuser=other\n", both, asIs, "kea@kea-database:5432/kea " + fromPgpass + " | " + pgpass, ""},
		{"an empty password in the section", "[kea]\npassword=\n", both, asIs, "kea@kea-database:5432/kea " + fromPgpass + " | " + pgpass, ""},
		{"no password anywhere", "[kea]\nuser=other\n", both[:2], asIs, "kea@kea-database:5432/kea  | " + service, service + " holds none"},
		{"a certificate and no password", "[kea]\nsslcert=x\n", both[:2], asIs, "kea@kea-database:5432/kea  | " + service, ""},
		{"the section names the password file", "[kea]\npassfile=/srv/kea/libpq/pgpass\n", both[:2], asIs, "kea@kea-database:5432/kea " + fromPgpass + " | " + pgpass, ""},
		{"the password file is matched with the section's user", "[kea]\nuser=other\n", both, func(d *kea.Database) { d.User = "" }, "other@kea-database:5432/kea  | " + pgpass, pgpass + " has no line for kea-database:5432:kea:other, byte for byte"},
		{"PGSERVICE names another section", full, environment(atPath, "PGSERVICE=x", passAt), asIs, "kea@kea-database:5432/kea  | " + service, service + ": it has no section [x], which PGSERVICE names"},
		{"no PGSERVICE", full, environment(atPath, passAt), asIs, "kea@kea-database:5432/kea " + fromPgpass + " | " + pgpass, ""},
		{"no PGSERVICEFILE", full, environment("PGSERVICE=kea", passAt), asIs, "kea@kea-database:5432/kea " + fromPgpass + " | " + pgpass, ""},
		{"a file that libpq refuses", "[kea]\npassword = lab-only-service\n", both, asIs, "kea@kea-database:5432/kea  | " + service, service + ": libpq refuses line 2, it takes KEY=VALUE with no space before the ="},
		{"the file before the environment", full, append(environment("PGUSER=env", "PGPORT=7", "PGPASSWORD=from-env"), both...), func(d *kea.Database) { d.User, d.Port = "", 0 }, "other@kea-database:6432/kea lab-only-service | " + service, ""},
		{"the environment before the password file", full, environment("PGUSER=env", "PGPORT=7", "PGPASSWORD=from-env", passAt), func(d *kea.Database) { d.User, d.Port = "", 0 }, "env@kea-database:7/kea from-env | the environment of container dhcp4", ""},
		{"an environment from a Secret", full, append(environment(passAt), fromSecret), asIs, "kea@kea-database:5432/kea " + fromPgpass + " | secret kea-db-credentials, key password", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := discover(t, "hot-standby", interceptor.Funcs{}, servedBy(t, test.file, test.env...)...)
			configs := func(s Server) *kea.Config {
				if s.Service != kea.DHCP4 {
					return nil
				}
				c := *s.File
				test.configure(&c.LeaseDatabase)
				return &c
			}
			all := in.Databases(configs)
			if len(all) != 1 || len(all[0].Servers) != 2 {
				t.Fatalf("%+v", all)
			}
			d := all[0]
			if got := fmt.Sprintf("%s@%s:%d/%s %s | %s", d.User, d.Host, d.Port, d.Name, d.Password.Reveal(), d.PasswordSource); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
			if secret := strings.HasPrefix(d.PasswordSource, "secret "); secret != (d.CredentialSecret == "kea-db-credentials") {
				t.Errorf("secret %q", d.CredentialSecret)
			}
			if d.NoPassword != test.lacks {
				t.Errorf("no password: %q, want %q", d.NoPassword, test.lacks)
			}
			if got := unread(in); len(got) != 0 {
				t.Errorf("unread: %v", got)
			}
			neverShown(t, in)
		})
	}
}

// Where the Secret may not be read, its name is known all the same.
func TestCredentialForbidden(t *testing.T) {
	forbidden := interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
		if key.Name == "kea-db-credentials" {
			return apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, key.Name, errors.New("no"))
		}
		return c.Get(ctx, key, o, opts...)
	}}
	env := environment("PGSERVICEFILE=/srv/kea/libpq/pg_service.conf", "PGSERVICE=kea", "PGPASSFILE=/srv/kea/libpq/pgpass")
	in := discover(t, "hot-standby", forbidden, servedBy(t, "[kea]\npassword=lab-only\n", env...)...)
	d := in.Databases(FileConfig)[0]
	if !d.Password.IsZero() || d.PasswordSource != "secret kea-db-credentials, key pg_service.conf" || d.CredentialSecret != "kea-db-credentials" || d.NoPassword != "" || d.User != "kea" {
		t.Errorf("%q from %q, secret %q, user %q", d.Password.Reveal(), d.PasswordSource, d.CredentialSecret, d.User)
	}
	if diff := cmp.Diff([]string{"secret kea-db-credentials"}, unread(in)); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
}

// A Secret of which nothing but a certificate is mounted is not asked for.
func TestMounted(t *testing.T) {
	secret := func(name string, keys ...string) corev1.Volume {
		v := corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name}}}
		for _, key := range keys {
			v.Secret.Items = append(v.Secret.Items, corev1.KeyToPath{Key: key, Path: key})
		}
		return v
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{Volumes: []corev1.Volume{
		secret("all"), secret("authority", "ca.crt"), secret("both", "ca.crt", "pg_service.conf"), secret("all"), {Name: "empty"},
	}}}
	if diff := cmp.Diff([]object{{"secret", "all"}, {"secret", "both"}}, mounted(pod), cmp.AllowUnexported(object{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
