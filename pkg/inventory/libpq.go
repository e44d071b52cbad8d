package inventory

import (
	"cmp"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Libpq is what libpq adds to what Kea's configuration says of a database. Its order: Kea's configuration, the service
// file, the environment; and for a password that is still missing, the password file. Host and database never come from
// here, since Kea always names both.
type Libpq struct {
	ServiceFile ServiceFile // the section PGSERVICE of PGSERVICEFILE
	PassFile    PassFile    // PGPASSFILE

	user, port     string // PGUSER, PGPORT
	password       kea.Secret
	passwordSource string // "" without PGPASSWORD
	refused        error  // why libpq connects to nothing with this service file
}

// libpq reads what a container's environment gives to libpq.
func (in *Inventory) libpq(pod *corev1.Pod, c corev1.Container) Libpq {
	l := Libpq{user: envValue(c, pod, "PGUSER"), port: envValue(c, pod, "PGPORT")}
	if name, section := envValue(c, pod, "PGSERVICEFILE"), envValue(c, pod, "PGSERVICE"); name != "" && section != "" {
		if f, data, ok := in.open(c, pod, name); ok {
			l.ServiceFile, l.refused = parseServiceFile(f.String(), section, string(data))
		} else if f.name != "" {
			l.ServiceFile.Source = f.String()
		}
	}
	if name := cmp.Or(l.ServiceFile.value("passfile"), envValue(c, pod, "PGPASSFILE")); name != "" {
		if f, data, ok := in.open(c, pod, name); ok {
			l.PassFile = parsePassFile(f.String(), string(data))
		} else if f.name != "" {
			l.PassFile.Source = f.String()
		}
	}
	for _, env := range c.Env {
		switch {
		case env.Name != "PGPASSWORD":
		case env.ValueFrom == nil:
			l.password, l.passwordSource = kea.NewSecret(envValue(c, pod, env.Name)), "the environment of container "+c.Name
		case env.ValueFrom.SecretKeyRef != nil:
			f := file{"secret", env.ValueFrom.SecretKeyRef.Name, env.ValueFrom.SecretKeyRef.Key}
			data, _ := in.content(f)
			l.password, l.passwordSource = kea.NewSecret(string(data)), f.String()
		}
	}
	return l
}

// complete fills in the user and the port that Kea's configuration leaves out.
func (l Libpq) complete(db kea.Database) kea.Database {
	db.User = cmp.Or(db.User, l.ServiceFile.value("user"), l.user)
	for _, text := range []string{l.ServiceFile.value("port"), l.port, "5432"} {
		if n, err := strconv.Atoi(text); err == nil && db.Port == 0 {
			db.Port = n
		}
	}
	return db
}

// Password is what libpq logs in with when Kea's configuration has no password, and where it stands. It is zero when it
// could not be read; the source is empty when there is none at all.
func (l Libpq) Password(db kea.Database) (password kea.Secret, source string) {
	_, inService := l.ServiceFile.settings["password"]
	unknown := l.ServiceFile.Exists() && l.ServiceFile.settings == nil
	switch {
	case db.PasswordSet: // an empty one: it counts, and only a password file stands in for it
	case inService, unknown:
		password, source = l.ServiceFile.settings["password"], l.ServiceFile.Source
	case l.passwordSource != "":
		password, source = l.password, l.passwordSource
	}
	if password.IsZero() && !unknown && l.PassFile.Exists() {
		password, _ = l.PassFile.Password(db)
		source = l.PassFile.Source
	}
	if source == "" {
		source = l.ServiceFile.Source // it has no password: say so where one is looked for
	}
	return password, source
}

// lacks says why Kea gets no password from here, although all that may hold one could be read; "" when it has one, when
// something could not be read, and when there is no such file, since Kea may then log in with a certificate.
func (l Libpq) lacks(db kea.Database) string {
	if l.refused != nil && !db.PasswordSet {
		return l.ServiceFile.Source + ": " + l.refused.Error()
	}
	unread := l.passwordSource != "" || (l.ServiceFile.Exists() && l.ServiceFile.settings == nil) || (l.PassFile.Exists() && l.PassFile.lines == nil)
	password, source := l.Password(db)
	switch {
	case unread || source == "" || !password.IsZero() || l.ServiceFile.value("sslcert") != "":
		return ""
	case l.PassFile.Exists():
		return fmt.Sprintf("%s has no line for %s:%d:%s:%s, byte for byte", source, db.Host, db.Port, db.Name, db.User)
	}
	return source + " holds none"
}
