package rollout

import (
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// The kinds of objects that files come from.
const (
	KindSecret    = "secret"
	KindConfigMap = "configmap"
)

// Object is a key of a Secret or ConfigMap: what a file of a container is mounted from.
type Object struct {
	Kind string `json:"kind"` // KindSecret or KindConfigMap
	Name string `json:"name"`
	Key  string `json:"key"`
}

// String names the object for people: "configmap kea-dhcp-config, key kea-dhcp4.conf".
func (o Object) String() string { return o.Kind + " " + o.Name + ", key " + o.Key }

// whole is the object without the key: "configmap kea-dhcp-config".
func (o Object) whole() string { return o.Kind + " " + o.Name }

// File is a server's configuration file, and where it comes from. Servers may share one object.
type File struct {
	Server    string      `json:"server"` // "kea-dhcp-0/dhcp4"
	Service   kea.Service `json:"service"`
	Pod       string      `json:"pod"`
	Container string      `json:"container"`
	Path      string      `json:"path"` // in the container
	Object    Object      `json:"object"`
}

// Change is what happens to one object. The texts may hold passwords: they show nowhere, and only Reveal tells them.
type Change struct {
	Object        Object
	Before, After kea.Secret
}
