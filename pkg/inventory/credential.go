package inventory

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Credential is what one server logs in to its lease database with.
type Credential struct {
	Access   kea.Database // with what libpq fills in
	Password kea.Secret   // zero when it could not be read
	Source   string       // where it stands; "" when that is not known
	// Secret is the Secret that it comes from; "" when it stands elsewhere.
	Secret string
	// Lacking says why the server has no password at all, although everything could be read; "" otherwise.
	Lacking string
	// File is the mounted file that libpq reads it from at every login; zero when it is in no such file.
	File CredentialFile
}

// CredentialFile is a file of a container that libpq reads a password from.
type CredentialFile struct {
	Pod, Container string
	Path           string // in the container
	Kind           string // of the object that it comes from: "secret" or "configmap"
	Name, Key      string
	// PassFile: libpq reads it only while nobody but its owner may.
	PassFile bool
	// Frozen: it is mounted by a subPath, and a changed object does not reach a container that runs.
	Frozen bool
}

// Exists reports whether there is a file at all.
func (f CredentialFile) Exists() bool { return f.Path != "" }

// Credential finds what a server logs in with. config is the configuration that counts for it.
func (in *Inventory) Credential(s Server, config kea.Config) Credential {
	access := s.Libpq.complete(config.LeaseDatabase)
	var d Database
	in.credential(&d, s, access)
	found := Credential{Access: access, Password: d.Password, Source: d.PasswordSource, Secret: d.CredentialSecret, Lacking: d.NoPassword}
	i := slices.IndexFunc(in.Pods, func(p corev1.Pod) bool { return p.Name == s.Pod })
	if i < 0 {
		return found
	}
	pod := &in.Pods[i]
	j := slices.IndexFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == s.Container })
	if j < 0 {
		return found
	}
	c := pod.Spec.Containers[j]
	for _, candidate := range []struct {
		path string
		pass bool
	}{
		{envValue(c, pod, "PGSERVICEFILE"), false},
		{cmp.Or(s.Libpq.ServiceFile.value("passfile"), envValue(c, pod, "PGPASSFILE")), true},
	} {
		if candidate.path == "" {
			continue
		}
		if f, _, _ := in.open(c, pod, candidate.path); f.name != "" && f.String() == found.Source {
			mount := mountOf(c, candidate.path)
			found.File = CredentialFile{
				Pod: s.Pod, Container: s.Container, Path: candidate.path, Kind: f.kind, Name: f.name, Key: f.key,
				PassFile: candidate.pass, Frozen: mount != nil && (mount.SubPath != "" || mount.SubPathExpr != ""),
			}
		}
	}
	return found
}
