// Package host is the machine under the lab: folders, Debian packages, built programs, the network namespace, and the
// one process that owns everything else.
package host

import (
	"cmp"
	"os"
	"path/filepath"
)

// Paths are the lab's folders.
type Paths struct {
	Source string // the lab's own source: lab/ in the checkout
	Cache  string // what survives `lab down`: programs and images, keyed by their inputs
	State  string // the running lab; removed by `lab down`
}

// NewPaths takes the folders from KEALAB_CACHE and KEALAB_STATE, else from the usual places.
func NewPaths(source string) Paths {
	home, _ := os.UserHomeDir()
	return Paths{
		Source: source,
		Cache:  cmp.Or(os.Getenv("KEALAB_CACHE"), filepath.Join(cmp.Or(os.Getenv("XDG_CACHE_HOME"), filepath.Join(home, ".cache")), "kealab")),
		State:  cmp.Or(os.Getenv("KEALAB_STATE"), "/var/lib/kealab"),
	}
}

// Logs is the folder of the daemons' logs; the steps' are in its subfolder steps.
func (p Paths) Logs() string { return filepath.Join(p.State, "log") }

// StepLogs is the folder of the steps' logs.
func (p Paths) StepLogs() string { return filepath.Join(p.Logs(), "steps") }

// Run is the folder of sockets and pid files.
func (p Paths) Run() string { return filepath.Join(p.State, "run") }

// PKI is the folder of the cluster's certificates, keys and kubeconfigs.
func (p Paths) PKI() string { return filepath.Join(p.State, "pki") }

// Bin is a link to the built programs in the cache.
func (p Paths) Bin() string { return filepath.Join(p.State, "bin") }

// Images is the folder of the image archives.
func (p Paths) Images() string { return filepath.Join(p.Cache, "images") }

// Kubeconfig is the kubeconfig for programs on the host.
func (p Paths) Kubeconfig() string { return filepath.Join(p.State, "kubeconfig.host") }

// KubeconfigInside is the kubeconfig for programs inside the lab's network namespace.
func (p Paths) KubeconfigInside() string { return filepath.Join(p.State, "kubeconfig") }

// Network is the lab's addressing. There is no route out of the namespace.
type Network struct {
	Name                    string // of the network namespace, the node and the cgroups
	NodeIP, APIService, DNS string
	PodCIDR, PodCIDR6       string
	ServiceCIDR             string
}

// DefaultNetwork is the only addressing the lab uses.
func DefaultNetwork() Network {
	return Network{
		Name: "kealab", NodeIP: "10.88.0.1", PodCIDR: "10.89.0.0/24", PodCIDR6: "fd00:89::/64",
		ServiceCIDR: "10.90.0.0/16", APIService: "10.90.0.1", DNS: "10.90.0.10",
	}
}
