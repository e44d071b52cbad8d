package config

import (
	"fmt"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// File is a server's configuration file, to be shown.
type File struct {
	Server string `json:"server"` // "kea-dhcp-0/dhcp4"
	// Object holds it: "configmap kea-dhcp-config, key kea-dhcp-0-dhcp4.conf".
	Object string `json:"object,omitempty"`
	Path   string `json:"path,omitempty"` // in the container; "" for one that is not there yet
	Text   string `json:"text,omitempty"`
	// Why says why there is no text.
	Why string `json:"why,omitempty"`
}

// Show makes a text one to be shown: without secrets, unless they are wanted.
func (f *File) Show(text kea.Secret, secrets bool) {
	f.Text = text.Reveal()
	if secrets {
		return
	}
	shown, err := kea.RedactConfig([]byte(f.Text))
	if f.Text = string(shown); err != nil {
		f.Why = "it cannot be read, so nobody knows where its secrets are: " + err.Error()
	}
}

// Files are those of servers, as they lie in their Secrets and ConfigMaps.
func Files(in *inventory.Inventory, servers []inventory.Server, secrets bool) []File {
	found := []File{}
	for _, s := range servers {
		f := File{Server: s.Name()}
		if file, err := in.ConfigFile(s); err != nil {
			f.Why = err.Error()
		} else {
			f.Object, f.Path = ObjectText(file), file.Path
			f.Show(file.Text, secrets)
		}
		found = append(found, f)
	}
	return found
}

// ObjectText names the object of a file for people.
func ObjectText(f inventory.ConfigFile) string {
	return fmt.Sprintf("%s %s, key %s", f.Kind, f.Name, f.Key)
}

// UnknownServerError says that no server has a name, or none the service.
type UnknownServerError struct {
	Namespace, Name string
	Servers         []string // that there are
}

// Error implements error.
func (e *UnknownServerError) Error() string {
	return fmt.Sprintf("server %s in namespace %s", e.Name, e.Namespace)
}

// Choose are the servers of these names, which are a server's own or its pod's, and of this service; no name and no service
// mean all. Error: *UnknownServerError.
func Choose(in *inventory.Inventory, names []string, service kea.Service) ([]inventory.Server, error) {
	all, unknown := []string{}, &UnknownServerError{Namespace: in.Namespace}
	found := []inventory.Server{}
	for _, s := range in.Servers {
		all = append(all, s.Name())
		named := len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return called(s, n) })
		if named && (service == "" || s.Service == service) {
			found = append(found, s)
		}
	}
	unknown.Servers = all
	for _, name := range names {
		if !slices.ContainsFunc(in.Servers, func(s inventory.Server) bool { return called(s, name) }) {
			unknown.Name = name
			return nil, unknown
		}
	}
	if len(found) == 0 {
		unknown.Name = "with " + string(service)
		return nil, unknown
	}
	return found, nil
}

func called(s inventory.Server, name string) bool { return s.Name() == name || s.Pod == name }
